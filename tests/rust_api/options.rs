//! Options that make no sense are told by name.

use eventsource_wasm::{Builder, EventSource, Retry};
use wasm_bindgen_test::wasm_bindgen_test;

#[track_caller]
fn assert_wrong(builder: Builder, option: &str, part_of_message: &str) {
    let Err(error) = builder.open() else {
        panic!("{option} is accepted");
    };
    assert_eq!(error.option, option);
    let message = error.to_string();
    assert!(message.contains(part_of_message), "{message}");
    assert!(message.contains(&format!("`{option}`")), "{message}");
}

fn builder() -> Builder {
    EventSource::builder("/events")
}

#[wasm_bindgen_test]
fn urls_that_can_t_be_requested() {
    assert_wrong(EventSource::builder("http://["), "url", "not a valid URL");
    assert_wrong(
        EventSource::builder("ftp://example.org/"),
        "url",
        "http: and https: URLs only",
    );
    assert_wrong(
        EventSource::builder("data:text/event-stream,data:a"),
        "url",
        "only",
    );
    assert_wrong(
        EventSource::builder("http://user:word@example.org/"),
        "url",
        "user name",
    );
    let source = EventSource::new("../events?x=é#y").unwrap();
    let page = js_sys::eval("location.origin")
        .unwrap()
        .as_string()
        .unwrap();
    assert_eq!(source.url(), format!("{page}/events?x=%C3%A9#y"));
}

#[wasm_bindgen_test]
fn requests_that_can_t_be_made() {
    assert_wrong(builder().method("CONNECT"), "method", "CONNECT");
    assert_wrong(builder().method("no method"), "method", "can be requested");
    assert_wrong(
        builder().headers([("no name", "x")]),
        "headers",
        "can't be sent",
    );
    assert_wrong(
        builder().headers([("X-Name", "…")]),
        "headers",
        "can't be sent",
    );
    assert_wrong(builder().body("text"), "body", "Set the option `method`");
    assert_wrong(
        builder().method("head").body("text"),
        "body",
        "can't go with head",
    );
    assert!(builder().method("POST").body("text").open().is_ok());
}

#[wasm_bindgen_test]
fn ids_that_can_t_be() {
    for id in ["a\nb", "a\rb", "a\0b"] {
        assert_wrong(
            builder().last_event_id(id),
            "last_event_id",
            "which no ID can",
        );
    }
    assert_wrong(
        builder().last_event_id_param(""),
        "last_event_id_param",
        "is empty",
    );
}

#[wasm_bindgen_test]
fn times_that_no_timer_holds() {
    for time in [0, 1 << 31] {
        assert_wrong(
            builder().connect_timeout(time),
            "connect_timeout",
            "from 1 to 2147483647 ms",
        );
        assert_wrong(
            builder().idle_timeout(time),
            "idle_timeout",
            "from 1 to 2147483647 ms",
        );
    }
}

#[wasm_bindgen_test]
fn policies_that_make_no_sense() {
    let default = Retry::default();
    for (retry, part_of_message) in [
        (
            Retry {
                delay: -1.0,
                ..default
            },
            "has delay -1. It has to be 0 or more",
        ),
        (
            Retry {
                delay: f64::NAN,
                ..default
            },
            "has delay NaN",
        ),
        (
            Retry {
                factor: 0.5,
                ..default
            },
            "has factor 0.5. It has to be 1 or more",
        ),
        (
            Retry {
                max_delay: -1.0,
                ..default
            },
            "has max_delay -1",
        ),
        (
            Retry {
                jitter: 1.5,
                ..default
            },
            "has jitter 1.5. It has to be from 0 to 1",
        ),
        (
            Retry {
                reset_after: Some(-1.0),
                ..default
            },
            "has reset_after -1",
        ),
    ] {
        assert_wrong(builder().retry(retry), "retry", part_of_message);
    }
    assert_wrong(
        builder().retry_statuses([503, 200]),
        "retry_statuses",
        "contains 200",
    );
    assert_wrong(
        builder().retry_statuses([1000]),
        "retry_statuses",
        "from 201 to 599",
    );
}
