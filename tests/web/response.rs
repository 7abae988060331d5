//! Which responses open the stream, and what becomes of the others.

use serde_json::json;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{
    EventSource, Recorder, at, await_js, network_error, new_key, pass, requests, requests_so_far,
    script,
};

/// Asserts that a source fails for good: one error, never open, no further request.
async fn assert_fails(url: &str) {
    let mut recorder = Recorder::of(url);
    assert_eq!(recorder.next().await, "error 2", "{url}");
    assert_eq!(recorder.source.ready_state(), 2);
    assert_eq!(recorder.rest(), [""; 0], "{url}");
}

#[wasm_bindgen_test]
async fn any_status_but_200_fails_the_connection_for_good() {
    for status in [
        201, 204, 205, 206, 210, 299, 304, 400, 401, 403, 404, 407, 410, 429, 500, 502, 503, 504,
    ] {
        let key = new_key();
        let url = at(&format!("/events/status/{status}?key={key}"));
        // [ours] As in the browsers: a proxy that wants a password is a network error.
        let mut recorder = Recorder::of(&url);
        let line = recorder.next().await;
        assert!(
            line == "error 2" || (status == 407 && line == "error 0"),
            "{status}: {line}"
        );
        recorder.source.close();
        assert_eq!(recorder.rest(), [""; 0], "{status}");
    }
}

#[wasm_bindgen_test]
async fn after_a_failure_there_is_no_further_event_and_no_further_request() {
    let key = new_key();
    let mut recorder = Recorder::of(&at(&format!(
        "/events/status/503?key={key}&body={}",
        "retry%3A100%0Adata%3Ax%0A%0A"
    )));
    assert_eq!(recorder.next().await, "error 2");
    pass(300).await;
    assert_eq!(recorder.rest(), [""; 0]);
    assert_eq!(requests_so_far(&key).await.len(), 1);
}

#[wasm_bindgen_test]
async fn the_error_event_is_a_plain_event() {
    let result = await_js(
        "new Promise((resolve) => {
            const source = new EventSource($);
            source.onerror = function (event) {
                resolve([event.constructor === Event, 'data' in event, event.bubbles, event.cancelable, event.target === source, this === source].join());
            };
        })",
        &at("/events/status/404").into(),
    )
    .await;
    assert_eq!(result, "true,false,false,false,true,true");
}

#[wasm_bindgen_test]
async fn a_redirect_that_cannot_be_followed_fails_or_counts_as_a_network_error() {
    assert_fails(&at("/events/status/302")).await;
    let mut recorder = Recorder::of(&at("/events/redirect-loop"));
    assert_eq!(recorder.next().await, "error 0");
}

#[wasm_bindgen_test]
async fn the_mime_type_decides_whatever_its_case_and_parameters() {
    for content_type in [
        "text/event-stream;",
        "TEXT/EVENT-STREAM",
        "text/event-stream;charset=windows-1252",
        "text/event-stream; x=\"a,b\"",
    ] {
        let script = script(&json!([
            { "headers": { "content-type": content_type }, "steps": [{ "text": "data: é\n\n" }, { "hang": true }] }
        ]));
        let mut recorder = Recorder::of(&script.url);
        assert_eq!(
            recorder.take(2).await,
            ["open 1", "message: é"],
            "{content_type}"
        );
    }
}

#[wasm_bindgen_test]
async fn any_other_mime_type_or_none_fails_the_connection() {
    for content_type in [
        json!("text/plain"),
        json!("text/event-stream bogus"),
        json!("text/x-bogus"),
        json!("application/json"),
        json!(null),
    ] {
        let script = script(&json!([
            { "headers": { "content-type": content_type }, "steps": [{ "text": "data: x\n\n" }, { "hang": true }] }
        ]));
        assert_fails(&script.url).await;
    }
}

#[wasm_bindgen_test]
async fn of_several_content_types_the_last_valid_one_counts() {
    let script = script(&json!([
        { "headers": { "content-type": ["text/plain", "text/event-stream"] }, "steps": [{ "text": "data: x\n\n" }, { "hang": true }] }
    ]));
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(recorder.take(2).await, ["open 1", "message: x"]);
}

