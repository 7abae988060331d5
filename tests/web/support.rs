//! The class under test, a recorder of its events, and the test server.

use std::cell::Cell;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use js_sys::{Function, Promise, Reflect};
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Where the test script has started the test server.
pub const SERVER: &str = match option_env!("TEST_SERVER") {
    Some(server) => server,
    None => "http://127.0.0.1:8712",
};

#[wasm_bindgen(module = "/dist/index.js")]
extern "C" {
    #[wasm_bindgen(extends = web_sys::EventTarget)]
    #[derive(Clone)]
    pub type EventSource;

    #[wasm_bindgen(constructor, catch)]
    pub fn new(url: &str) -> Result<EventSource, JsValue>;

    #[wasm_bindgen(constructor, catch)]
    pub fn with_init(url: &str, init: &JsValue) -> Result<EventSource, JsValue>;

    #[wasm_bindgen(method, getter, js_name = readyState)]
    pub fn ready_state(this: &EventSource) -> u16;

    #[wasm_bindgen(method, getter)]
    pub fn url(this: &EventSource) -> String;

    #[wasm_bindgen(method)]
    pub fn close(this: &EventSource);

    #[wasm_bindgen(thread_local_v2, js_name = EventSource)]
    static CLASS: Function;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch_text(url: &str) -> Promise;

    #[wasm_bindgen(js_name = setTimeout)]
    pub fn set_timeout(callback: &Function, milliseconds: i32);
}

/// Evaluates JavaScript in which `EventSource` is the class under test, `server` the test server's
/// address and `$` the argument.
pub fn evaluate(code: &str, argument: &JsValue) -> JsValue {
    let function = Function::new_with_args("EventSource, server, $", &format!("return ({code})"));
    CLASS
        .with(|class| function.call3(&JsValue::NULL, class, &SERVER.into(), argument))
        .unwrap_or_else(|error| panic!("{code} threw {error:?}"))
}

/// Asserts that a JavaScript expression is true.
pub fn assert_js(code: &str) {
    assert_eq!(evaluate(code, &JsValue::UNDEFINED), JsValue::TRUE, "{code}");
}

/// Awaits a JavaScript expression that is a promise.
pub async fn await_js(code: &str, argument: &JsValue) -> JsValue {
    JsFuture::from(Promise::resolve(&evaluate(code, argument)))
        .await
        .unwrap_or_else(|error| panic!("{code} rejected with {error:?}"))
}

/// Lets a time (ms) pass in which something must not happen.
pub async fn pass(milliseconds: i32) {
    await_js(
        "new Promise((resolve) => setTimeout(resolve, $))",
        &milliseconds.into(),
    )
    .await;
}

/// A source and everything that it dispatches, as lines of text. It is closed at the end of its test.
pub struct Recorder {
    pub source: EventSource,
    lines: UnboundedReceiver<String>,
    listener: Closure<dyn FnMut(web_sys::Event)>,
}

impl Recorder {
    pub fn of(url: &str) -> Self {
        Self::with_types(EventSource::new(url).expect("a valid URL"), &[])
    }

    /// Also records events of these types.
    pub fn with_types(source: EventSource, types: &[&str]) -> Self {
        let (sender, lines) = unbounded();
        let listener = listener(source.clone(), sender);
        for kind in ["open", "error", "message"].iter().chain(types) {
            source
                .add_event_listener_with_callback(kind, listener.as_ref().unchecked_ref())
                .expect("listeners can be added");
        }
        Self {
            source,
            lines,
            listener,
        }
    }

    /// The next event: `open 1`, `error 0`, `message: data` or `message #id: data`.
    pub async fn next(&mut self) -> String {
        self.lines
            .next()
            .await
            .expect("the recorder holds the sender")
    }

    /// The next events.
    pub async fn take(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(self.next().await);
        }
        lines
    }

    /// What was dispatched and not yet taken.
    pub fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.lines.try_recv().ok()).collect()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.source.close();
        let listener = self.listener.as_ref().unchecked_ref();
        for kind in ["open", "error", "message"] {
            let _ = self
                .source
                .remove_event_listener_with_callback(kind, listener);
        }
    }
}

