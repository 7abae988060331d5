//! The test server, what a stream yields as lines of text, and JavaScript for what has to be some.

use std::cell::Cell;

use eventsource_wasm::{Error, Event, EventSource};
use futures_util::StreamExt;
use js_sys::{Function, Promise};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Where the test script has started the test server.
pub const SERVER: &str = match option_env!("TEST_SERVER") {
    Some(server) => server,
    None => "http://127.0.0.1:8712",
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch_text(url: &str) -> Promise;
}

/// An absolute URL on the server.
pub fn at(path: &str) -> String {
    format!("{SERVER}{path}")
}

/// A key that no other test uses.
pub fn new_key() -> String {
    thread_local!(static COUNT: Cell<u32> = const { Cell::new(0) });
    let count = COUNT.get();
    COUNT.set(count + 1);
    format!("{:x}-{count}", (js_sys::Math::random() * 1e15) as u64)
}

/// A URL of the server's `script` route: what each connection answers, and a key for its log.
pub struct Script {
    pub key: String,
    pub url: String,
}

/// Has the server answer with these connections, one after the other; see `tests/server/README.md`.
pub fn script(connections: &Value) -> Script {
    let key = new_key();
    let connections = js_sys::encode_uri_component(&connections.to_string());
    let url = at(&format!(
        "/events/script?key={key}&connections={connections}"
    ));
    Script { key, url }
}

/// The same for POST requests, whose body has to be the script.
pub fn post_script() -> Script {
    let key = new_key();
    let url = at(&format!("/events/script?key={key}"));
    Script { key, url }
}

/// A stream of this text that then stays open. Firefox waits for the first byte of the body.
pub fn stays_open(text: &str) -> Value {
    json!([{ "text": text }, { "hang": true }])
}

/// A stream of this text that then ends.
pub fn ends(text: &str) -> Value {
    json!([{ "text": text }])
}

/// A response of this status and body, and a header that CORS exposes.
pub fn refusal(status: u16, header: (&str, &str), body: &str) -> Value {
    json!({
        "status": status,
        "headers": { header.0: header.1, "access-control-expose-headers": header.0 },
        "steps": [{ "text": body }],
    })
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

/// The requests among these that are no preflights.
pub fn without_preflights(requests: Vec<Value>) -> Vec<Value> {
    let is_preflight = |request: &Value| request["method"] == "OPTIONS";
    requests
        .into_iter()
        .filter(|request| !is_preflight(request))
        .collect()
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
    assert!(response.ok(), "{} for {path}: {text}", response.status());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// A JavaScript expression's value; `$` is the argument.
pub fn evaluate(code: &str, argument: &JsValue) -> JsValue {
    Function::new_with_args("$", &format!("return ({code})"))
        .call1(&JsValue::NULL, argument)
        .unwrap_or_else(|error| panic!("{code} threw {error:?}"))
}

pub fn function(code: &str, argument: &JsValue) -> Function {
    evaluate(code, argument).unchecked_into()
}

/// Lets a time (ms) pass in which something must not happen.
pub async fn pass(milliseconds: i32) {
    let promise = evaluate(
        "new Promise((resolve) => setTimeout(resolve, $))",
        &milliseconds.into(),
    );
    JsFuture::from(Promise::from(promise))
        .await
        .expect("time passes");
}

/// An item of a stream as a line of text: `open`, `message #id: data`, `again Failure 1` (the how manieth
/// attempt it will be) or `failed Failure`.
pub fn line(item: Result<Event, Error>) -> String {
    match item {
        Ok(Event::Open(_)) => "open".into(),
        Ok(Event::Message(message)) => {
            let id = match message.last_event_id.as_str() {
                "" => String::new(),
                id => format!(" #{id}"),
            };
            format!("{}{id}: {}", message.event_type, message.data)
        }
        Ok(Event::Reconnecting(loss)) => format!("again {:?} {}", loss.error.failure, loss.attempt),
        Ok(Event::Comment(text)) => format!("comment: {text}"),
        Ok(Event::Id(id)) => format!("id: {id}"),
        Ok(Event::ReconnectionTime(time)) => format!("retry: {time}"),
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("failed {:?}", error.failure),
    }
}

/// The next items.
pub async fn take(source: &mut EventSource, count: usize) -> Vec<String> {
    source.take(count).map(line).collect().await
}

/// All items until the stream ends.
pub async fn all(source: EventSource) -> Vec<String> {
    source.map(line).collect().await
}

/// The first loss of a stream, whether there will be another attempt or not.
pub async fn first_loss(source: &mut EventSource) -> Error {
    loop {
        match source.next().await.expect("a loss") {
            Ok(Event::Reconnecting(loss)) => return loss.error,
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}