#[wasm_bindgen_test]
async fn the_body_of_a_refused_response_is_cancelled() {
    for connection in [
        json!({ "status": 404, "steps": [{ "text": "data: x\n\n" }, { "hang": true }] }),
        json!({ "headers": { "content-type": "text/html" }, "steps": [{ "text": "data: x\n\n" }, { "hang": true }] }),
    ] {
        let script = script(&json!([connection]));
        assert_fails(&script.url).await;
        let requests = requests(&script.key, 1, 1).await;
        assert_eq!(requests[0]["how"], "client-gone");
    }
}

#[wasm_bindgen_test]
async fn more_refused_responses_than_a_host_has_connections_do_not_block_it() {
    let refused: Vec<_> = (0..12)
        .map(|_| {
            Recorder::of(
                &script(&json!([{ "status": 500, "steps": [{ "text": "x" }, { "hang": true }] }]))
                    .url,
            )
        })
        .collect();
    for mut recorder in refused {
        assert_eq!(recorder.next().await, "error 2");
    }
    let mut recorder =
        Recorder::of(&script(&json!([[{ "text": "data: x\n\n" }, { "hang": true }]])).url);
    assert_eq!(recorder.take(2).await, ["open 1", "message: x"]);
}

#[wasm_bindgen_test]
async fn urls_that_event_streams_cannot_come_by_fail_at_once() {
    for url in [
        "ftp://example.not/",
        "about:blank",
        "mailto:whatwg@awesome.example",
        "javascript:globalThis.wasRun = true",
        "data:text/event-stream,data:x%0a%0a",
        "ws://127.0.0.1/",
        "http://user:password@127.0.0.1/",
    ] {
        assert_fails(url).await;
    }
    super::support::assert_js("globalThis.wasRun === undefined");
}

#[wasm_bindgen_test]
async fn a_server_that_forbids_the_origin_fails_the_connection_after_one_more_look() {
    for cors in ["none", "https://example.org", ""] {
        let key = new_key();
        let url = at(&format!("/events/clock?key={key}&cors={cors}"));
        assert_fails(&url).await;
        let requests = requests(&key, 2, 2).await;
        let modes: Vec<_> = requests
            .iter()
            .map(|request| request["headers"]["sec-fetch-mode"].as_str().unwrap())
            .collect();
        assert_eq!(modes, ["cors", "no-cors"], "{cors:?}");
        assert_eq!(
            requests[1]["how"], "client-gone",
            "the second one was dropped at its headers"
        );
    }
}

#[wasm_bindgen_test]
async fn the_console_tells_a_forbidden_origin_from_other_failures() {
    let said = await_js(
        "new Promise((resolve) => {
            const { error } = console;
            const said = [];
            console.error = (...parts) => said.push(parts.join(' '));
            const source = new EventSource($);
            source.onerror = () => { console.error = error; resolve(said.join()); };
        })",
        &at("/events/clock?cors=none").into(),
    )
    .await
    .as_string()
    .unwrap();
    assert!(
        said.contains("CORS") && said.contains("Access-Control-Allow-Origin"),
        "{said}"
    );
}

#[wasm_bindgen_test]
async fn credentials_need_a_server_that_allows_them() {
    let url = at("/events/clock?interval=10&cors=*");
    let mut recorder = Recorder::of(&url);
    assert_eq!(recorder.next().await, "open 1");
    let init = js_sys::Object::new();
    js_sys::Reflect::set(&init, &"withCredentials".into(), &JsValue::TRUE).unwrap();
    let mut recorder = Recorder::with_types(EventSource::with_init(&url, &init).unwrap(), &[]);
    assert_eq!(recorder.next().await, "error 2");
}

#[wasm_bindgen_test]
async fn a_first_request_that_ends_in_a_network_error_is_tried_again() {
    let script = script(
        &json!([network_error(), network_error(), [{ "text": "data: x\n\n" }, { "hang": true }]]),
    );
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(recorder.take(3).await, ["error 0", "open 1", "message: x"]);
}

#[wasm_bindgen_test]
async fn a_response_without_a_body_is_an_empty_stream() {
    let mut recorder = Recorder::of(&script(&json!([[], [{ "hang": true }]])).url);
    assert_eq!(recorder.take(2).await, ["open 1", "error 0"]);
}
