//! From construction to the end: closing, many sources, failures that stay where they are.

use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{
    EventSource, Recorder, at, await_js, new_key, requests, requests_so_far, script, stream,
};

#[wasm_bindgen_test]
async fn close_aborts_the_request_of_an_open_source() {
    let script = stream("data: a\n\n");
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(recorder.take(2).await, ["open 1", "message: a"]);
    recorder.source.close();
    assert_eq!(recorder.source.ready_state(), 2);
    assert_eq!(requests(&script.key, 1, 1).await[0]["how"], "client-gone");
    assert_eq!(recorder.rest(), [""; 0]);
}

#[wasm_bindgen_test]
async fn close_aborts_a_request_without_a_response() {
    let key = new_key();
    let mut recorder = Recorder::of(&at(&format!("/events/hang?key={key}")));
    requests(&key, 1, 0).await;
    recorder.source.close();
    assert_eq!(requests(&key, 1, 1).await[0]["how"], "client-gone");
    assert_eq!(recorder.rest(), [""; 0]);
}

#[wasm_bindgen_test]
async fn a_source_closed_right_away_makes_no_request() {
    let script = stream("data: a\n\n");
    // The second source is made with the engine surely there.
    for _ in 0..2 {
        EventSource::new(&script.url).unwrap().close();
        let other = stream("data: b\n\n");
        assert_eq!(
            Recorder::of(&other.url).take(2).await,
            ["open 1", "message: b"]
        );
    }
    assert_eq!(requests_so_far(&script.key).await.len(), 0);
}

#[wasm_bindgen_test]
async fn one_failing_source_leaves_the_others_alone() {
    let mut good = Recorder::of(&at("/events/clock?interval=20"));
    assert_eq!(good.next().await, "open 1");
    for url in [
        at("/events/status/500"),
        at("/events/clock?cors=none"),
        "ftp://example.not/".into(),
    ] {
        assert_eq!(Recorder::of(&url).next().await, "error 2", "{url}");
    }
    let broken = script(&json!([[{ "text": "data: x\n\n" }, { "pause": 50 }, { "cut": true }]]));
    assert_eq!(
        Recorder::of(&broken.url).take(3).await,
        ["open 1", "message: x", "error 0"]
    );
    let seen = good.rest().len();
    good.take(3).await;
    assert_eq!(good.source.ready_state(), 1, "after {seen} events and more");
}

#[wasm_bindgen_test]
async fn hundreds_of_sources_can_come_and_go() {
    let result = await_js(
        "(async () => {
            let messages = 0;
            for (let round = 0; round < 100; round++) {
                await Promise.all(Array.from({ length: 3 }, () => new Promise((resolve, reject) => {
                    const source = new EventSource($);
                    source.onmessage = () => { messages++; source.close(); resolve(); };
                    source.onerror = reject;
                })));
            }
            return messages;
        })()",
        &stream("data: a\n\n").url.into(),
    )
    .await;
    assert_eq!(result, 300.0);
}

#[wasm_bindgen_test]
async fn a_source_lives_though_nobody_holds_it() {
    let script = script(
        &json!([[{ "text": "data: a\n\n" }, { "pause": 300 }, { "text": "data: b\n\n" }, { "hang": true }]]),
    );
    let result = await_js(
        "new Promise((resolve) => {
            (() => {
                let seen = '';
                new EventSource($).onmessage = (event) => { seen += event.data; if (seen === 'ab') { event.target.close(); resolve(seen); } };
            })();
            // Where the browser has a way to collect garbage, it is used; and much is thrown away.
            for (let i = 0; i < 200; i++) new Uint8Array(1 << 20);
            globalThis.gc?.();
        })",
        &script.url.into(),
    )
    .await;
    assert_eq!(result, "ab");
}