fn listener(
    source: EventSource,
    sender: UnboundedSender<String>,
) -> Closure<dyn FnMut(web_sys::Event)> {
    Closure::new(move |event: web_sys::Event| {
        let kind = event.type_();
        let line = if let Some(event) = event.dyn_ref::<web_sys::MessageEvent>() {
            let text = |name: &str| {
                Reflect::get(event, &name.into())
                    .ok()
                    .and_then(|value| value.as_string())
            };
            let id = text("lastEventId").expect("a string");
            let id = if id.is_empty() { id } else { format!(" #{id}") };
            format!("{kind}{id}: {}", text("data").expect("a string"))
        } else {
            format!("{kind} {}", source.ready_state())
        };
        // The receiver may be gone when a test ends.
        let _ = sender.unbounded_send(line);
    })
}

/// A URL of the server's `script` route: what each connection answers, and a key for its log.
pub struct Script {
    pub key: String,
    pub url: String,
}

/// Has the server answer with these connections, one after the other; see `tests/server/README.md`.
pub fn script(connections: &Value) -> Script {
    let key = new_key();
    let url = at(&format!(
        "/events/script?key={key}&connections={}",
        encode(&connections.to_string())
    ));
    Script { key, url }
}

/// A stream of this text that then stays open.
pub fn stream(text: &str) -> Script {
    script(&serde_json::json!([[{ "text": text }, { "hang": true }]]))
}

/// A connection for [`script`] that ends in a network error before there is a response.
///
/// It is a redirect that leads nowhere: a request whose connection is reset, browsers repeat
/// themselves.
pub fn network_error() -> Value {
    serde_json::json!({ "status": 302, "headers": { "location": "data:,nowhere" } })
}

/// The steps of a stream of this text that stays open, with a comment every now and then.
///
/// Behind a redirect Firefox closes an aborted connection only when more bytes arrive; without them
/// such streams would keep the connections that other tests need.
pub fn going_on(text: &str) -> Value {
    let mut steps = vec![serde_json::json!({ "text": text })];
    for _ in 0..100 {
        steps.extend([
            serde_json::json!({ "pause": 100 }),
            serde_json::json!({ "text": ":\n" }),
        ]);
    }
    steps.into()
}

/// An absolute URL on the server.
pub fn at(path: &str) -> String {
    format!("{SERVER}{path}")
}

pub fn encode(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// A key that no other test uses.
pub fn new_key() -> String {
    thread_local!(static COUNT: Cell<u32> = const { Cell::new(0) });
    let count = COUNT.get();
    COUNT.set(count + 1);
    format!("{:x}-{count}", (js_sys::Math::random() * 1e15) as u64)
}

/// Waits until the server has seen this many requests with the key, and this many of them ended.
pub async fn requests(key: &str, count: usize, ended: usize) -> Vec<Value> {
    fetch_log(&format!(
        "/log/wait?key={key}&requests={count}&ended={ended}&timeout=15000"
    ))
    .await
}

/// The requests with the key so far.
pub async fn requests_so_far(key: &str) -> Vec<Value> {
    fetch_log(&format!("/log?key={key}")).await
}

async fn fetch_log(path: &str) -> Vec<Value> {
    let response = JsFuture::from(fetch_text(&at(path)))
        .await
        .expect("the server answers");
    let response: web_sys::Response = response.unchecked_into();
    let text = JsFuture::from(response.text().expect("a body"))
        .await
        .expect("a body");
    let text = text.as_string().expect("text");
    assert!(
        response.ok(),
        "status {} for {path}: {text}",
        response.status()
    );
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// The time (ms) between the end of each request and the start of the next one.
pub fn waits(requests: &[Value]) -> Vec<f64> {
    requests
        .windows(2)
        .map(|pair| {
            pair[1]["time"].as_f64().expect("a time") - pair[0]["ended"].as_f64().expect("an end")
        })
        .collect()
}
