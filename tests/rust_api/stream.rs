//! The stream: what it yields, and when it reads, goes on and ends.

use std::pin::pin;
use std::task::{Context, Poll};

use eventsource_wasm::{Event, EventSource, Failure, Message, ReadyState};
use futures_core::{FusedStream, Stream};
use futures_util::StreamExt;
use futures_util::task::noop_waker;
use serde_json::json;
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{
    all, at, ends, function, line, new_key, pass, refusal, requests, requests_so_far, script,
    stays_open, take,
};

#[wasm_bindgen_test]
async fn a_stream_yields_that_it_is_open_and_its_messages() {
    let script = script(&json!([stays_open(
        "data: a\n\nevent: add\nid: 7\ndata: b\ndata: …\n\ndata: c\n\n"
    )]));
    let mut source = EventSource::new(&script.url).unwrap();
    let Some(Ok(Event::Open(opened))) = source.next().await else {
        panic!("it is open first");
    };
    assert_eq!(opened.url, script.url);
    assert_eq!(
        opened.headers.get("content-type").unwrap().as_deref(),
        Some("text/event-stream")
    );
    assert_eq!(source.ready_state(), ReadyState::Open);
    let expected = [
        ("message", "a", ""),
        ("add", "b\n…", "7"),
        ("message", "c", "7"),
    ];
    for (event_type, data, last_event_id) in expected {
        let Some(Ok(Event::Message(message))) = source.next().await else {
            panic!("a message");
        };
        assert_eq!(
            message,
            Message {
                event_type: event_type.into(),
                data: data.into(),
                last_event_id: last_event_id.into(),
            }
        );
        assert_eq!(source.last_event_id(), last_event_id);
    }
}

#[wasm_bindgen_test]
async fn the_stream_goes_on_over_reconnections_with_the_last_event_id() {
    let script = script(&json!([
        ends("retry: 20\nid: 1\ndata: a\n\n"),
        ends("data: b\n\nid: 2…\n\n"),
        stays_open("data: c\n\n"),
    ]));
    let mut source = EventSource::new(&script.url).unwrap();
    assert_eq!(
        take(&mut source, 8).await,
        [
            "open",
            "message #1: a",
            "again Ended 1",
            "open",
            "message #1: b",
            "again Ended 1",
            "open",
            "message #2…: c",
        ]
    );
    assert_eq!(source.reconnection_time(), 20.0);
    let requests = super::support::without_preflights(requests(&script.key, 5, 0).await);
    let ids: Vec<_> = requests
        .iter()
        .map(|request| request["headers"]["last-event-id"].clone())
        .collect();
    // The server reads header values as latin-1.
    assert_eq!(ids, [json!(null), json!("1"), json!("2â\u{80}¦")]);
}

#[wasm_bindgen_test]
async fn messages_are_the_stream_without_all_else_and_with_the_last_error() {
    let script = script(&json!([
        ends("retry: 20\ndata: a\n\n"),
        ends("data: b\n\n"),
        refusal(204, ("x-reason", "enough"), ""),
    ]));
    let mut messages = EventSource::new(&script.url).unwrap().messages();
    assert_eq!(messages.next().await.unwrap().unwrap().data, "a");
    assert_eq!(messages.ready_state(), ReadyState::Open);
    assert_eq!(messages.next().await.unwrap().unwrap().data, "b");
    let error = messages.next().await.unwrap().unwrap_err();
    assert_eq!((error.failure, error.status), (Failure::Status, Some(204)));
    assert!(messages.next().await.is_none());
    assert!(messages.is_terminated());
}

#[wasm_bindgen_test]
async fn a_failure_for_good_is_the_last_item() {
    let mut source = EventSource::new(at("/events/status/404")).unwrap();
    assert!(!source.is_terminated());
    let items: Vec<_> = source.by_ref().map(line).collect().await;
    assert_eq!(items, ["failed Status"]);
    assert_eq!(source.ready_state(), ReadyState::Closed);
    assert!(source.is_terminated());
    assert!(
        source.next().await.is_none(),
        "nor does polling it again yield anything"
    );
}

