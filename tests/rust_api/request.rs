//! What is requested: URL, method, headers, body, credentials; and by whom.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use eventsource_wasm::{Event, EventSource, Failure, Handle, ReadyState};
use futures_util::StreamExt;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{AbortController, RequestCredentials};

use super::support::{
    all, at, ends, evaluate, first_loss, function, new_key, pass, post_script, refusal, requests,
    requests_so_far, script, stays_open, take, without_preflights,
};

/// What the server says that the request was.
async fn echo(source: &mut EventSource) -> Value {
    assert_eq!(take(source, 1).await, ["open"]);
    let Some(Ok(Event::Message(message))) = source.next().await else {
        panic!("an echo");
    };
    serde_json::from_str(&message.data).expect("JSON")
}

#[wasm_bindgen_test]
async fn without_options_it_is_a_get_for_an_event_stream() {
    let mut source = EventSource::new(at("/events/echo")).unwrap();
    let echo = echo(&mut source).await;
    assert_eq!(echo["method"], "GET");
    assert_eq!(echo["headers"]["accept"], "text/event-stream");
    assert_eq!(echo["headers"]["last-event-id"], json!(null));
    assert_eq!(source.url(), at("/events/echo"));
}

#[wasm_bindgen_test]
async fn method_headers_and_body_are_sent() {
    let mut source = EventSource::builder(at("/events/echo"))
        .method("POST")
        .headers([
            ("Content-Type", "application/json"),
            ("X-Token", "t"),
            ("Accept", "text/*"),
        ])
        .body("{\"a\":\"…\"}")
        .open()
        .unwrap();
    let echo = echo(&mut source).await;
    assert_eq!(echo["method"], "POST");
    assert_eq!(echo["headers"]["content-type"], "application/json");
    assert_eq!(echo["headers"]["x-token"], "t");
    assert_eq!(echo["headers"]["accept"], "text/*");
    assert_eq!(echo["body"], "{\"a\":\"…\"}");
}

#[wasm_bindgen_test]
async fn functions_give_url_headers_and_body_for_each_attempt() {
    let script = post_script();
    let url = script.url.clone();
    let connections = json!([ends("retry: 20\nid: 9\ndata: a\n\n"), stays_open(":\n")]).to_string();
    let length = connections.len();
    let mut source = EventSource::builder(at("/nowhere"))
        .method("POST")
        .resend(true)
        .url_with(move |attempt| {
            let url = format!("{url}&failed={}", attempt.failed);
            async move { Ok(url) }
        })
        .headers_with(|attempt| async move {
            let why = attempt
                .error
                .map_or("first".into(), |error| format!("{:?}", error.failure));
            Ok(vec![("X-Why".into(), why)])
        })
        .body_with(move |attempt| {
            let body = format!("{connections}{}", " ".repeat(attempt.last_event_id.len()));
            async move { Ok(body.into()) }
        })
        .open()
        .unwrap();
    assert_eq!(
        take(&mut source, 4).await,
        ["open", "message #9: a", "again Ended 1", "open"]
    );
    let requests = without_preflights(requests(&script.key, 4, 1).await);
    let seen: Vec<_> = requests
        .iter()
        .map(|request| {
            let uri = request["uri"].as_str().unwrap();
            (
                uri.rsplit('&').next().unwrap(),
                request["headers"]["x-why"].clone(),
                request["headers"]["content-length"].clone(),
            )
        })
        .collect();
    let lengths = [length, length + 1].map(|length| json!(length.to_string()));
    assert_eq!(
        seen,
        [
            ("failed=0", json!("first"), lengths[0].clone()),
            ("failed=1", json!("Ended"), lengths[1].clone()),
        ]
    );
}

#[wasm_bindgen_test]
async fn a_function_that_fails_fails_the_attempt_and_the_next_one_asks_it_again() {
    let script = script(&json!([stays_open("data: a\n\n")]));
    let calls = Rc::new(Cell::new(0));
    let mut source = EventSource::builder(&script.url)
        .retry(eventsource_wasm::Retry {
            delay: 100.0,
            ..Default::default()
        })
        .headers_with(move |_| {
            calls.set(calls.get() + 1);
            let result = match calls.get() {
                1 => Err("no token yet".into()),
                2 => Ok(vec![("no header".into(), "x".into())]),
                _ => Ok(vec![]),
            };
            async { result }
        })
        .open()
        .unwrap();
    let error = first_loss(&mut source).await;
    assert_eq!(error.failure, Failure::Callback);
    assert_eq!(error.cause, Some("no token yet".into()));
    assert!(error.to_string().contains("(no token yet)"), "{error}");
    assert_eq!(
        take(&mut source, 3).await,
        ["again Callback 2", "open", "message: a"]
    );
}

#[wasm_bindgen_test]
async fn the_last_event_id_is_sent_from_the_first_request_on() {
    let mut source = EventSource::builder(at("/events/echo"))
        .last_event_id("é7")
        .open()
        .unwrap();
    assert_eq!(source.last_event_id(), "é7");
    let echo = echo(&mut source).await;
    assert_eq!(echo["headers"]["last-event-id"], "Ã©7");
    assert_eq!(source.last_event_id(), "é7");
}

