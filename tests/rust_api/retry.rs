//! When another attempt follows, and after which wait.

use eventsource_wasm::{Decision, Event, EventSource, Failure, Retry, Statuses};
use futures_util::StreamExt;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::{
    all, at, ends, first_loss, new_key, post_script, refusal, requests, script, stays_open, take,
    without_preflights,
};

const FAST: Retry = Retry {
    delay: 100.0,
    factor: 2.0,
    max_delay: 350.0,
    jitter: 0.0,
    attempts: u32::MAX,
    reset_after: None,
};

/// A connection that ends in a network error before there is a response.
///
/// It is a redirect that leads nowhere: a request whose connection is reset, browsers repeat
/// themselves.
fn network_error() -> Value {
    json!({ "status": 302, "headers": { "location": "data:,nowhere" } })
}

fn unavailable() -> Value {
    refusal(503, ("x-reason", "busy"), "busy")
}

/// The delays of the next reconnections.
async fn delays(source: &mut EventSource, count: usize) -> Vec<u32> {
    let delays = source.filter_map(|item| async {
        match item {
            Ok(Event::Reconnecting(loss)) => Some(loss.delay),
            _ => None,
        }
    });
    delays.take(count).collect().await
}

#[wasm_bindgen_test]
async fn a_loss_tells_all_that_is_known_of_it() {
    let long = "é".repeat(4_000);
    let script = script(&json!([refusal(503, ("x-reason", "busy"), &long)]));
    let mut source = EventSource::new(&script.url).unwrap();
    let error = first_loss(&mut source).await;
    assert_eq!(error.failure, Failure::Status);
    assert_eq!(error.status, Some(503));
    assert_eq!(error.url, script.url);
    let headers = error.headers.as_ref().unwrap();
    assert_eq!(headers.get("x-reason").unwrap().as_deref(), Some("busy"));
    assert_eq!(error.body.as_deref(), Some(&*"é".repeat(2_048)));
    assert_eq!(
        error.to_string(),
        format!(
            "EventSource of {}: the server answered with status 503 instead of 200.",
            script.url
        )
    );

    let mut source =
        EventSource::new(at("/events/status/200?type=text/html&body=%3Cp%3E")).unwrap();
    let error = first_loss(&mut source).await;
    assert_eq!(
        (error.failure, error.status),
        (Failure::ContentType, Some(200))
    );
    assert_eq!(error.body.as_deref(), Some("<p>"));
    assert!(error.to_string().contains("\"text/html\""), "{error}");
}

#[wasm_bindgen_test]
async fn a_refused_response_that_never_ends_is_not_waited_for_long() {
    let script = script(&json!([{
        "status": 500, "steps": [{ "text": "sorry" }, { "hang": true }],
    }]));
    let error = first_loss(&mut EventSource::new(&script.url).unwrap()).await;
    assert_eq!(error.body.as_deref(), Some("sorry"));
    assert_eq!(requests(&script.key, 1, 1).await[0]["how"], "client-gone");
}

#[wasm_bindgen_test]
async fn a_server_that_cors_keeps_from_us_fails_the_source() {
    let mut source = EventSource::new(at("/events/clock?cors=none")).unwrap();
    let error = first_loss(&mut source).await;
    assert_eq!(error.failure, Failure::Cors);
    assert!(error.cause.is_some(), "what fetch was rejected with");
    assert!(source.next().await.is_none());
}

#[wasm_bindgen_test]
async fn a_server_that_is_down_is_tried_again() {
    let mut source = EventSource::builder("http://127.0.0.1:9/events")
        .retry(FAST)
        .open()
        .unwrap();
    let error = first_loss(&mut source).await;
    assert_eq!((error.failure, error.status), (Failure::Network, None));
    assert!(error.cause.is_some());
    assert_eq!(take(&mut source, 1).await, ["again Network 2"]);
}

#[wasm_bindgen_test]
async fn a_policy_says_how_long_waits_are_and_how_often_it_is_tried() {
    let script = script(&json!([
        network_error(),
        network_error(),
        network_error(),
        network_error(),
        network_error(),
    ]));
    let mut source = EventSource::builder(&script.url)
        .retry(Retry {
            attempts: 3,
            ..FAST
        })
        .fetch(super::support::function(
            "(...request) => fetch(...request)",
            &"".into(),
        ))
        .open()
        .unwrap();
    assert_eq!(delays(&mut source, 3).await, [100, 200, 350]);
    let error = source.next().await.unwrap().unwrap_err();
    assert_eq!(error.failure, Failure::Network);
    assert!(source.next().await.is_none());
    let requests = requests(&script.key, 4, 4).await;
    let time = |request: &Value, name: &str| request[name].as_f64().unwrap();
    for (pair, least) in requests.windows(2).zip([100.0, 200.0, 350.0]) {
        let wait = time(&pair[1], "time") - time(&pair[0], "ended");
        assert!(wait >= least - 5.0, "{wait} for {least}");
    }
}

#[wasm_bindgen_test]
async fn without_statuses_none_is_tried_again_and_with_them_these_are() {
    for (statuses, status, expected) in [
        (Statuses::None, 503, false),
        (Statuses::Transient, 503, true),
        (Statuses::Transient, 429, true),
        (Statuses::Transient, 404, false),
        ([404].into(), 404, true),
        ([404].into(), 503, false),
    ] {
        let script = script(&json!([
            refusal(status, ("x-reason", "busy"), ""),
            stays_open(":\n")
        ]));
        let mut source = EventSource::builder(&script.url)
            .retry(FAST)
            .retry_statuses(statuses.clone())
            .open()
            .unwrap();
        let expected = if expected {
            "again Status 1"
        } else {
            "failed Status"
        };
        assert_eq!(
            take(&mut source, 1).await,
            [expected],
            "{statuses:?} {status}"
        );
    }
}

