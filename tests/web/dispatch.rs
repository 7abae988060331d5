//! The events: what they are, their order, and what listeners may do in the midst of it.

use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{EventSource, Recorder, SERVER, at, await_js, script, stream};

/// Runs JavaScript with `source` on a stream of this text, until it calls `done(value)`.
async fn with_source(text: &str, code: &str) -> String {
    await_js(
        &format!("new Promise((done) => {{ const source = new EventSource($); const seen = []; {code} }})"),
        &stream(text).url.into(),
    )
    .await
    .as_string()
    .expect("a string")
}

#[wasm_bindgen_test]
async fn a_message_is_a_message_event() {
    let facts = with_source(
        "id: 7\ndata: x\n\n",
        "source.onmessage = (event) => {
            source.close();
            done(JSON.stringify([
                event instanceof MessageEvent, event instanceof Event, event.constructor === MessageEvent, String(event),
                event.type, event.data, event.origin === server, event.lastEventId, event.source, event.ports.length, Object.isFrozen(event.ports),
                event.bubbles, event.cancelable, event.composed, event.target === source, event.currentTarget === source,
                event.eventPhase, event.defaultPrevented, event.composedPath().length, event.timeStamp > 0, event.isTrusted,
            ]));
        };",
    )
    .await;
    let expected = json!([
        true,
        true,
        true,
        "[object MessageEvent]",
        "message",
        "x",
        true,
        "7",
        null,
        0,
        true,
        false,
        false,
        false,
        true,
        true,
        2,
        false,
        1,
        true,
        false,
    ]);
    assert_eq!(facts, expected.to_string());
    assert!(SERVER.starts_with("http://"));
}

#[wasm_bindgen_test]
async fn a_kept_message_can_be_dispatched_again_and_reinitialized() {
    let facts = with_source(
        "data: x\n\n",
        "source.onmessage = (event) => {
            source.close();
            event.initMessageEvent('other', true, true, 'no');
            const during = event.type + event.data;
            setTimeout(() => {
                const target = new EventTarget();
                target.addEventListener('message', () => seen.push('again'));
                target.dispatchEvent(event);
                event.initMessageEvent('other', true, true, 5, 'https://a.example', '9');
                done([during, seen, event.type, event.bubbles, event.data, event.origin, event.lastEventId].join());
            });
        };",
    )
    .await;
    assert_eq!(facts, "messagex,again,other,true,5,https://a.example,9");
}

#[wasm_bindgen_test]
async fn open_and_error_are_plain_events() {
    let facts = await_js(
        "new Promise((done) => {
            const source = new EventSource($);
            const seen = [];
            source.onopen = source.onerror = (event) => {
                seen.push([event.type, event.constructor === Event, 'data' in event, event.bubbles, event.cancelable, source.readyState].join(' '));
                if (event.type === 'error') { source.close(); done(seen.join()); }
            };
        })",
        &script(&json!([[{ "text": ":\n" }]])).url.into(),
    )
    .await;
    assert_eq!(
        facts,
        "open true false false false 1,error true false false false 0"
    );
}

#[wasm_bindgen_test]
async fn events_may_have_any_type() {
    let types = [
        "open",
        "error",
        "close",
        "__proto__",
        "constructor",
        "toString",
        "é x",
        "message",
    ];
    let text: String = types
        .iter()
        .map(|kind| format!("event: {kind}\ndata: {kind}\n\n"))
        .collect();
    let source = EventSource::new(&stream(&text).url).unwrap();
    let mut recorder = Recorder::with_types(
        source,
        &["close", "__proto__", "constructor", "toString", "é x"],
    );
    assert_eq!(recorder.next().await, "open 1");
    for kind in types {
        assert_eq!(recorder.next().await, format!("{kind}: {kind}"));
    }
}

#[wasm_bindgen_test]
async fn a_sent_event_of_type_error_reaches_onerror() {
    let facts = with_source(
        "event: error\ndata: overloaded\n\n",
        "source.onerror = (event) => { source.close(); done(event.data); };",
    )
    .await;
    assert_eq!(facts, "overloaded");
}

#[wasm_bindgen_test]
async fn only_listeners_of_its_type_get_an_event() {
    let facts = with_source(
        "event: add\ndata: 1\n\ndata: 2\n\nevent: other\ndata: 3\n\nevent: add\ndata: 4\n\n",
        "source.onmessage = (event) => seen.push('message ' + event.data);
         source.addEventListener('add', (event) => { seen.push('add ' + event.data); if (event.data === '4') { source.close(); done(seen.join()); } });",
    )
    .await;
    assert_eq!(facts, "add 1,message 2,add 4");
}

const THREE: &str = "data: 1\n\ndata: 2\n\ndata: 3\n\n";

/// Closes the source at the first message, in the way given, and reports all messages after a while.
async fn messages_when_closing(close: &str) -> String {
    with_source(
        THREE,
        &format!(
            "const close = () => source.close();
             source.onmessage = async (event) => {{
                 if (event.data === '1') setTimeout(() => done(seen.join() + ' ' + source.readyState), 100);
                 seen.push(event.data);
                 {close}
             }};
             source.onerror = () => seen.push('error');"
        ),
    )
    .await
}