#[wasm_bindgen_test]
async fn nothing_is_requested_until_the_stream_is_polled() {
    let script = script(&json!([stays_open("data: a\n\n")]));
    let mut source = EventSource::new(&script.url).unwrap();
    pass(200).await;
    assert_eq!(requests_so_far(&script.key).await.len(), 0);
    assert_eq!(take(&mut source, 2).await, ["open", "message: a"]);
}

#[wasm_bindgen_test]
async fn dropping_it_aborts_the_request() {
    let script = script(&json!([stays_open("data: a\n\n")]));
    let mut source = EventSource::new(&script.url).unwrap();
    let handle = source.handle();
    take(&mut source, 2).await;
    drop(source);
    assert_eq!(requests(&script.key, 1, 1).await[0]["how"], "client-gone");
    assert_eq!(handle.ready_state(), ReadyState::Closed);
}

#[wasm_bindgen_test]
async fn dropping_it_aborts_a_request_without_a_response() {
    let key = new_key();
    let mut source = EventSource::new(at(&format!("/events/hang?key={key}"))).unwrap();
    assert!(poll_once(&mut source).is_pending());
    requests(&key, 1, 0).await;
    drop(source);
    assert_eq!(requests(&key, 1, 1).await[0]["how"], "client-gone");
}

#[wasm_bindgen_test]
async fn close_ends_the_stream_and_drops_what_was_not_taken() {
    let script = script(&json!([stays_open("data: a\n\ndata: b\n\n")]));
    let mut source = EventSource::new(&script.url).unwrap();
    assert_eq!(take(&mut source, 2).await, ["open", "message: a"]);
    source.close();
    assert_eq!(source.ready_state(), ReadyState::Closed);
    assert!(source.next().await.is_none());
    assert_eq!(requests(&script.key, 1, 1).await[0]["how"], "client-gone");
}

#[wasm_bindgen_test]
async fn a_handle_ends_a_stream_that_is_being_waited_for() {
    let script = script(&json!([stays_open("data: a\n\n")]));
    let mut source = EventSource::new(&script.url).unwrap();
    take(&mut source, 2).await;
    let handle = source.handle();
    spawn_local(async move {
        pass(50).await;
        handle.close();
    });
    assert!(source.next().await.is_none());
}

#[wasm_bindgen_test]
async fn reconnect_requests_anew_with_the_last_event_id_and_no_wait() {
    let script = script(&json!([
        stays_open("retry: 600000\nid: 1\ndata: a\n\n"),
        ends("data: b\n\n"),
        stays_open("data: c\n\n"),
    ]));
    let mut source = EventSource::new(&script.url).unwrap();
    take(&mut source, 2).await;
    source.reconnect();
    assert_eq!(source.ready_state(), ReadyState::Connecting);
    assert_eq!(
        take(&mut source, 3).await,
        ["open", "message #1: b", "again Ended 1"]
    );
    let handle = source.handle();
    spawn_local(async move {
        pass(50).await;
        handle.reconnect();
    });
    assert_eq!(take(&mut source, 2).await, ["open", "message #1: c"]);
    let requests = requests(&script.key, 5, 2).await;
    assert_eq!(requests[0]["how"], "client-gone");
}

#[wasm_bindgen_test]
async fn what_was_received_before_reconnect_is_neither_lost_nor_asked_for_again() {
    let script = script(&json!([
        stays_open("id: 1\ndata: a\n\nid: 2\ndata: b\n\n"),
        stays_open("data: c\n\n"),
    ]));
    let mut source = EventSource::new(&script.url).unwrap();
    take(&mut source, 2).await;
    assert_eq!(
        source.last_event_id(),
        "1",
        "the second message was not taken yet"
    );
    source.reconnect();
    assert_eq!(
        take(&mut source, 3).await,
        ["message #2: b", "open", "message #2: c"]
    );
    assert_eq!(source.last_event_id(), "2");
}

