//! Reestablishing the connection: when, how soon, and with what.

use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{
    EventSource, Recorder, at, network_error, new_key, pass, requests, requests_so_far, script,
    waits,
};

#[wasm_bindgen_test]
async fn a_clean_end_reestablishes_the_connection() {
    let script = script(&json!([
        [{ "text": "retry: 100\ndata: a\n\n" }],
        [{ "text": "data: b\n\n" }, { "hang": true }],
    ]));
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(
        recorder.take(5).await,
        ["open 1", "message: a", "error 0", "open 1", "message: b"]
    );
}

#[wasm_bindgen_test]
async fn a_connection_cut_in_mid_event_reestablishes_and_drops_the_unfinished_event() {
    let script = script(&json!([
        [{ "text": "retry: 100\ndata: a\n\ndata: unfin" }, { "pause": 150 }, { "cut": true }],
        [{ "text": "ished\n\ndata: b\n\n" }, { "hang": true }],
    ]));
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(
        recorder.take(5).await,
        ["open 1", "message: a", "error 0", "open 1", "message: b"]
    );
}

#[wasm_bindgen_test]
async fn a_network_error_before_the_response_reestablishes_too() {
    let script = script(&json!([
        [{ "text": "retry: 100\ndata: a\n\n" }],
        network_error(),
        [{ "text": "data: b\n\n" }, { "hang": true }],
    ]));
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(
        recorder.take(6).await,
        [
            "open 1",
            "message: a",
            "error 0",
            "error 0",
            "open 1",
            "message: b"
        ]
    );
}

#[wasm_bindgen_test]
async fn a_bad_status_on_a_reconnection_is_final() {
    let script = script(&json!([[{ "text": "retry: 100\ndata: a\n\n" }], { "status": 204 }]));
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(
        recorder.take(4).await,
        ["open 1", "message: a", "error 0", "error 2"]
    );
}

#[wasm_bindgen_test]
async fn the_wait_is_three_seconds_where_the_server_sets_none() {
    let script = script(&json!([[{ "text": "data: a\n\n" }], [{ "hang": true }]]));
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(recorder.take(3).await, ["open 1", "message: a", "error 0"]);
    let waits = waits(&requests(&script.key, 2, 1).await);
    // A timer may be early by a millisecond.
    assert!((2_995.0..4_500.0).contains(&waits[0]), "{waits:?}");
}

#[wasm_bindgen_test]
async fn the_wait_is_what_retry_said_last_also_without_an_event() {
    let script = script(&json!([
        [{ "text": "retry: 5000\nretry: 400\nretry: 1x\n" }],
        [{ "text": "retry: 200" }],
        [{ "hang": true }],
    ]));
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(
        recorder.take(4).await,
        ["open 1", "error 0", "open 1", "error 0"]
    );
    let waits = waits(&requests(&script.key, 3, 2).await);
    assert!(
        waits.iter().all(|wait| (395.0..2_000.0).contains(wait)),
        "{waits:?}"
    );
}

#[wasm_bindgen_test]
async fn a_retry_of_zero_is_no_busy_loop() {
    let script = script(&json!([[{ "text": "retry: 0\ndata: a\n\n" }]]));
    let _recorder = Recorder::of(&script.url);
    let waits = waits(&requests(&script.key, 5, 5).await);
    assert!(waits.iter().all(|wait| *wait >= 95.0), "{waits:?}");
}

#[wasm_bindgen_test]
async fn a_retry_past_what_timers_hold_waits_long_instead_of_not_at_all() {
    for retry in ["2147483648", "4294967296", "99999999999999999999"] {
        let script = script(&json!([[{ "text": format!("retry: {retry}\ndata: a\n\n") }]]));
        let mut recorder = Recorder::of(&script.url);
        assert_eq!(recorder.take(3).await, ["open 1", "message: a", "error 0"]);
        pass(300).await;
        assert_eq!(requests_so_far(&script.key).await.len(), 1, "{retry}");
    }
}

