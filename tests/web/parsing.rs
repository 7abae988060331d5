//! A few streams from end to end. Every rule of the parser is tested natively, in `tests/parser.rs`;
//! these are the ones where the page has a part: decoding, and cutting the batch.

use eventsource_wasm::parser::{DEFAULT_LIMIT, Parser};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{EventSource, Recorder, at, await_js, evaluate, script, stream};

#[wasm_bindgen_test]
async fn text_of_any_script_arrives_as_it_was_sent() {
    let mut recorder = Recorder::with_types(
        EventSource::new(
            &stream(
                "event: été\nid: …\ndata: 한국어\n\nevent: été\ndata: \u{1F600}\n\ndata: plain\n\n",
            )
            .url,
        )
        .unwrap(),
        &["été"],
    );
    assert_eq!(
        recorder.take(4).await,
        [
            "open 1",
            "été #…: 한국어",
            "été #…: \u{1F600}",
            "message #…: plain"
        ]
    );
}

#[wasm_bindgen_test]
async fn invalid_utf8_is_replaced_and_bytes_split_over_chunks_are_not() {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let script = script(&json!([[
        { "hex": hex(b"data: \xFFa\xC3\ndata: \xE2\x82") }, { "hex": hex(b"\xAC") }, { "text": "\n\n" }, { "hang": true },
    ]]));
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(
        recorder.take(2).await,
        ["open 1", "message: \u{FFFD}a\u{FFFD}\n€"]
    );
}

#[wasm_bindgen_test]
async fn a_byte_order_mark_is_dropped_at_the_start_and_kept_in_data() {
    let mut recorder = Recorder::of(&stream("\u{FEFF}data: \u{FEFF}a\n\ndata: \u{FEFF}b\n\n").url);
    assert_eq!(
        recorder.take(3).await,
        ["open 1", "message: \u{FEFF}a", "message: \u{FEFF}b"]
    );
}

#[wasm_bindgen_test]
async fn each_connection_may_start_with_a_byte_order_mark() {
    let connection = json!([{ "text": "\u{FEFF}retry: 100\ndata: a\n\n" }]);
    let mut recorder = Recorder::of(&script(&json!([connection, connection])).url);
    assert_eq!(
        recorder.take(5).await,
        ["open 1", "message: a", "error 0", "open 1", "message: a"]
    );
}

#[wasm_bindgen_test]
async fn single_bytes_in_chunks_of_their_own_give_the_same_events() {
    let text = "event: x\r\nid: 1\rdata: é\n: comment\ndata\r\n\r\ndata: b\r\r";
    let steps: Vec<_> = text
        .bytes()
        .map(|byte| json!({ "hex": format!("{byte:02x}") }))
        .collect();
    let steps: Vec<_> = steps.into_iter().chain([json!({ "hang": true })]).collect();
    let mut recorder = Recorder::with_types(
        EventSource::new(&script(&json!([steps])).url).unwrap(),
        &["x"],
    );
    assert_eq!(
        recorder.take(3).await,
        ["open 1", "x #1: é\n", "message #1: b"]
    );
}

#[wasm_bindgen_test]
async fn types_and_ids_start_afresh_with_each_connection() {
    let script = script(&json!([
        [{ "text": "retry: 100\nevent: x\nid: 1\ndata: a\n\nid: 2\n\nevent: y\nid: 3\ndata: lost" }],
        [{ "text": "data: b\n\nevent: x\ndata: c\n\n" }, { "hang": true }],
    ]));
    let mut recorder = Recorder::with_types(EventSource::new(&script.url).unwrap(), &["x", "y"]);
    assert_eq!(
        recorder.take(6).await,
        [
            "open 1",
            "x #1: a",
            "error 0",
            "open 1",
            "message #2: b",
            "x #2: c"
        ]
    );
}

#[wasm_bindgen_test]
async fn a_flood_of_events_arrives_whole_and_in_order() {
    let result = await_js(
        "new Promise((resolve) => {
            const source = new EventSource($);
            let count = 0, wrong = 0, length = 0;
            source.onmessage = (event) => { count++; length += event.data.length; if (event.lastEventId !== String(count)) wrong++; };
            source.addEventListener('end', () => { source.close(); resolve([count, wrong, length].join()); });
        })",
        &at("/events/flood?count=100000&size=20&ids=true").into(),
    )
    .await;
    assert_eq!(result, "100000,0,2000000");
}

#[wasm_bindgen_test]
async fn one_event_of_64_mebibytes_in_small_chunks_arrives_whole() {
    let size = 64 * 1024 * 1024;
    let length = await_js(
        "new Promise((resolve, reject) => {
            const source = new EventSource($);
            source.onmessage = (event) => { source.close(); resolve(event.data.length); };
            source.onerror = () => reject(new Error('error ' + source.readyState));
        })",
        &at(&format!("/events/large?bytes={size}&chunk=1024")).into(),
    )
    .await;
    assert_eq!(length, f64::from(size));
}

#[wasm_bindgen_test]
async fn an_unfinished_event_past_the_limit_fails_the_connection_and_says_so() {
    let size = 129 * 1024 * 1024;
    let result = await_js(
        "new Promise((resolve) => {
            const { error } = console;
            const said = [];
            console.error = (...parts) => said.push(parts.join(' '));
            const source = new EventSource($);
            source.onmessage = () => resolve('message');
            source.onerror = () => { console.error = error; resolve(source.readyState + ' ' + said.join()); };
        })",
        &at(&format!("/events/large?bytes={size}&chunk=65536")).into(),
    )
    .await
    .as_string()
    .unwrap();
    assert!(
        result.starts_with("2 ") && result.contains("128 MiB"),
        "{result}"
    );
    evaluate("globalThis.gc?.()", &wasm_bindgen::JsValue::UNDEFINED);
}

/// Blocks of a line are searched by SIMD here, and by other means natively.
#[wasm_bindgen_test]
fn a_line_end_is_found_wherever_it_stands() {
    for length in 0..200 {
        for line_end in ["\n", "\r", "\r\n"] {
            let data = "x".repeat(length);
            let stream =
                format!("data: {data}{line_end}:{data}{line_end}id: 1{line_end}{line_end}");
            let mut parser = Parser::new(b"", DEFAULT_LIMIT);
            let room = parser.room(stream.len()).unwrap();
            room.copy_from_slice(stream.as_bytes());
            let batch = parser.parse();
            assert_eq!(batch.data, format!("{data}\r").as_bytes());
            assert_eq!(batch.ids, b"1\r");
        }
    }
}