#[wasm_bindgen_test]
async fn one_chunk_is_read_ahead_and_no_more_until_the_stream_is_polled() {
    // Only a body of our own tells how often it is read; Firefox reads the network to its end anyway.
    let reads = js_sys::Array::new();
    let fetch = function(
        "() => new Response(
            new ReadableStream({ pull(controller) {
                $.push($.length);
                controller.enqueue(new TextEncoder().encode(`data: ${$.length}\n\ndata: more\n\n`));
            } }, { highWaterMark: 0 }),
            { headers: { 'Content-Type': 'text/event-stream' } })",
        &reads,
    );
    let mut source = EventSource::builder("/events").fetch(fetch).open().unwrap();
    assert_eq!(take(&mut source, 1).await, ["open"]);
    for number in 1..=3 {
        assert_eq!(take(&mut source, 1).await, [format!("message: {number}")]);
        pass(50).await;
        assert_eq!(reads.length(), number + 1);
        assert_eq!(take(&mut source, 1).await, ["message: more"]);
        pass(50).await;
        assert_eq!(
            reads.length(),
            number + 1,
            "all is taken, but nothing asked for"
        );
    }
}

#[wasm_bindgen_test]
async fn a_chunk_larger_than_64_kib_is_parsed_piece_by_piece() {
    let fetch = function(
        "() => new Response(
            new ReadableStream({ start(controller) {
                const text = `data: ${'x'.repeat(1_000)}\\n\\n`.repeat(200) + 'retry: 7\\n';
                controller.enqueue(new TextEncoder().encode(text));
            } }),
            { headers: { 'Content-Type': 'text/event-stream' } })",
        &js_sys::Array::new(),
    );
    let mut source = EventSource::builder("/events").fetch(fetch).open().unwrap();
    take(&mut source, 2).await;
    assert_eq!(source.reconnection_time(), 3_000.0);
    take(&mut source, 199).await;
    assert!(
        futures_util::future::poll_immediate(source.next())
            .await
            .is_none()
    );
    assert_eq!(source.reconnection_time(), 7.0);
}

#[wasm_bindgen_test]
async fn many_messages_arrive_whole_and_in_order() {
    let mut source = EventSource::new(at("/events/flood?count=20000&size=100&ids=true")).unwrap();
    assert_eq!(take(&mut source, 1).await, ["open"]);
    for number in 1..=20_000 {
        let Some(Ok(Event::Message(message))) = source.next().await else {
            panic!("message {number}");
        };
        assert_eq!(message.last_event_id, number.to_string());
        assert_eq!(message.data.len(), 100);
    }
    assert_eq!(take(&mut source, 1).await, ["end #20000: 20000"]);
}

#[wasm_bindgen_test]
async fn comments_ids_and_reconnection_times_are_told_when_asked() {
    let text = ": hello\nretry: 70\nid: 1\ndata: a\n\n:bye\n\nid\n\ndata: b\n\n";
    let script = script(&json!([stays_open(text), stays_open(text)]));
    let mut source = EventSource::builder(&script.url)
        .comments(true)
        .ids(true)
        .reconnection_times(true)
        .open()
        .unwrap();
    assert_eq!(
        take(&mut source, 8).await,
        [
            "open",
            "comment: hello",
            "retry: 70",
            "id: 1",
            "message #1: a",
            "comment: bye",
            "id: ",
            "message: b",
        ]
    );
    let mut source = EventSource::builder(&script.url)
        .comments(true)
        .open()
        .unwrap();
    assert_eq!(
        take(&mut source, 5).await,
        [
            "open",
            "comment: hello",
            "message #1: a",
            "comment: bye",
            "message: b"
        ]
    );
}

#[wasm_bindgen_test]
async fn many_sources_live_side_by_side() {
    let sources = (0..4).map(|number| {
        let script = script(&json!([
            ends(&format!("retry: 20\ndata: {number}\n\n")),
            refusal(204, ("x-reason", "enough"), ""),
        ]));
        all(EventSource::new(&script.url).unwrap())
    });
    let all = futures_util::future::join_all(sources).await;
    for (number, lines) in all.iter().enumerate() {
        let message = format!("message: {number}");
        assert_eq!(*lines, ["open", &message, "again Ended 1", "failed Status"]);
    }
}

/// Polls a stream as nobody who waits for it.
fn poll_once(source: &mut EventSource) -> Poll<Option<<EventSource as Stream>::Item>> {
    pin!(source).poll_next(&mut Context::from_waker(&noop_waker()))
}
