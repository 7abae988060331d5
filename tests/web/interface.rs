//! The EventSource interface: constructor, members, event handlers.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{Recorder, assert_js, await_js, evaluate, stream};

/// The name of the exception that an expression throws.
fn exception(code: &str) -> String {
    let code = format!(
        "(() => {{ try {{ {code}; return 'nothing' }} catch (error) {{ return error.name + (error instanceof DOMException ? ' DOMException' : '') }} }})()"
    );
    evaluate(&code, &JsValue::UNDEFINED)
        .as_string()
        .expect("a name")
}

#[wasm_bindgen_test]
fn it_is_a_class_like_the_browsers_own() {
    assert_js("EventSource.name === 'EventSource' && EventSource.length === 1");
    assert_js("Object.getPrototypeOf(EventSource) === EventTarget");
    assert_js("Object.getPrototypeOf(EventSource.prototype) === EventTarget.prototype");
    assert_js("Object.getOwnPropertyDescriptor(EventSource, 'prototype').writable === false");
    assert_js("Object.prototype.toString.call(EventSource.prototype) === '[object EventSource]'");
    assert_js(
        "(({ value, writable, enumerable, configurable }) => value === 'EventSource' && !writable && !enumerable && configurable)(Object.getOwnPropertyDescriptor(EventSource.prototype, Symbol.toStringTag))",
    );
    assert_js(
        "(({ writable, enumerable, configurable }) => writable && !enumerable && configurable)(Object.getOwnPropertyDescriptor(EventSource.prototype, 'constructor'))",
    );
}

#[wasm_bindgen_test]
fn its_constants_are_on_the_constructor_and_the_prototype() {
    for (name, value) in [("CONNECTING", 0), ("OPEN", 1), ("CLOSED", 2)] {
        for object in ["EventSource", "EventSource.prototype"] {
            assert_js(&format!(
                "(({{ value, writable, enumerable, configurable }}) => value === {value} && !writable && enumerable && !configurable)(Object.getOwnPropertyDescriptor({object}, '{name}'))"
            ));
        }
    }
}

#[wasm_bindgen_test]
fn its_members_have_the_descriptors_that_webidl_gives() {
    for name in ["url", "withCredentials", "readyState"] {
        assert_js(&format!(
            "(({{ get, set, enumerable, configurable }}) => get.name === 'get {name}' && get.length === 0 && set === undefined && enumerable && configurable)(Object.getOwnPropertyDescriptor(EventSource.prototype, '{name}'))"
        ));
    }
    for name in ["onopen", "onmessage", "onerror"] {
        assert_js(&format!(
            "(({{ get, set, enumerable, configurable }}) => get.name === 'get {name}' && set.name === 'set {name}' && set.length === 1 && enumerable && configurable)(Object.getOwnPropertyDescriptor(EventSource.prototype, '{name}'))"
        ));
    }
    assert_js(
        "(({ value, writable, enumerable, configurable }) => value.name === 'close' && value.length === 0 && writable && enumerable && configurable)(Object.getOwnPropertyDescriptor(EventSource.prototype, 'close'))",
    );
}

#[wasm_bindgen_test]
fn its_members_throw_a_type_error_on_anything_else() {
    for name in [
        "url",
        "withCredentials",
        "readyState",
        "onopen",
        "onmessage",
        "onerror",
    ] {
        assert_eq!(
            exception(&format!("EventSource.prototype.{name}")),
            "TypeError",
            "{name}"
        );
        assert_eq!(
            exception(&format!(
                "Reflect.get(EventSource.prototype, '{name}', new EventTarget())"
            )),
            "TypeError"
        );
    }
    for name in ["onopen", "onmessage", "onerror"] {
        assert_eq!(
            exception(&format!("EventSource.prototype.{name} = () => {{}}")),
            "TypeError",
            "{name}"
        );
        assert_eq!(
            exception(&format!("EventSource.prototype.{name} = null")),
            "TypeError",
            "{name}"
        );
    }
    assert_eq!(exception("EventSource.prototype.close()"), "TypeError");
    assert_eq!(
        exception("EventSource.prototype.close.call({})"),
        "TypeError"
    );
}

#[wasm_bindgen_test]
fn without_new_or_without_arguments_it_throws_a_type_error() {
    assert_eq!(exception("EventSource(server)"), "TypeError");
    assert_eq!(exception("new EventSource()"), "TypeError");
}

/// The `url` of a source made with these arguments, closed again at once.
fn url_of(arguments: &str) -> String {
    evaluate(
        &format!("(() => {{ const source = new EventSource({arguments}); source.close(); return source.url }})()"),
        &JsValue::UNDEFINED,
    )
    .as_string()
    .expect("a URL")
}