#[wasm_bindgen_test]
async fn close_in_a_listener_stops_the_events_of_the_same_chunk() {
    assert_eq!(messages_when_closing("close();").await, "1 2");
}

#[wasm_bindgen_test]
async fn close_in_a_promise_reaction_of_a_listener_stops_them_too() {
    for reaction in [
        "Promise.resolve().then(close);",
        "queueMicrotask(close);",
        "await null; close();",
        "await (async () => { await null; })(); close();",
        "await Promise.all([1, Promise.resolve(2)]); close();",
        "await Promise.resolve().then(() => {}); close();",
        "for (let i = 0; i < 8; i++) await null; close();",
    ] {
        assert_eq!(messages_when_closing(reaction).await, "1 2", "{reaction}");
    }
}

#[wasm_bindgen_test]
async fn messages_awaited_one_after_the_other_are_all_seen() {
    let facts = with_source(
        THREE,
        "const next = () => new Promise((resolve) => source.addEventListener('message', resolve, { once: true }));
         (async () => {
             for (let i = 0; i < 3; i++) seen.push((await next()).data);
             source.close();
             done(seen.join());
         })();",
    )
    .await;
    assert_eq!(facts, "1,2,3");
}

#[wasm_bindgen_test]
async fn close_in_open_stops_everything() {
    let facts = with_source(
        THREE,
        "source.onopen = () => { source.close(); setTimeout(() => done(seen.join() + source.readyState), 100); };
         source.onmessage = (event) => seen.push(event.data);",
    )
    .await;
    assert_eq!(facts, "2");
}

#[wasm_bindgen_test]
async fn timers_get_a_turn_in_a_flood_and_may_close_the_source() {
    let facts = await_js(
        "new Promise((done) => {
            const source = new EventSource($);
            let count = 0;
            source.onopen = () => setTimeout(() => {
                source.close();
                const seen = count;
                setTimeout(() => done([seen === count, count < 1000000].join()), 50);
            }, 100);
            source.onmessage = () => { count++; };
        })",
        &at("/events/flood?count=1000000&size=20").into(),
    )
    .await;
    assert_eq!(facts, "true,true");
}

#[wasm_bindgen_test]
async fn timers_get_a_turn_in_the_midst_of_a_chunk_whose_listeners_are_slow() {
    let facts = with_source(
        &THREE.repeat(100),
        "source.onopen = () => setTimeout(() => { source.close(); done(String(seen.length < 300)); }, 50);
         source.onmessage = (event) => {
             seen.push(event.data);
             const end = Date.now() + 5;
             while (Date.now() < end);
             if (seen.length === 300) done('all came first');
         };",
    )
    .await;
    assert_eq!(facts, "true");
}

#[wasm_bindgen_test]
async fn a_listener_that_throws_is_reported_and_harms_nothing_else() {
    let facts = with_source(
        THREE,
        "const report = (event) => { event.preventDefault(); event.stopImmediatePropagation(); seen.push('reported ' + event.error.message); };
         globalThis.addEventListener('error', report, true);
         source.addEventListener('message', (event) => { throw new Error(event.data); });
         source.onmessage = (event) => {
             seen.push(event.data);
             if (event.data === '3') setTimeout(() => { globalThis.removeEventListener('error', report, true); source.close(); done(seen.join()); });
         };",
    )
    .await;
    assert_eq!(facts, "reported 1,1,reported 2,2,reported 3,3");
}

#[wasm_bindgen_test]
async fn listeners_may_open_and_close_other_sources() {
    let facts = with_source(
        THREE,
        "let inner;
             source.onmessage = (event) => {
                 seen.push(event.data);
                 inner?.close();
                 inner = new EventSource($);
                 if (event.data === '3') inner.onmessage = (event) => { seen.push('inner ' + event.data); inner.close(); source.close(); done(seen.join()); };
             };",
    )
    .await;
    assert_eq!(facts, "1,2,3,inner 1");
}

#[wasm_bindgen_test]
async fn bytes_right_before_a_broken_end_are_delivered() {
    let script = script(
        &json!([[{ "text": "retry: 60000\ndata: 1\n\n" }, { "pause": 150 }, { "text": THREE }, { "pause": 150 }, { "cut": true }]]),
    );
    let mut recorder = Recorder::of(&script.url);
    assert_eq!(
        recorder.take(6).await,
        [
            "open 1",
            "message: 1",
            "message: 1",
            "message: 2",
            "message: 3",
            "error 0"
        ]
    );
}

#[wasm_bindgen_test]
async fn listeners_added_late_get_what_comes_after() {
    let facts = with_source(
        THREE,
        "source.addEventListener('message', () => {
             source.addEventListener('message', (event) => { seen.push(event.data); if (event.data === '3') { source.close(); done(seen.join()); } });
         }, { once: true });",
    )
    .await;
    assert_eq!(facts, "2,3");
}
