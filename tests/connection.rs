//! The life of an EventSource, with a clock that is only a number.
#![cfg(not(target_arch = "wasm32"))]

use eventsource_wasm::connection::Action::{
    Abort, Announce, Fail, Probe, Reestablish, Request, StopWaiting, Suspend, Wait,
};
use eventsource_wasm::connection::{
    Action, CAP, Connection, DEFAULT_RECONNECTION_TIME, FLOOR, Failure, Input, LONGEST_TIMER,
    State, check_response, is_event_stream,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const OPENS: Input = Input::Response(Ok(()));
const NOTHING: [Action; 0] = [];

/// A source whose first request is under way.
fn connecting() -> Connection {
    let mut connection = Connection::new(false);
    assert_eq!(connection.input(Input::Construct), [Request]);
    connection
}

fn open() -> Connection {
    let mut connection = connecting();
    assert_eq!(connection.input(OPENS), [Announce]);
    connection
}

/// The wait after which the source requests again, with its jitter at its largest.
fn wait(connection: &mut Connection) -> u32 {
    let delay = connection.delay(1.0);
    assert_eq!(connection.input(Input::Elapsed), [Request]);
    delay
}

/// The waits of attempts that fail one after the other.
fn failing_waits(connection: &mut Connection, attempts: usize) -> Vec<u32> {
    let mut attempt = || {
        assert_eq!(connection.input(Input::Rejected), [Wait, Reestablish]);
        wait(connection)
    };
    (0..attempts).map(|_| attempt()).collect()
}

#[test]
fn a_good_response_announces_the_connection() {
    let mut connection = connecting();
    assert_ne!(connection.state(), State::Open);
    assert_eq!(connection.input(OPENS), [Announce]);
    assert_eq!(connection.state(), State::Open);
}

#[test]
fn any_other_response_fails_the_connection_for_good() {
    for failure in [Failure::Status, Failure::ContentType] {
        let mut connection = connecting();
        assert_eq!(
            connection.input(Input::Response(Err(failure))),
            [Abort, Fail]
        );
        assert_eq!(connection.state(), State::Closed);
        assert_eq!(connection.failure(), Some(failure));
        assert_eq!(connection.input(Input::Elapsed), NOTHING);
    }
}

#[test]
fn a_bad_response_to_a_reconnection_fails_it_too() {
    let mut connection = open();
    connection.input(Input::Ended);
    connection.input(Input::Elapsed);
    assert_eq!(
        connection.input(Input::Response(Err(Failure::Status))),
        [Abort, Fail]
    );
}

#[test]
fn the_end_of_the_body_reestablishes_the_connection() {
    let mut connection = open();
    assert_eq!(connection.input(Input::Ended), [Wait, Reestablish]);
    assert_ne!(connection.state(), State::Open);
    assert_eq!(connection.input(Input::Elapsed), [Request]);
    assert_eq!(connection.input(OPENS), [Announce]);
}

#[test]
fn a_network_error_before_the_response_reestablishes_the_connection() {
    let mut connection = connecting();
    assert_eq!(connection.input(Input::Rejected), [Wait, Reestablish]);
    assert_eq!(connection.input(Input::Elapsed), [Request]);
}

#[test]
fn a_first_failure_of_a_cross_origin_source_is_looked_into() {
    let mut connection = Connection::new(true);
    connection.input(Input::Construct);
    assert_eq!(connection.input(Input::Rejected), [Probe]);
    assert_ne!(connection.state(), State::Open);
    assert_eq!(connection.input(Input::Reached), [Abort, Fail]);
    assert_eq!(connection.failure(), Some(Failure::Cors));
}

#[test]
fn a_server_that_is_down_is_tried_again_and_not_looked_into_again() {
    let mut connection = Connection::new(true);
    connection.input(Input::Construct);
    connection.input(Input::Rejected);
    assert_eq!(connection.input(Input::Unreachable), [Wait, Reestablish]);
    assert_eq!(connection.input(Input::Elapsed), [Request]);
    assert_eq!(connection.input(Input::Rejected), [Wait, Reestablish]);
}

#[test]
fn a_source_that_was_open_is_never_taken_for_forbidden() {
    let mut connection = Connection::new(true);
    connection.input(Input::Construct);
    connection.input(OPENS);
    connection.input(Input::Ended);
    connection.input(Input::Elapsed);
    assert_eq!(connection.input(Input::Rejected), [Wait, Reestablish]);
}

#[test]
fn close_stops_whatever_is_under_way_and_is_final() {
    let mut waiting = open();
    waiting.input(Input::Ended);
    let mut probing = Connection::new(true);
    probing.input(Input::Construct);
    probing.input(Input::Rejected);
    let mut suspended = open();
    suspended.input(Input::Leave);
    for mut connection in [connecting(), open(), waiting, probing, suspended] {
        assert_eq!(connection.input(Input::Close), [Abort, StopWaiting]);
        assert_eq!(connection.state(), State::Closed);
        for late in [
            OPENS,
            Input::Rejected,
            Input::Ended,
            Input::Elapsed,
            Input::Return,
            Input::Close,
        ] {
            assert_eq!(connection.input(late), NOTHING);
        }
        assert_eq!(connection.failure(), None);
    }
}

#[test]
fn an_event_past_the_limit_fails_the_connection() {
    let mut connection = open();
    assert_eq!(connection.input(Input::LimitExceeded), [Abort, Fail]);
    assert_eq!(connection.failure(), Some(Failure::Limit));
}

#[test]
fn leaving_the_page_aborts_without_an_event_and_coming_back_requests_at_once() {
    let mut waiting = open();
    waiting.input(Input::Ended);
    for mut connection in [connecting(), open(), waiting] {
        assert_eq!(
            connection.input(Input::Leave),
            [Abort, StopWaiting, Suspend]
        );
        assert_ne!(connection.state(), State::Open);
        assert_eq!(connection.input(Input::Rejected), NOTHING);
        assert_eq!(connection.input(Input::Elapsed), NOTHING);
        assert_eq!(connection.input(Input::Return), [Request]);
        assert_eq!(connection.input(OPENS), [Announce]);
    }
}

#[test]
fn a_source_that_was_looked_into_while_the_page_was_left_is_looked_into_again() {
    let mut connection = Connection::new(true);
    connection.input(Input::Construct);
    assert_eq!(connection.input(Input::Rejected), [Probe]);
    connection.input(Input::Leave);
    assert_eq!(connection.input(Input::Return), [Request]);
    assert_eq!(connection.input(Input::Rejected), [Probe]);
    assert_eq!(connection.input(Input::Reached), [Abort, Fail]);
}

#[test]
fn an_end_while_the_page_may_be_left_is_no_error() {
    let mut probing = Connection::new(true);
    probing.input(Input::Construct);
    probing.input(Input::Rejected);
    for (mut connection, end) in [
        (open(), Input::Ended),
        (connecting(), Input::Rejected),
        (probing, Input::Unreachable),
    ] {
        assert_eq!(connection.input(Input::BeforeLeave), NOTHING);
        assert_eq!(connection.input(end), [Suspend]);
        assert_eq!(
            connection.input(Input::Leave),
            [Abort, StopWaiting, Suspend]
        );
        assert_eq!(connection.input(Input::Return), [Request]);
    }
}

#[test]
fn an_end_while_the_page_may_be_left_becomes_an_error_when_it_stays() {
    let mut connection = open();
    connection.input(Input::BeforeLeave);
    connection.input(Input::Ended);
    assert_eq!(connection.input(Input::Stay), [Wait, Reestablish]);
    assert_eq!(wait(&mut connection), 3_000);
}

#[test]
fn a_page_that_stays_with_its_connection_changes_nothing() {
    let mut connection = open();
    connection.input(Input::BeforeLeave);
    assert_eq!(connection.input(Input::Stay), NOTHING);
    assert_eq!(connection.input(Input::Ended), [Wait, Reestablish]);
}

#[test]
fn a_closed_source_stays_closed_when_the_page_comes_back() {
    let mut connection = open();
    connection.input(Input::Close);
    assert_eq!(connection.input(Input::Leave), NOTHING);
    assert_eq!(connection.input(Input::Return), NOTHING);
}

#[test]
fn the_wait_is_three_seconds_until_the_server_says_otherwise() {
    let mut connection = open();
    connection.input(Input::Ended);
    assert_eq!(wait(&mut connection), 3_000);
    connection.input(OPENS);
    connection.input(Input::ReconnectionTime(250));
    connection.input(Input::ReconnectionTime(1_234));
    connection.input(Input::Ended);
    assert_eq!(wait(&mut connection), 1_234);
    connection.input(OPENS);
    connection.input(Input::Ended);
    assert_eq!(
        wait(&mut connection),
        1_234,
        "it holds for later connections"
    );
}

#[test]
fn long_polling_waits_just_the_reconnection_time_however_often() {
    let mut connection = open();
    connection.input(Input::ReconnectionTime(200));
    for _ in 0..1_000 {
        connection.input(Input::Ended);
        assert_eq!(wait(&mut connection), 200);
        connection.input(OPENS);
    }
}

#[test]
fn the_wait_grows_while_attempts_fail_up_to_a_cap() {
    let waits = failing_waits(&mut connecting(), 8);
    assert_eq!(
        waits,
        [3_000, 6_000, 12_000, 24_000, 30_000, 30_000, 30_000, 30_000]
    );
    assert_eq!(u64::from(*waits.last().unwrap()), CAP);
}

#[test]
fn jitter_spreads_the_grown_wait_but_never_below_the_reconnection_time() {
    let mut connection = connecting();
    for (least, most) in [
        (3_000, 3_000),
        (3_000, 6_000),
        (6_000, 12_000),
        (12_000, 24_000),
        (15_000, 30_000),
    ] {
        connection.input(Input::Rejected);
        assert_eq!(
            (connection.delay(0.0), connection.delay(1.0)),
            (least, most)
        );
        assert!((least..=most).contains(&connection.delay(0.37)));
        connection.input(Input::Elapsed);
    }
}

#[test]
fn a_connection_that_delivered_starts_the_growth_over() {
    let mut connection = connecting();
    failing_waits(&mut connection, 4);
    connection.input(OPENS);
    connection.input(Input::Delivered);
    connection.input(Input::Ended);
    assert_eq!(wait(&mut connection), 3_000);
    assert_eq!(failing_waits(&mut connection, 2), [3_000, 6_000]);
}

#[test]
fn a_connection_that_only_opened_does_not_start_the_growth_over() {
    let mut connection = connecting();
    failing_waits(&mut connection, 2);
    connection.input(OPENS);
    connection.input(Input::Ended);
    assert_eq!(
        wait(&mut connection),
        3_000,
        "it was open, so it waits just the reconnection time"
    );
    assert_eq!(failing_waits(&mut connection, 1), [12_000]);
}

#[test]
fn a_reconnection_time_of_zero_is_no_busy_loop() {
    let mut connection = open();
    connection.input(Input::ReconnectionTime(0));
    for _ in 0..10 {
        connection.input(Input::Ended);
        assert_eq!(wait(&mut connection), FLOOR);
        connection.input(OPENS);
    }
    connection.input(Input::Ended);
    connection.input(Input::Elapsed);
    let floor = u64::from(FLOOR);
    let waits = failing_waits(&mut connection, 10);
    assert_eq!(waits[..3], [FLOOR, 2 * FLOOR, 4 * FLOOR]);
    assert_eq!(u64::from(waits[9]), CAP.min(floor << 9));
    assert!(
        failing_waits(&mut connection, 100)
            .iter()
            .all(|wait| *wait >= FLOOR)
    );
}

#[test]
fn a_reconnection_time_past_what_timers_hold_is_clamped() {
    for time in [2_147_483_648, 4_294_967_296, u64::MAX] {
        let mut connection = open();
        connection.input(Input::ReconnectionTime(time));
        connection.input(Input::Ended);
        assert_eq!(wait(&mut connection), LONGEST_TIMER);
        assert_eq!(failing_waits(&mut connection, 2), [LONGEST_TIMER; 2]);
    }
    assert_eq!(i64::from(LONGEST_TIMER), (1 << 31) - 1);
}

#[test]
fn a_long_reconnection_time_holds_though_it_is_past_the_cap() {
    let mut connection = open();
    connection.input(Input::ReconnectionTime(120_000));
    connection.input(Input::Ended);
    assert_eq!(wait(&mut connection), 120_000);
    assert_eq!(failing_waits(&mut connection, 3), [120_000; 3]);
}

#[test]
fn a_server_that_is_down_for_an_hour_sees_few_requests() {
    let mut connection = connecting();
    let mut clock = 0_u64;
    let mut requests = 0;
    while clock < 3_600_000 {
        connection.input(Input::Rejected);
        clock += u64::from(connection.delay(0.5));
        connection.input(Input::Elapsed);
        requests += 1;
    }
    assert!((100..200).contains(&requests), "{requests}");
    assert_eq!(DEFAULT_RECONNECTION_TIME, 3_000);
}

#[test]
fn only_status_200_with_the_mime_type_of_event_streams_opens() {
    assert_eq!(check_response(200, Some(b"text/event-stream")), Ok(()));
    for status in [
        201, 202, 204, 205, 206, 299, 301, 304, 400, 401, 403, 404, 407, 410, 429, 500, 502, 503,
        504,
    ] {
        assert_eq!(
            check_response(status, Some(b"text/event-stream")),
            Err(Failure::Status)
        );
    }
    assert_eq!(check_response(200, None), Err(Failure::ContentType));
    assert_eq!(
        check_response(200, Some(b"text/html")),
        Err(Failure::ContentType)
    );
}

#[test]
fn the_content_type_is_parsed_as_a_mime_type() {
    for good in [
        "text/event-stream",
        "TEXT/Event-Stream",
        "text/event-stream;",
        " text/event-stream ; charset=utf-8",
        "text/event-stream;charset=windows-1252",
        "text/event-stream; a=\"x, text/html\"",
        "text/event-stream; a=\"\\\", text/html\"",
        "text/plain, text/event-stream",
        "text/event-stream, */*",
        "text/event-stream, bogus",
        ", text/event-stream,",
    ] {
        assert!(is_event_stream(good.as_bytes()), "{good:?}");
    }
    for bad in [
        "",
        "text",
        "text/event-streamx",
        "xtext/event-stream",
        "text/event-stream bogus",
        "text/x-bogus",
        "text /event-stream",
        "text/ event-stream",
        "text/event-stream, text/plain",
        "text/plain; a=text/event-stream",
        "text/plain; a=\", text/event-stream\"",
        "event-stream",
        "text/event-stream/x",
        "\u{A0}text/event-stream",
    ] {
        assert!(!is_event_stream(bad.as_bytes()), "{bad:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_inputs_keeps_the_rules(
        cross_origin: bool,
        inputs in vec(select(&[
            Input::Construct, OPENS, Input::Response(Err(Failure::Status)), Input::Rejected, Input::Reached,
            Input::Unreachable, Input::Delivered, Input::ReconnectionTime(0), Input::ReconnectionTime(u64::MAX),
            Input::Ended, Input::LimitExceeded, Input::Elapsed, Input::Close, Input::BeforeLeave, Input::Stay, Input::Leave, Input::Return,
        ][..]), 0..40),
        random in 0.0..1.0_f64,
    ) {
        let mut connection = Connection::new(cross_origin);
        connection.input(Input::Construct);
        let mut waits = false;
        let mut closed = false;
        for input in inputs {
            // A second construction is no input that the shell could make.
            if matches!(input, Input::Construct) {
                continue;
            }
            let before = connection.state();
            let actions = connection.input(input);
            let runs_page = |action: &Action| matches!(action, Announce | Reestablish | Fail);
            prop_assert!(actions.iter().rev().skip(1).all(|action| !runs_page(action)), "the page runs last");
            prop_assert!(!closed || actions.is_empty(), "closed is final");
            prop_assert!(!actions.contains(&Request) || matches!(before, State::Waiting | State::Suspended), "one request at a time");
            if actions.contains(&Wait) {
                prop_assert!(!waits, "one wait at a time");
                waits = true;
            }
            if actions.contains(&StopWaiting) || actions.contains(&Request) {
                waits = false;
            }
            prop_assert_eq!(waits, connection.state() == State::Waiting);
            prop_assert!((FLOOR..=LONGEST_TIMER).contains(&connection.delay(random)));
            closed = connection.state() == State::Closed;
        }
    }
}
