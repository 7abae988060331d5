//! What is sent: method, headers, credentials, redirects.

use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{
    EventSource, Recorder, SERVER, at, encode, evaluate, going_on, new_key, requests, script,
};

#[wasm_bindgen_test]
async fn the_first_request_is_a_get_that_needs_no_preflight() {
    let script = script(&json!([[{ "text": ":\n" }, { "hang": true }]]));
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(recorder.next().await, "open 1");
    let requests = requests(&script.key, 1, 0).await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["method"], "GET");
    let headers = &requests[0]["headers"];
    assert_eq!(headers["accept"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["sec-fetch-mode"], "cors");
    assert_eq!(headers["last-event-id"], Value::Null);
    assert_eq!(headers["cookie"], Value::Null);
}

/// The Last-Event-ID header of the request after a connection that sent this text.
async fn last_event_id_after(text: &str) -> Value {
    let connection = format!("retry: 100\n{text}");
    let script = script(&json!([[{ "text": connection }], [{ "hang": true }]]));
    let mut recorder = Recorder::of(&script.url);
    while recorder.next().await != "error 0" {}
    let requests: Vec<Value> = requests(&script.key, 2, 1).await;
    // The reconnection is a cross-origin request with a header of ours, so a preflight may precede it.
    loop {
        let all = super::support::requests_so_far(&script.key).await;
        if let Some(second) = all
            .iter()
            .filter(|request| request["method"] == "GET")
            .nth(1)
        {
            assert_eq!(requests[0]["headers"]["last-event-id"], Value::Null);
            return second["headers"]["last-event-id"].clone();
        }
        super::support::requests(&script.key, all.len() + 1, 1).await;
    }
}

/// The bytes of a text as the server's log shows them: a character for each.
fn bytes(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

#[wasm_bindgen_test]
async fn a_reconnection_sends_the_last_event_id() {
    assert_eq!(
        last_event_id_after("id: 12\ndata: a\n\nid: 13\ndata: b\n\n").await,
        "13"
    );
}

#[wasm_bindgen_test]
async fn an_id_without_data_is_sent_too() {
    assert_eq!(
        last_event_id_after("id: 12\ndata: a\n\nid: 13\n\n").await,
        "13"
    );
}

#[wasm_bindgen_test]
async fn an_id_of_an_unfinished_event_is_not_sent() {
    assert_eq!(
        last_event_id_after("id: 12\ndata: a\n\nid: 13\ndata: b\n").await,
        "12"
    );
}

#[wasm_bindgen_test]
async fn an_id_that_was_reset_is_not_sent() {
    assert_eq!(
        last_event_id_after("id: 12\ndata: a\n\nid\ndata: b\n\n").await,
        Value::Null
    );
}

#[wasm_bindgen_test]
async fn an_id_of_any_script_is_sent_as_its_utf8_bytes() {
    for id in ["é", "…", "한국어", "\u{1F600}", "a b;c,d\"e<f>\tg"] {
        assert_eq!(
            last_event_id_after(&format!("id: {id}\ndata: a\n\n")).await,
            bytes(id),
            "{id}"
        );
    }
}

#[wasm_bindgen_test]
async fn cookies_go_to_another_origin_only_with_credentials() {
    for with_credentials in [false, true] {
        let cookie = format!("c{}=1", new_key());
        let script = script(&json!([
            {
                "headers": { "content-type": "text/event-stream", "set-cookie": format!("{cookie}; Path=/") },
                "steps": [{ "text": "retry: 100\n\n" }],
            },
            [{ "hang": true }],
        ]));
        let init = js_sys::Object::new();
        js_sys::Reflect::set(&init, &"withCredentials".into(), &with_credentials.into()).unwrap();
        let mut recorder =
            Recorder::with_types(EventSource::with_init(&script.url, &init).unwrap(), &[]);
        assert_eq!(recorder.take(2).await, ["open 1", "error 0"]);
        let requests = requests(&script.key, 2, 1).await;
        let sent = requests[1]["headers"]["cookie"]
            .as_str()
            .unwrap_or_default()
            .contains(&cookie);
        assert_eq!(sent, with_credentials, "{}", requests[1]);
    }
}

#[wasm_bindgen_test]
async fn redirects_are_followed_and_the_url_stays_the_one_asked_for() {
    for code in [301, 302, 303, 307, 308] {
        let target = script(&json!([going_on("data: there\n\n")]));
        let url = at(&format!(
            "/events/redirect/{code}?to={}",
            encode(&target.url)
        ));
        let mut recorder = Recorder::of(&url);
        assert_eq!(
            recorder.take(2).await,
            ["open 1", "message: there"],
            "{code}"
        );
        assert_eq!(recorder.source.url(), url);
    }
}

#[wasm_bindgen_test]
async fn the_origin_of_events_and_the_url_of_reconnections_are_those_behind_the_redirects() {
    // Another origin for the browser, and the same server.
    let other = SERVER.replace("127.0.0.1", "localhost");
    let target = script(&json!([[{ "text": "retry: 100\ndata: a\n\n" }], going_on("data: b\n\n")]));
    let target_url = target.url.replace(SERVER, &other);
    let key = new_key();
    let url = at(&format!(
        "/events/redirect/302?key={key}&to={}",
        encode(&target_url)
    ));
    let source = EventSource::new(&url).unwrap();
    let origins = evaluate(
        "((source, seen) => { source.addEventListener('message', ({ origin }) => seen.push(origin)); return seen; })($, [])",
        &source,
    );
    let mut recorder = Recorder::with_types(source, &[]);
    assert_eq!(
        recorder.take(5).await,
        ["open 1", "message: a", "error 0", "open 1", "message: b"]
    );
    assert_eq!(
        origins.unchecked_into::<js_sys::Array>().join(","),
        format!("{other},{other}").as_str()
    );
    assert_eq!(
        requests(&key, 1, 1).await.len(),
        1,
        "the redirect was asked for once"
    );
}