#[wasm_bindgen_test]
async fn the_last_event_id_can_go_into_the_query_which_takes_no_preflight() {
    let script = script(&json!([
        ends("retry: 20\nid: a&b\ndata: a\n\n"),
        stays_open(":\n")
    ]));
    let mut source = EventSource::builder(&script.url)
        .last_event_id_param("since")
        .open()
        .unwrap();
    take(&mut source, 4).await;
    let requests = requests(&script.key, 2, 1).await;
    let ends: Vec<_> = requests
        .iter()
        .map(|request| {
            assert_eq!(request["method"], "GET");
            assert_eq!(request["headers"]["last-event-id"], json!(null));
            request["uri"].as_str().unwrap().ends_with("&since=a%26b")
        })
        .collect();
    assert_eq!(ends, [false, true]);
}

#[wasm_bindgen_test]
async fn after_a_redirect_the_next_request_goes_where_it_led() {
    let script = script(&json!([ends("retry: 20\n\n"), stays_open(":\n")]));
    let to = String::from(js_sys::encode_uri_component(&script.url));
    let key = new_key();
    let url = at(&format!("/events/redirect/302?key={key}&to={to}"));
    let mut source = EventSource::new(&url).unwrap();
    assert_eq!(
        take(&mut source, 3).await,
        ["open", "again Ended 1", "open"]
    );
    assert_eq!(requests_so_far(&key).await.len(), 1);
    assert_eq!(source.url(), url);
}

#[wasm_bindgen_test]
async fn credentials_are_sent_to_other_origins_only_when_asked() {
    // A server that allows all origins allows none with credentials.
    let url = at("/events/clock?cors=*");
    assert_eq!(
        take(&mut EventSource::new(&url).unwrap(), 1).await,
        ["open"]
    );
    let source = EventSource::builder(&url)
        .credentials(RequestCredentials::Include)
        .open()
        .unwrap();
    assert_eq!(all(source).await, ["failed Cors"]);
}

#[wasm_bindgen_test]
async fn another_fetch_takes_its_place() {
    let calls = js_sys::Array::new();
    let fetch = function(
        "(url, init) => { $.push(url, init.method, init.headers.get('accept'));
            return new Response('data: made up\\n\\n', { headers: { 'Content-Type': 'text/event-stream' } }) }",
        &calls,
    );
    let mut source = EventSource::builder("https://example.invalid/events")
        .fetch(fetch)
        .open()
        .unwrap();
    assert_eq!(
        take(&mut source, 3).await,
        ["open", "message: made up", "again Ended 1"]
    );
    let calls: Vec<_> = calls.iter().map(|text| text.as_string().unwrap()).collect();
    assert_eq!(
        calls,
        ["https://example.invalid/events", "GET", "text/event-stream"]
    );
}

#[wasm_bindgen_test]
async fn whatever_another_fetch_does_is_a_failure_of_the_attempt() {
    for (code, failure) in [
        ("() => 'no response'", Failure::Callback),
        ("() => { throw new Error('thrown') }", Failure::Network),
        ("() => Promise.reject(new Error('rejected'))", Failure::Network),
        ("() => Promise.reject(new DOMException('gone', 'AbortError'))", Failure::Aborted),
        ("() => { const response = new Response('', { headers: { 'Content-Type': 'text/event-stream' } });
            response.body.getReader(); return response }", Failure::Callback),
        ("() => new Response(new ReadableStream({ start(controller) { controller.enqueue('no bytes') } }),
            { headers: { 'Content-Type': 'text/event-stream' } })", Failure::Network),
        ("() => new Response(new ReadableStream({ start(controller) {
            controller.enqueue(new TextEncoder().encode('data: a\\n\\n')); setTimeout(() => controller.error(7)) } }),
            { headers: { 'Content-Type': 'text/event-stream' } })", Failure::Network),
    ] {
        let fetch = function(code, &JsValue::UNDEFINED);
        let mut source = EventSource::builder("/events").fetch(fetch).open().unwrap();
        assert_eq!(first_loss(&mut source).await.failure, failure, "{code}");
    }
}

#[wasm_bindgen_test]
async fn empty_chunks_of_another_fetch_end_nothing() {
    let fetch = function(
        "() => new Response(new ReadableStream({ start(controller) {
            for (const text of ['data: a', '', '\\n\\n']) controller.enqueue(new TextEncoder().encode(text)) } }),
            { headers: { 'Content-Type': 'text/event-stream' } })",
        &JsValue::UNDEFINED,
    );
    let mut source = EventSource::builder("/events").fetch(fetch).open().unwrap();
    assert_eq!(take(&mut source, 2).await, ["open", "message: a"]);
}