#[wasm_bindgen_test]
fn the_url_argument_is_converted_to_a_string() {
    let base = evaluate(
        "new URL('.', globalThis.document?.baseURI ?? location.href).href",
        &JsValue::UNDEFINED,
    )
    .as_string()
    .expect("a base URL");
    for (argument, path) in [
        ("1", "1"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("{ toString: () => 'text' }", "text"),
        ("[]", ""),
        ("true", "true"),
    ] {
        let expected = if path.is_empty() {
            None
        } else {
            Some(format!("{base}{path}"))
        };
        if let Some(expected) = expected {
            assert_eq!(url_of(argument), expected, "{argument}");
        }
    }
    assert_eq!(
        url_of("new URL('/x?y#z', server)"),
        format!("{}/x?y#z", super::support::SERVER)
    );
    assert_eq!(exception("new EventSource(Symbol('no'))"), "TypeError");
    assert_eq!(
        exception("new EventSource({ toString() { throw new RangeError() } })"),
        "RangeError"
    );
}

#[wasm_bindgen_test]
fn an_empty_url_is_that_of_the_page_or_worker() {
    assert_eq!(
        url_of("''"),
        evaluate("location.href.split('#')[0]", &JsValue::UNDEFINED)
            .as_string()
            .expect("a URL")
    );
}

#[wasm_bindgen_test]
fn an_invalid_url_throws_a_syntax_error() {
    for url in [
        "http://this is invalid/",
        "http://a%20b/",
        "https://a b:80/",
        "http://",
        "http://[",
        "http://a:99999/",
        "//",
        "http://1.2.3.4.5/",
    ] {
        assert_eq!(
            exception(&format!("new EventSource('{url}')")),
            "SyntaxError DOMException",
            "{url}"
        );
    }
}

#[wasm_bindgen_test]
fn a_percent_sign_outside_of_the_host_is_no_error() {
    assert_eq!(
        url_of("'http://a.example/b%20c?d%20e#f%20g'"),
        "http://a.example/b%20c?d%20e#f%20g"
    );
}

#[wasm_bindgen_test]
fn its_dictionary_is_converted_as_webidl_does() {
    for (argument, expected) in [
        ("undefined", false),
        ("null", false),
        ("{}", false),
        ("{ withCredentials: undefined }", false),
        ("{ withCredentials: 0 }", false),
        ("{ withCredentials: true }", true),
        ("{ withCredentials: 'no' }", true),
        ("() => {}", false),
    ] {
        assert_js(&format!(
            "(() => {{ const source = new EventSource(server, {argument}); source.close(); return source.withCredentials === {expected} }})()"
        ));
    }
    for argument in ["1", "'text'", "true", "Symbol()"] {
        assert_eq!(
            exception(&format!("new EventSource(server, {argument})")),
            "TypeError",
            "{argument}"
        );
    }
}

#[wasm_bindgen_test]
fn it_is_connecting_from_the_start_and_closed_after_close() {
    assert_js(
        "(() => { const source = new EventSource(server); const before = source.readyState; source.close(); source.close(); return before === 0 && source.readyState === 2 })()",
    );
}

#[wasm_bindgen_test]
fn it_can_be_subclassed_and_its_instances_have_no_own_properties() {
    assert_js(
        "(() => { class Own extends EventSource {} const source = new Own(server); source.close(); return source instanceof EventSource && source instanceof EventTarget && Reflect.ownKeys(source).length === 0 })()",
    );
}

#[wasm_bindgen_test]
fn event_handlers_are_null_until_set_and_take_only_functions() {
    assert_js(
        "(() => {
            const source = new EventSource(server);
            source.close();
            const handler = () => {};
            return ['onopen', 'onmessage', 'onerror'].every((name) => {
                const before = source[name];
                source[name] = handler;
                const set = source[name];
                for (const value of [undefined, null, 1, 'text', {}, Symbol()]) {
                    source[name] = handler;
                    source[name] = value;
                    if (source[name] !== null) return false;
                }
                return before === null && set === handler;
            });
        })()",
    );
}

#[wasm_bindgen_test]
async fn a_handler_keeps_the_place_at_which_it_was_first_set() {
    let order = await_js(
        "new Promise((resolve) => {
            const source = new EventSource($);
            const order = [];
            source.addEventListener('message', () => order.push('first'));
            source.onmessage = () => order.push('never');
            source.addEventListener('message', () => order.push('last'));
            source.onmessage = function (event) { order.push('handler ' + (this === source) + ' ' + event.data); };
            source.addEventListener('message', () => { source.close(); resolve(order.join()); });
        })",
        &stream("data: x\n\n").url.into(),
    )
    .await;
    assert_eq!(order, "first,handler true x,last");
}

#[wasm_bindgen_test]
async fn a_handler_that_was_set_to_null_is_not_called_and_a_new_one_comes_last() {
    let order = await_js(
        "new Promise((resolve) => {
            const source = new EventSource($);
            const order = [];
            source.onmessage = () => order.push('never');
            source.addEventListener('message', () => order.push('listener'));
            source.onmessage = null;
            source.onmessage = () => { order.push('handler'); source.close(); resolve(order.join()); };
        })",
        &stream("data: x\n\n").url.into(),
    )
    .await;
    assert_eq!(order, "listener,handler");
}

#[wasm_bindgen_test]
async fn listeners_may_be_objects_and_have_options() {
    let calls = await_js(
        "new Promise((resolve) => {
            const source = new EventSource($);
            const calls = [];
            const aborted = new AbortController();
            source.addEventListener('message', { handleEvent(event) { calls.push('object ' + event.data); } });
            source.addEventListener('message', () => calls.push('once'), { once: true });
            source.addEventListener('message', () => calls.push('aborted'), { signal: aborted.signal });
            source.addEventListener('message', (event) => {
                aborted.abort();
                if (event.data === 'b') { source.close(); resolve(calls.join()); }
            });
        })",
        &stream("data: a\n\ndata: b\n\n").url.into(),
    )
    .await;
    assert_eq!(calls, "object a,once,aborted,object b");
}

#[wasm_bindgen_test]
async fn events_of_the_page_can_be_dispatched_on_it_too() {
    let mut recorder = Recorder::of(&stream("data: x\n\n").url);
    assert_eq!(recorder.take(2).await, ["open 1", "message: x"]);
    let event = web_sys::MessageEvent::new("message").expect("an event");
    event.init_message_event_with_bubbles_and_cancelable_and_data(
        "message",
        false,
        false,
        &"mine".into(),
    );
    recorder
        .source
        .dispatch_event(&event)
        .expect("it is dispatched");
    assert_eq!(recorder.next().await, "message: mine");
}