#[wasm_bindgen_test]
async fn the_wait_grows_while_attempts_fail_and_starts_over_after_a_delivery() {
    let fails = network_error();
    let script = script(&json!([
        [{ "text": "retry: 200\ndata: a\n\n" }],
        fails, fails, fails, fails,
        [{ "text": "data: b\n\n" }],
        fails,
        [{ "hang": true }],
    ]));
    let mut recorder = Recorder::of(&script.url);
    let lines = recorder.take(11).await;
    assert_eq!(
        lines[..7],
        [
            "open 1",
            "message: a",
            "error 0",
            "error 0",
            "error 0",
            "error 0",
            "error 0"
        ]
    );
    assert_eq!(lines[7..], ["open 1", "message: b", "error 0", "error 0"]);
    let waits = waits(&requests(&script.key, 8, 7).await);
    let at_least = [200.0, 200.0, 200.0, 400.0, 800.0, 200.0, 200.0];
    assert!(
        waits
            .iter()
            .zip(at_least)
            .all(|(wait, least)| *wait >= least - 5.0),
        "{waits:?}"
    );
    assert!(
        waits[5] < 800.0 && waits[6] < 800.0,
        "it starts over: {waits:?}"
    );
}

#[wasm_bindgen_test]
async fn long_polling_delivers_every_event_once() {
    let key = new_key();
    let mut recorder = Recorder::of(&at(&format!("/events/long-poll?key={key}&retry=100")));
    let mut messages = Vec::new();
    while messages.len() < 4 {
        let line = recorder.next().await;
        if line.starts_with("message") {
            messages.push(line);
        } else {
            assert!(line == "open 1" || line == "error 0", "{line}");
        }
    }
    let ids: Vec<_> = messages
        .iter()
        .map(|line| line.split([' ', ':']).nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["#1", "#2", "#3", "#4"]);
}

#[wasm_bindgen_test]
async fn a_stream_that_the_server_ends_after_a_time_limit_goes_on() {
    let source = EventSource::new(&at("/events/time-limit?after=100")).unwrap();
    let mut recorder = Recorder::with_types(source, &["init"]);
    assert_eq!(recorder.next().await, "open 1");
    assert!(recorder.next().await.starts_with("init"));
    while recorder.next().await != "error 0" {}
    assert_eq!(recorder.next().await, "open 1");
    assert!(recorder.next().await.starts_with("init"));
}

#[wasm_bindgen_test]
async fn close_while_waiting_makes_no_further_request() {
    let script = script(&json!([[{ "text": "retry: 100\ndata: a\n\n" }]]));
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(recorder.take(3).await, ["open 1", "message: a", "error 0"]);
    recorder.source.close();
    pass(300).await;
    assert_eq!(recorder.rest(), [""; 0]);
    assert_eq!(requests_so_far(&script.key).await.len(), 1);
}

#[wasm_bindgen_test]
async fn close_in_the_error_listener_makes_no_further_request() {
    let script = script(&json!([[{ "text": "retry: 100\ndata: a\n\n" }]]));
    super::support::await_js(
        "new Promise((resolve) => {
            const source = new EventSource($);
            source.onerror = () => { source.close(); resolve(); };
        })",
        &script.url.as_str().into(),
    )
    .await;
    pass(300).await;
    assert_eq!(requests_so_far(&script.key).await.len(), 1);
}

#[wasm_bindgen_test]
async fn a_preflight_that_the_server_refuses_is_a_network_error_and_no_storm() {
    let script = script(&json!([[{ "text": "retry: 100\nid: 1\ndata: a\n\n" }]]));
    let mut recorder = Recorder::of(&format!("{}&cors=no-preflight", script.url));
    assert_eq!(
        recorder.take(5).await,
        ["open 1", "message #1: a", "error 0", "error 0", "error 0"]
    );
    let requests = requests_so_far(&script.key).await;
    assert!(
        requests[1..]
            .iter()
            .all(|request| request["method"] == "OPTIONS"),
        "{requests:?}"
    );
}