#[wasm_bindgen_test]
async fn an_aborted_signal_closes_the_source() {
    let script = script(&json!([stays_open("data: a\n\n")]));
    let controller = AbortController::new().unwrap();
    let mut source = EventSource::builder(&script.url)
        .signal(controller.signal())
        .open()
        .unwrap();
    take(&mut source, 2).await;
    controller.abort();
    assert_eq!(source.ready_state(), ReadyState::Closed);
    assert!(source.next().await.is_none());
    assert_eq!(requests(&script.key, 1, 1).await[0]["how"], "client-gone");

    let source = EventSource::builder(&script.url)
        .signal(controller.signal())
        .open()
        .unwrap();
    assert_eq!(all(source).await, [""; 0]);
    assert_eq!(requests_so_far(&script.key).await.len(), 1);
}

#[wasm_bindgen_test]
async fn validate_may_refuse_a_response() {
    let script = script(&json!([
        { "headers": { "content-type": "text/event-stream", "x-version": "1", "access-control-expose-headers": "x-version" } },
        { "headers": { "content-type": "text/event-stream", "x-version": "2", "access-control-expose-headers": "x-version" } },
    ]));
    let open = || {
        EventSource::builder(&script.url)
            .validate(|response| async move {
                match response.headers().get("x-version")?.as_deref() {
                    Some("1") => Ok(()),
                    _ => Err("another version".into()),
                }
            })
            .open()
            .unwrap()
    };
    assert_eq!(take(&mut open(), 1).await, ["open"]);
    let error = first_loss(&mut open()).await;
    assert_eq!(error.failure, Failure::Validation);
    assert_eq!(error.cause, Some("another version".into()));
    assert_eq!(error.status, Some(200));
}

#[wasm_bindgen_test]
async fn a_body_that_is_a_stream_is_sent_once() {
    let calls = js_sys::Array::new();
    let fetch = function(
        "(url, init) => { $.push(init.duplex);
            return new Response('', { headers: { 'Content-Type': 'text/event-stream' } }) }",
        &calls,
    );
    let body = evaluate("new ReadableStream()", &JsValue::UNDEFINED);
    let source = EventSource::builder("/events")
        .method("POST")
        .body(body)
        .fetch(fetch)
        .open()
        .unwrap();
    assert_eq!(all(source).await, ["open", "failed Ended"]);
    let calls: Vec<_> = calls.iter().map(|text| text.as_string()).collect();
    assert_eq!(calls, [Some("half".into())]);
}

/// A place for the handle of a source whose functions want to call it.
#[derive(Clone, Default)]
struct LaterHandle(Rc<RefCell<Option<Handle>>>);

impl LaterHandle {
    fn get(&self) -> Handle {
        self.0.borrow().clone().expect("a handle")
    }
}

#[wasm_bindgen_test]
async fn a_source_that_is_closed_by_a_function_of_its_own_requests_nothing() {
    let script = script(&json!([stays_open("data: a\n\n")]));
    let handle = LaterHandle::default();
    let closing = handle.clone();
    let source = EventSource::builder(&script.url)
        .headers_with(move |_| {
            closing.get().close();
            async { Ok(vec![]) }
        })
        .open()
        .unwrap();
    handle.0.replace(Some(source.handle()));
    assert_eq!(all(source).await, [""; 0]);
    pass(100).await;
    assert_eq!(requests_so_far(&script.key).await.len(), 0);
}

#[wasm_bindgen_test]
async fn functions_may_close_or_reconnect_at_any_point() {
    let script = script(&json!([
        refusal(503, ("retry-after", "1"), ""),
        stays_open("data: b\n\n"),
    ]));
    let handle = LaterHandle::default();
    let inner = handle.clone();
    let mut source = EventSource::builder(&script.url)
        .retry_if(move |_, decision| {
            inner.get().reconnect();
            decision
        })
        .open()
        .unwrap();
    handle.0.replace(Some(source.handle()));
    assert_eq!(
        take(&mut source, 2).await,
        ["open", "message: b"],
        "the decision is void"
    );

    let handle = LaterHandle::default();
    let inner = handle.clone();
    let source = EventSource::builder(at("/events/status/503"))
        .retry_if(move |_, decision| {
            inner.get().close();
            decision
        })
        .open()
        .unwrap();
    handle.0.replace(Some(source.handle()));
    assert_eq!(all(source).await, [""; 0]);

    // A listener of the abort signal runs within the abort.
    let handle = LaterHandle::default();
    let inner = handle.clone();
    let close = Closure::<dyn Fn()>::new(move || inner.get().close());
    let fetch = function(
        "(url, init) => { init.signal.addEventListener('abort', $);
            return new Response('', { headers: { 'Content-Type': 'text/event-stream' } }) }",
        close.as_ref(),
    );
    let source = EventSource::builder("/events")
        .fetch(fetch)
        .retry_if(|_, _| panic!("there is nothing left to decide"))
        .open()
        .unwrap();
    handle.0.replace(Some(source.handle()));
    assert_eq!(
        all(source).await,
        ["open"],
        "closed when the end was about to be reported"
    );
}