#[wasm_bindgen_test]
async fn a_retry_after_is_waited_for() {
    let in_a_minute = js_sys::Date::new(&(js_sys::Date::now() + 60_000.0).into());
    let date = String::from(in_a_minute.to_utc_string());
    let script = script(&json!([
        refusal(503, ("retry-after", "7"), ""),
        refusal(503, ("retry-after", &date), ""),
        refusal(503, ("retry-after", "soon"), ""),
        refusal(404, ("retry-after", "7"), ""),
    ]));
    let mut source = EventSource::builder(&script.url)
        .retry(FAST)
        .retry_statuses(Statuses::Transient)
        .open()
        .unwrap();
    let mut delays = Vec::new();
    for _ in 0..3 {
        delays.extend(self::delays(&mut source, 1).await);
        source.reconnect();
    }
    assert_eq!((delays[0], delays[2]), (7_000, 100));
    assert!((50_000..=60_000).contains(&delays[1]), "{delays:?}");
    assert_eq!(take(&mut source, 1).await, ["failed Status"]);
}

#[wasm_bindgen_test]
async fn retry_if_has_the_last_word() {
    let script = script(&json!([
        refusal(404, ("x-reason", "not yet"), "not yet"),
        ends("data: a\n\n"),
    ]));
    let source = EventSource::builder(&script.url)
        .retry_if(|error, decision| {
            assert_eq!(error.failure, decision.failure);
            match error.body.as_deref() {
                Some("not yet") => Decision {
                    retry: true,
                    delay: 150,
                    ..decision
                },
                _ => Decision {
                    retry: false,
                    ..decision
                },
            }
        })
        .open()
        .unwrap();
    assert_eq!(
        all(source).await,
        ["again Status 1", "open", "message: a", "failed Ended"]
    );
    let requests = requests(&script.key, 2, 2).await;
    let wait = requests[1]["time"].as_f64().unwrap() - requests[0]["ended"].as_f64().unwrap();
    assert!((140.0..1_000.0).contains(&wait), "{wait}");
}

#[wasm_bindgen_test]
async fn a_post_is_made_again_until_it_has_delivered_an_event() {
    let connections = json!([
        unavailable(),
        ends("retry: 20\n: nothing yet\n\n"),
        ends("data: a\n\n"),
        stays_open("data: b\n\n"),
    ]);
    let post = |url: &str| {
        EventSource::builder(url)
            .method("POST")
            .body(connections.to_string())
            .retry(FAST)
            .retry_statuses([503])
    };
    let once = post_script();
    assert_eq!(
        all(post(&once.url).open().unwrap()).await,
        [
            "again Status 1",
            "open",
            "again Ended 2",
            "open",
            "message: a",
            "failed Ended"
        ]
    );
    assert_eq!(without_preflights(requests(&once.key, 3, 3).await).len(), 3);

    let again = post_script();
    let mut source = post(&again.url).resend(true).open().unwrap();
    assert_eq!(
        take(&mut source, 8).await[5..],
        ["again Ended 1", "open", "message: b"]
    );
}

#[wasm_bindgen_test]
async fn an_attempt_without_a_response_in_time_has_failed() {
    let key = new_key();
    let mut source = EventSource::builder(at(&format!("/events/hang?key={key}")))
        .connect_timeout(150)
        .retry(FAST)
        .open()
        .unwrap();
    assert_eq!(
        take(&mut source, 2).await,
        ["again Timeout 1", "again Timeout 2"]
    );
    let requests = requests(&key, 2, 2).await;
    assert_eq!(requests[0]["how"], "client-gone");

    let mut source = EventSource::builder(at("/events/delayed?headers=100"))
        .connect_timeout(5_000)
        .open()
        .unwrap();
    assert_eq!(take(&mut source, 2).await, ["open", "message: delayed"]);
}

#[wasm_bindgen_test]
async fn a_stream_that_brings_nothing_for_too_long_has_failed_and_any_byte_counts() {
    let mut steps = vec![json!({ "text": "data: a\n\n" })];
    for _ in 0..8 {
        steps.extend([json!({ "pause": 100 }), json!({ "text": ":" })]);
    }
    steps.extend([json!({ "text": "\ndata: b\n\n" }), json!({ "hang": true })]);
    let script = script(&json!([steps, stays_open("data: c\n\n")]));
    let mut source = EventSource::builder(&script.url)
        .idle_timeout(500)
        .retry(FAST)
        .open()
        .unwrap();
    assert_eq!(
        take(&mut source, 6).await,
        [
            "open",
            "message: a",
            "message: b",
            "again Timeout 1",
            "open",
            "message: c"
        ]
    );
    let requests = requests(&script.key, 2, 1).await;
    assert_eq!(requests[0]["how"], "client-gone");
}

#[wasm_bindgen_test]
async fn a_slow_application_is_no_idle_stream() {
    let script = script(&json!([[
        { "text": "data: a\n\n" }, { "pause": 50 }, { "text": "data: b\n\n" }, { "hang": true },
    ]]));
    let mut source = EventSource::builder(&script.url)
        .idle_timeout(300)
        .open()
        .unwrap();
    assert_eq!(take(&mut source, 2).await, ["open", "message: a"]);
    // Its next read is pending, and its timer runs.
    assert!(
        futures_util::future::poll_immediate(source.next())
            .await
            .is_none()
    );
    super::support::pass(600).await;
    assert_eq!(take(&mut source, 1).await, ["message: b"]);
}
