//! The life of an EventSource, with a clock that is only a number.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use arbitrary::{Arbitrary, Unstructured};
use eventsource_wasm::connection::Action::{
    Abort, Announce, Decide, Fail, Probe, Reestablish, Request, StopWaiting, Suspend, Wait,
};
use eventsource_wasm::connection::{
    Action, CAP, Connection, DEFAULT_RECONNECTION_TIME, Decision, FLOOR, Failure, Input,
    LONGEST_TIMER, Options, Repeat, Retry, State, check_response, is_event_stream,
};
use proptest::collection::vec;
use proptest::prelude::*;
use support::any_connection::AnyConnection;

const REJECTED: Input = failed(Failure::Network);
const ENDED: Input = failed(Failure::Ended);
const REFUSED: Input = Input::Refused {
    temporary: false,
    retry_after: None,
};
const NOTHING: [Action; 0] = [];

const ALL_FAILURES: [Failure; 10] = [
    Failure::Status,
    Failure::ContentType,
    Failure::Cors,
    Failure::Limit,
    Failure::Network,
    Failure::Ended,
    Failure::Timeout,
    Failure::Aborted,
    Failure::Callback,
    Failure::Validation,
];

const fn failed(failure: Failure) -> Input {
    open_for(0.0, failure)
}

const fn open_for(open_for: f64, failure: Failure) -> Input {
    Input::Failed { failure, open_for }
}

/// A refusal at whose status the policy tries again.
const fn temporary(retry_after: Option<f64>) -> Input {
    Input::Refused {
        temporary: true,
        retry_after,
    }
}

/// A source whose first request is under way.
fn connecting_with(options: Options) -> Connection {
    let mut connection = Connection::new(options);
    assert_eq!(connection.input(Input::Construct), [Request]);
    connection
}

fn connecting() -> Connection {
    connecting_with(Options::default())
}

fn cross_origin() -> Connection {
    connecting_with(Options {
        cross_origin: true,
        ..Options::default()
    })
}

fn with_policy(retry: Retry) -> Connection {
    connecting_with(Options {
        retry: Some(retry),
        ..Options::default()
    })
}

fn with_repeat(repeat: Repeat) -> Connection {
    connecting_with(Options {
        repeat,
        ..Options::default()
    })
}

fn open() -> Connection {
    let mut connection = connecting();
    assert_eq!(connection.input(Input::Opened), [Announce]);
    connection
}

fn waiting() -> Connection {
    let mut connection = open();
    lose(&mut connection, ENDED);
    connection
}

/// What the source would do now, with its random number at its middle.
fn decision(connection: &Connection) -> Decision {
    assert_eq!(connection.state(), State::Deciding);
    connection.decision(0.5).expect("an attempt has failed")
}

/// Follows the source's own decision, as a shell does whose page does not change it.
fn follow(connection: &mut Connection, random: f64) -> &'static [Action] {
    assert_eq!(connection.state(), State::Deciding);
    let decision = connection.decision(random).expect("an attempt has failed");
    connection.input(if decision.retry {
        Input::Retry(decision.delay.into())
    } else {
        Input::GiveUp
    })
}

/// An attempt or a connection ends this way, and another attempt is going to follow after the grown wait.
fn lose(connection: &mut Connection, input: Input) {
    let actions = connection.input(input);
    assert_eq!(actions.last(), Some(&Decide), "{input:?}");
    // Without a policy the largest random number takes nothing off the wait.
    assert_eq!(follow(connection, 1.0), [Wait, Reestablish], "{input:?}");
    assert_eq!(connection.state(), State::Waiting);
}

/// It ends this way for good.
fn fail(connection: &mut Connection, input: Input, failure: Failure) {
    assert_eq!(connection.input(input), [Abort, Decide], "{input:?}");
    assert_eq!(decision(connection).failure, failure);
    assert_eq!(follow(connection, 1.0), [Fail], "{input:?}");
    assert_eq!(connection.state(), State::Closed);
}

/// The wait after which the source requests again.
fn wait(connection: &mut Connection) -> u32 {
    let wait = connection.wait();
    assert_eq!(connection.input(Input::Elapsed), [Request]);
    wait
}

/// The waits of attempts that fail one after the other.
fn failing_waits(connection: &mut Connection, attempts: usize) -> Vec<u32> {
    let mut attempt = || {
        lose(connection, REJECTED);
        wait(connection)
    };
    (0..attempts).map(|_| attempt()).collect()
}

/// The waits of such attempts under a policy, which a random number of 0 leaves whole.
fn policy_waits(connection: &mut Connection, attempts: usize, random: f64) -> Vec<u32> {
    let mut attempt = || {
        connection.input(REJECTED);
        assert_eq!(follow(connection, random), [Wait, Reestablish]);
        wait(connection)
    };
    (0..attempts).map(|_| attempt()).collect()
}

#[test]
fn a_good_response_announces_the_connection() {
    let mut connection = connecting();
    assert_ne!(connection.state(), State::Open);
    assert_eq!(connection.input(Input::Opened), [Announce]);
    assert_eq!(connection.state(), State::Open);
}

#[test]
fn any_other_response_fails_the_connection_for_good() {
    for (input, failure) in [
        (REFUSED, Failure::Status),
        (failed(Failure::ContentType), Failure::ContentType),
        (failed(Failure::Validation), Failure::Validation),
    ] {
        let mut connection = connecting();
        fail(&mut connection, input, failure);
        assert_eq!(connection.input(Input::Elapsed), NOTHING);
    }
}

#[test]
fn a_bad_response_to_a_reconnection_fails_it_too() {
    let mut connection = waiting();
    connection.input(Input::Elapsed);
    fail(&mut connection, REFUSED, Failure::Status);
}

#[test]
fn the_end_of_the_body_reestablishes_the_connection() {
    for failure in [Failure::Ended, Failure::Network] {
        let mut connection = open();
        assert_eq!(connection.input(failed(failure)), [Abort, Decide]);
        assert_ne!(connection.state(), State::Open);
        assert_eq!(follow(&mut connection, 0.5), [Wait, Reestablish]);
        assert_ne!(connection.state(), State::Open);
        assert_eq!(connection.input(Input::Elapsed), [Request]);
        assert_eq!(connection.input(Input::Opened), [Announce]);
    }
}

#[test]
fn a_network_error_before_the_response_reestablishes_the_connection() {
    let mut connection = connecting();
    assert_eq!(connection.input(REJECTED), [Abort, Decide]);
    assert_eq!(follow(&mut connection, 0.5), [Wait, Reestablish]);
    assert_eq!(connection.input(Input::Elapsed), [Request]);
}

#[test]
fn a_first_failure_of_a_cross_origin_source_is_looked_into() {
    let mut connection = cross_origin();
    assert_eq!(connection.input(REJECTED), [Probe]);
    assert_ne!(connection.state(), State::Open);
    fail(&mut connection, Input::Reached, Failure::Cors);
}

#[test]
fn a_server_that_is_down_is_tried_again_and_not_looked_into_again() {
    let mut connection = cross_origin();
    connection.input(REJECTED);
    assert_eq!(connection.input(Input::Unreachable), [Decide]);
    assert_eq!(decision(&connection).failure, Failure::Network);
    assert_eq!(follow(&mut connection, 0.5), [Wait, Reestablish]);
    assert_eq!(connection.input(Input::Elapsed), [Request]);
    assert_eq!(connection.input(REJECTED), [Abort, Decide]);
}

#[test]
fn a_source_that_was_open_is_never_taken_for_forbidden() {
    let mut connection = cross_origin();
    connection.input(Input::Opened);
    lose(&mut connection, ENDED);
    connection.input(Input::Elapsed);
    assert_eq!(connection.input(REJECTED), [Abort, Decide]);
}

#[test]
fn a_source_that_has_seen_any_response_is_never_taken_for_forbidden() {
    for response in [
        temporary(None),
        failed(Failure::ContentType),
        failed(Failure::Validation),
    ] {
        let mut connection = cross_origin();
        connection.input(response);
        connection.input(Input::Retry(100.0));
        connection.input(Input::Elapsed);
        assert_eq!(connection.input(REJECTED), [Abort, Decide], "{response:?}");
    }
}

#[test]
fn only_a_network_error_may_mean_that_the_source_is_forbidden() {
    for failure in [Failure::Timeout, Failure::Aborted, Failure::Callback] {
        let mut connection = cross_origin();
        assert_eq!(connection.input(failed(failure)), [Abort, Decide]);
        connection.input(Input::Retry(100.0));
        connection.input(Input::Elapsed);
        assert_eq!(connection.input(REJECTED), [Probe], "after {failure:?}");
    }
}

#[test]
fn close_stops_whatever_is_under_way_and_is_final() {
    let mut deciding = open();
    deciding.input(ENDED);
    let mut offline = waiting();
    offline.input(Input::Offline);
    offline.input(Input::Elapsed);
    let mut probing = cross_origin();
    probing.input(REJECTED);
    let mut suspended = open();
    suspended.input(Input::Leave);
    for mut connection in [
        connecting(),
        open(),
        deciding,
        waiting(),
        offline,
        probing,
        suspended,
    ] {
        assert_eq!(connection.input(Input::Close), [Abort, StopWaiting]);
        assert_eq!(connection.state(), State::Closed);
        for late in [
            Input::Opened,
            REJECTED,
            ENDED,
            Input::Retry(0.0),
            Input::GiveUp,
            Input::Elapsed,
            Input::Online,
            Input::Return,
            Input::Show,
            Input::Reconnect,
            Input::Close,
        ] {
            assert_eq!(connection.input(late), NOTHING, "{late:?}");
        }
    }
}

#[test]
fn an_event_past_the_limit_fails_the_connection() {
    fail(&mut open(), failed(Failure::Limit), Failure::Limit);
}

#[test]
fn leaving_the_page_aborts_without_an_event_and_coming_back_requests_at_once() {
    for mut connection in [connecting(), open(), waiting()] {
        assert_eq!(
            connection.input(Input::Leave),
            [Abort, StopWaiting, Suspend]
        );
        assert_ne!(connection.state(), State::Open);
        assert_eq!(connection.input(REJECTED), NOTHING);
        assert_eq!(connection.input(Input::Elapsed), NOTHING);
        assert_eq!(connection.input(Input::Return), [Request]);
        assert_eq!(connection.input(Input::Opened), [Announce]);
    }
}

#[test]
fn a_source_that_was_looked_into_while_the_page_was_left_is_looked_into_again() {
    let mut connection = cross_origin();
    assert_eq!(connection.input(REJECTED), [Probe]);
    connection.input(Input::Leave);
    assert_eq!(connection.input(Input::Return), [Request]);
    assert_eq!(connection.input(REJECTED), [Probe]);
    fail(&mut connection, Input::Reached, Failure::Cors);
}

#[test]
fn an_end_while_the_page_may_be_left_is_no_error() {
    let mut probing = cross_origin();
    probing.input(REJECTED);
    for (mut connection, end) in [
        (open(), ENDED),
        (open(), REJECTED),
        (open(), failed(Failure::Aborted)),
        (connecting(), REJECTED),
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
    connection.input(ENDED);
    assert_eq!(connection.input(Input::Stay), [Decide]);
    assert_eq!(decision(&connection).failure, Failure::Network);
    assert_eq!(follow(&mut connection, 1.0), [Wait, Reestablish]);
    assert_eq!(wait(&mut connection), 3_000);
}

#[test]
fn a_page_that_stays_with_its_connection_changes_nothing() {
    let mut connection = open();
    connection.input(Input::BeforeLeave);
    assert_eq!(connection.input(Input::Stay), NOTHING);
    lose(&mut connection, ENDED);
}

#[test]
fn a_page_that_was_left_requests_nothing_until_it_comes_back() {
    let mut connection = open();
    connection.input(Input::Leave);
    assert_eq!(connection.input(Input::BeforeLeave), NOTHING);
    assert_eq!(connection.input(Input::Stay), NOTHING);
    assert_eq!(connection.input(Input::Return), [Action::Request]);
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
    lose(&mut connection, ENDED);
    assert_eq!(wait(&mut connection), 3_000);
    connection.input(Input::Opened);
    connection.input(Input::ReconnectionTime(250));
    connection.input(Input::ReconnectionTime(1_234));
    lose(&mut connection, ENDED);
    assert_eq!(wait(&mut connection), 1_234);
    connection.input(Input::Opened);
    lose(&mut connection, ENDED);
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
        lose(&mut connection, ENDED);
        assert_eq!(wait(&mut connection), 200);
        connection.input(Input::Opened);
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
        connection.input(REJECTED);
        let delay = |random| connection.decision(random).unwrap().delay;
        assert_eq!((delay(0.0), delay(1.0)), (least, most));
        assert!((least..=most).contains(&delay(0.37)));
        follow(&mut connection, 0.5);
        connection.input(Input::Elapsed);
    }
}

#[test]
fn a_connection_that_delivered_starts_the_growth_over() {
    let mut connection = connecting();
    failing_waits(&mut connection, 4);
    connection.input(Input::Opened);
    connection.input(Input::Delivered);
    lose(&mut connection, ENDED);
    assert_eq!(wait(&mut connection), 3_000);
    assert_eq!(failing_waits(&mut connection, 2), [3_000, 6_000]);
}

#[test]
fn a_connection_that_only_opened_does_not_start_the_growth_over() {
    let mut connection = connecting();
    failing_waits(&mut connection, 2);
    connection.input(Input::Opened);
    lose(&mut connection, ENDED);
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
    assert_eq!(connection.reconnection_time(), 0.0);
    for _ in 0..10 {
        lose(&mut connection, ENDED);
        assert_eq!(wait(&mut connection), FLOOR);
        connection.input(Input::Opened);
    }
    lose(&mut connection, ENDED);
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
        lose(&mut connection, ENDED);
        assert_eq!(wait(&mut connection), LONGEST_TIMER);
        assert_eq!(failing_waits(&mut connection, 2), [LONGEST_TIMER; 2]);
    }
    assert_eq!(i64::from(LONGEST_TIMER), (1 << 31) - 1);
}

#[test]
fn a_long_reconnection_time_holds_though_it_is_past_the_cap() {
    let mut connection = open();
    connection.input(Input::ReconnectionTime(120_000));
    lose(&mut connection, ENDED);
    assert_eq!(wait(&mut connection), 120_000);
    assert_eq!(failing_waits(&mut connection, 3), [120_000; 3]);
}

#[test]
fn a_server_that_is_down_for_an_hour_sees_few_requests() {
    let mut connection = connecting();
    let mut clock = 0_u64;
    let mut requests = 0;
    while clock < 3_600_000 {
        connection.input(REJECTED);
        follow(&mut connection, 0.5);
        clock += u64::from(wait(&mut connection));
        requests += 1;
    }
    assert!((100..200).contains(&requests), "{requests}");
    assert_eq!(DEFAULT_RECONNECTION_TIME, 3_000);
}

#[test]
fn failures_of_the_network_and_of_time_are_temporary_and_what_a_server_says_is_not() {
    for failure in ALL_FAILURES {
        let expected = matches!(
            failure,
            Failure::Network
                | Failure::Ended
                | Failure::Timeout
                | Failure::Aborted
                | Failure::Callback
        );
        assert_eq!(failure.is_temporary(), expected, "{failure:?}");
        let mut connection = open();
        connection.input(failed(failure));
        let decision = decision(&connection);
        assert_eq!((decision.failure, decision.retry), (failure, expected));
    }
}

#[test]
fn there_is_nothing_to_decide_before_a_failure() {
    assert_eq!(connecting().decision(0.5), None);
    assert_eq!(open().decision(0.5), None);
}

#[test]
fn a_status_is_tried_again_only_where_the_policy_says_so() {
    let mut connection = with_policy(Retry::default());
    fail(&mut connection, REFUSED, Failure::Status);
    let mut connection = with_policy(Retry::default());
    lose(&mut connection, temporary(None));
    connection.input(Input::Elapsed);
    fail(&mut connection, REFUSED, Failure::Status);
}

#[test]
fn a_decision_tells_how_manieth_attempt_in_a_row_would_follow() {
    let mut connection = connecting();
    for attempt in 1..5 {
        connection.input(REJECTED);
        assert_eq!(decision(&connection).attempt, attempt);
        follow(&mut connection, 0.5);
        connection.input(Input::Elapsed);
    }
    connection.input(Input::Opened);
    connection.input(ENDED);
    assert_eq!(decision(&connection).attempt, 5, "it has only opened");
    follow(&mut connection, 0.5);
    connection.input(Input::Elapsed);
    connection.input(Input::Opened);
    connection.input(Input::Delivered);
    connection.input(ENDED);
    assert_eq!(decision(&connection).attempt, 1);
}

#[test]
fn the_page_may_decide_otherwise() {
    let mut connection = connecting();
    connection.input(REFUSED);
    assert!(!decision(&connection).retry);
    assert_eq!(connection.input(Input::Retry(1.5)), [Wait, Reestablish]);
    assert_eq!(connection.wait(), FLOOR, "no busy loop by a small number");
    let mut connection = open();
    connection.input(ENDED);
    assert!(decision(&connection).retry);
    assert_eq!(connection.input(Input::GiveUp), [Fail]);
    assert_eq!(connection.state(), State::Closed);
}

#[test]
fn a_wait_that_the_page_decides_is_one_that_timers_can_hold() {
    for (asked, taken) in [
        (0.0, 0),
        (-1.0, 0),
        (f64::NAN, 0),
        (250.0, 250),
        (1e300, LONGEST_TIMER),
        (f64::INFINITY, LONGEST_TIMER),
    ] {
        let mut connection = open();
        connection.input(ENDED);
        connection.input(Input::Retry(asked));
        assert_eq!(connection.wait(), taken, "{asked}");
    }
}

#[test]
fn nothing_else_happens_while_the_page_decides() {
    let mut connection = open();
    connection.input(ENDED);
    for late in [
        ENDED,
        REJECTED,
        REFUSED,
        Input::Opened,
        Input::Delivered,
        Input::Reached,
        Input::Unreachable,
        Input::Elapsed,
        Input::Wake,
        Input::Online,
        Input::Stale,
        Input::Show,
        Input::Return,
    ] {
        assert_eq!(connection.input(late), NOTHING, "{late:?}");
        assert_eq!(connection.state(), State::Deciding);
    }
    assert_eq!(follow(&mut connection, 0.5), [Wait, Reestablish]);
}

#[test]
fn a_decision_about_a_source_that_was_closed_or_left_meanwhile_is_void() {
    for answer in [Input::Retry(10.0), Input::GiveUp] {
        let mut connection = open();
        connection.input(ENDED);
        assert_eq!(connection.input(Input::Close), [Abort, StopWaiting]);
        assert_eq!(connection.input(answer), NOTHING);

        for (away, back) in [(Input::Leave, Input::Return), (Input::Hide, Input::Show)] {
            let mut connection = open();
            connection.input(ENDED);
            assert_eq!(connection.input(away), [Abort, StopWaiting, Suspend]);
            assert_eq!(connection.input(answer), NOTHING);
            assert_eq!(connection.input(back), [Request]);
            assert_eq!(connection.input(answer), NOTHING);
        }

        let mut connection = open();
        connection.input(ENDED);
        connection.input(Input::Reconnect);
        assert_eq!(connection.input(answer), NOTHING);
        assert_eq!(connection.state(), State::Connecting);
    }
}

#[test]
fn a_request_is_repeated_as_often_as_its_kind_allows() {
    for (repeat, before, after) in [
        (Repeat::Always, true, true),
        (Repeat::UntilDelivered, true, false),
        (Repeat::Never, false, false),
    ] {
        let mut connection = with_repeat(repeat);
        connection.input(REJECTED);
        assert_eq!(decision(&connection).retry, before, "{repeat:?}");
        connection.input(Input::Retry(100.0));
        connection.input(Input::Elapsed);
        connection.input(Input::Opened);
        connection.input(ENDED);
        assert_eq!(decision(&connection).retry, before, "{repeat:?}");
        connection.input(Input::Retry(100.0));
        connection.input(Input::Elapsed);
        connection.input(Input::Opened);
        connection.input(Input::Delivered);
        connection.input(ENDED);
        assert_eq!(decision(&connection).retry, after, "{repeat:?}");
        connection.input(Input::Retry(100.0));
        connection.input(Input::Elapsed);
        connection.input(REJECTED);
        assert_eq!(
            decision(&connection).retry,
            after,
            "{repeat:?}: what was delivered stays delivered"
        );
    }
    assert_eq!(Options::default().repeat, Repeat::Always);
}

#[test]
fn a_request_that_may_not_be_repeated_is_not_when_the_page_comes_back_either() {
    let mut connection = with_repeat(Repeat::UntilDelivered);
    connection.input(Input::Opened);
    connection.input(Input::Leave);
    assert_eq!(
        connection.input(Input::Return),
        [Request],
        "nothing delivered yet"
    );
    connection.input(Input::Opened);
    connection.input(Input::Delivered);
    connection.input(Input::Leave);
    assert_eq!(connection.input(Input::Return), [Decide]);
    assert_eq!(decision(&connection).failure, Failure::Network);
    assert_eq!(follow(&mut connection, 0.5), [Fail]);

    let mut connection = with_repeat(Repeat::Never);
    connection.input(Input::Leave);
    assert_eq!(connection.input(Input::Return), [Decide]);
    assert_eq!(follow(&mut connection, 0.5), [Fail]);
}

#[test]
fn a_request_that_may_not_be_repeated_is_interrupted_neither_by_a_hidden_page_nor_by_sleep() {
    let mut delivered = with_repeat(Repeat::UntilDelivered);
    delivered.input(Input::Opened);
    delivered.input(Input::Delivered);
    let mut once = with_repeat(Repeat::Never);
    once.input(Input::Opened);
    for mut connection in [delivered, once] {
        for input in [Input::Hide, Input::Show, Input::Stale] {
            assert_eq!(connection.input(input), NOTHING, "{input:?}");
            assert_eq!(connection.state(), State::Open, "{input:?}");
        }
    }

    let mut connection = with_repeat(Repeat::UntilDelivered);
    assert_eq!(connection.input(Input::Hide), [Abort, StopWaiting, Suspend]);
    assert_eq!(
        connection.input(Input::Show),
        [Request],
        "nothing delivered yet"
    );
    assert_eq!(connection.input(Input::Stale), [Abort, Decide]);
}

#[test]
fn a_request_that_can_be_made_once_is_made_once_the_page_is_shown() {
    let mut connection = Connection::new(Options {
        repeat: Repeat::Never,
        ..Options::default()
    });
    connection.input(Input::Hide);
    assert_eq!(connection.input(Input::Construct), NOTHING);
    assert_eq!(connection.input(Input::Show), [Request]);
}

#[test]
fn a_policy_of_defaults_has_the_times_of_the_standard() {
    let retry = Retry::default();
    assert_eq!(retry.delay, DEFAULT_RECONNECTION_TIME as f64);
    assert_eq!((retry.factor, retry.jitter), (2.0, 0.5));
    assert_eq!(retry.max_delay, CAP as f64);
    assert_eq!((retry.attempts, retry.reset_after), (u32::MAX, None));
    assert_eq!(
        policy_waits(&mut with_policy(retry), 6, 0.0),
        [3_000, 6_000, 12_000, 24_000, 30_000, 30_000]
    );
}

#[test]
fn a_policy_sets_the_first_wait_its_growth_and_its_end() {
    let retry = Retry {
        delay: 200.0,
        factor: 3.0,
        max_delay: 2_000.0,
        jitter: 0.0,
        ..Retry::default()
    };
    for random in [0.0, 0.9] {
        assert_eq!(
            policy_waits(&mut with_policy(retry), 5, random),
            [200, 600, 1_800, 2_000, 2_000],
            "there is no jitter"
        );
    }
    let constant = Retry {
        factor: 1.0,
        ..retry
    };
    assert_eq!(policy_waits(&mut with_policy(constant), 3, 0.0), [200; 3]);
}

#[test]
fn jitter_takes_off_a_share_of_each_wait_of_a_policy() {
    for (jitter, random, expected) in [
        (0.5, 0.0, 8_000),
        (0.5, 0.5, 6_000),
        (0.5, 0.999_999_999, 4_000),
        (1.0, 0.999_999_999, FLOOR),
        (0.25, 0.5, 7_000),
    ] {
        let mut connection = with_policy(Retry {
            delay: 8_000.0,
            jitter,
            ..Retry::default()
        });
        connection.input(REJECTED);
        let wait = connection.decision(random).unwrap().delay;
        assert!(wait.abs_diff(expected) <= 1, "{jitter} {random}: {wait}");
    }
}

#[test]
fn the_server_s_retry_is_where_a_policy_starts_and_the_least_it_waits() {
    let mut connection = with_policy(Retry {
        delay: 100.0,
        max_delay: 10_000.0,
        jitter: 1.0,
        ..Retry::default()
    });
    assert_eq!(connection.reconnection_time(), 100.0);
    connection.input(Input::Opened);
    connection.input(Input::ReconnectionTime(4_000));
    assert_eq!(connection.reconnection_time(), 4_000.0);
    connection.input(ENDED);
    follow(&mut connection, 0.0);
    assert_eq!(wait(&mut connection), 4_000);
    assert_eq!(policy_waits(&mut connection, 2, 0.0), [8_000, 10_000]);
    assert_eq!(policy_waits(&mut connection, 2, 0.9), [4_000; 2], "jitter");

    let mut connection = with_policy(Retry {
        max_delay: 1_000.0,
        ..Retry::default()
    });
    connection.input(Input::Opened);
    connection.input(Input::ReconnectionTime(60_000));
    connection.input(ENDED);
    follow(&mut connection, 0.0);
    assert_eq!(wait(&mut connection), 60_000, "also past max_delay");
}

#[test]
fn no_policy_is_a_busy_loop_nor_longer_than_timers_hold() {
    let mut busy = with_policy(Retry {
        delay: 0.0,
        factor: 0.0,
        max_delay: 0.0,
        jitter: 1.0,
        ..Retry::default()
    });
    assert_eq!(policy_waits(&mut busy, 5, 0.5), [FLOOR; 5]);
    let mut lazy = with_policy(Retry {
        delay: f64::MAX,
        factor: f64::MAX,
        max_delay: f64::INFINITY,
        jitter: 1.0,
        ..Retry::default()
    });
    assert_eq!(policy_waits(&mut lazy, 5, 0.5), [LONGEST_TIMER; 5]);
}

#[test]
fn under_a_policy_waits_grow_though_each_connection_sends_its_headers() {
    let mut connection = with_policy(Retry {
        delay: 100.0,
        ..Retry::default()
    });
    let mut lost_after = |delivered: bool| {
        connection.input(Input::Opened);
        if delivered {
            connection.input(Input::Delivered);
        }
        connection.input(open_for(1e6, Failure::Ended));
        follow(&mut connection, 0.0);
        wait(&mut connection)
    };
    assert_eq!([false; 4].map(&mut lost_after), [100, 200, 400, 800]);
    assert_eq!([true, false, true].map(lost_after), [100, 200, 100]);
}

#[test]
fn with_reset_after_only_a_connection_that_stays_open_starts_the_growth_over() {
    let mut connection = with_policy(Retry {
        delay: 100.0,
        reset_after: Some(5_000.0),
        ..Retry::default()
    });
    let lost_after = |time: f64| {
        connection.input(Input::Opened);
        connection.input(Input::Delivered);
        connection.input(open_for(time, Failure::Network));
        follow(&mut connection, 0.0);
        wait(&mut connection)
    };
    assert_eq!(
        [4_999.9, 0.0, 4_000.0, 5_000.0, 0.0].map(lost_after),
        [100, 200, 400, 100, 200]
    );
}

#[test]
fn attempts_limits_the_failures_in_a_row() {
    for attempts in [0, 1, 3] {
        let retry = Retry {
            attempts,
            ..Retry::default()
        };
        let mut connection = with_policy(retry);
        policy_waits(&mut connection, attempts as usize, 0.5);
        connection.input(REJECTED);
        let Decision { retry, attempt, .. } = decision(&connection);
        assert_eq!((retry, attempt), (false, attempts + 1));
        assert_eq!(follow(&mut connection, 0.5), [Fail]);
    }
}

#[test]
fn a_connection_that_delivers_has_all_its_attempts_again() {
    let mut connection = with_policy(Retry {
        attempts: 2,
        ..Retry::default()
    });
    for _ in 0..3 {
        connection.input(Input::Opened);
        connection.input(Input::Delivered);
        lose(&mut connection, ENDED);
        connection.input(Input::Elapsed);
        policy_waits(&mut connection, 1, 0.5);
    }
    connection.input(REJECTED);
    assert_eq!(follow(&mut connection, 0.5), [Fail]);
}

#[test]
fn a_server_s_retry_after_is_the_wait_within_what_timers_hold() {
    for (asked, taken) in [
        (7_000.0, 7_000),
        (0.0, FLOOR),
        (86_400_000.0, 86_400_000),
        (1e15, LONGEST_TIMER),
    ] {
        let mut connection = with_policy(Retry::default());
        connection.input(temporary(Some(asked)));
        assert_eq!(decision(&connection).delay, taken, "{asked}");
        assert_eq!(follow(&mut connection, 0.0), [Wait, Reestablish]);
        assert_eq!(wait(&mut connection), taken);
        connection.input(temporary(None));
        follow(&mut connection, 0.0);
        assert_eq!(
            wait(&mut connection),
            6_000,
            "it holds once, and the row goes on"
        );
    }
}

#[test]
fn without_a_network_the_wait_ends_when_there_is_one_again() {
    let mut connection = waiting();
    assert_eq!(connection.input(Input::Offline), NOTHING);
    assert_eq!(connection.input(Input::Wake), NOTHING);
    assert_eq!(connection.input(Input::Elapsed), NOTHING);
    assert_eq!(connection.state(), State::Offline);
    assert_eq!(connection.input(Input::Wake), NOTHING);
    assert_eq!(connection.input(Input::Elapsed), NOTHING);
    assert_eq!(connection.input(Input::Online), [Request]);
    assert_eq!(connection.input(Input::Opened), [Announce]);
}

#[test]
fn a_network_that_comes_back_ends_the_wait() {
    let mut connection = waiting();
    connection.input(Input::Offline);
    assert_eq!(connection.input(Input::Online), [StopWaiting, Request]);
    assert_eq!(connection.input(Input::Elapsed), NOTHING);
    assert_eq!(waiting().input(Input::Online), [StopWaiting, Request]);
}

#[test]
fn a_network_that_goes_and_comes_leaves_requests_and_streams_alone() {
    for mut connection in [connecting(), open()] {
        let state = connection.state();
        assert_eq!(connection.input(Input::Offline), NOTHING);
        assert_eq!(connection.input(Input::Online), NOTHING);
        assert_eq!(connection.state(), state);
        lose(&mut connection, REJECTED);
        assert_eq!(
            connection.input(Input::Elapsed),
            [Request],
            "it is online again"
        );
    }
}

#[test]
fn a_network_that_went_before_the_failure_is_waited_for() {
    let mut connection = open();
    connection.input(Input::Offline);
    lose(&mut connection, REJECTED);
    assert_eq!(connection.input(Input::Elapsed), NOTHING);
    assert_eq!(connection.state(), State::Offline);
    assert_eq!(
        connection.input(Input::Reconnect).last(),
        Some(&Request),
        "the page knows better"
    );
}

#[test]
fn a_wake_up_ends_the_wait_and_nothing_else() {
    assert_eq!(waiting().input(Input::Wake), [StopWaiting, Request]);
    for mut connection in [connecting(), open()] {
        assert_eq!(connection.input(Input::Wake), NOTHING);
    }
    let mut suspended = open();
    suspended.input(Input::Leave);
    assert_eq!(suspended.input(Input::Wake), NOTHING);
}

#[test]
fn a_time_that_the_server_named_is_waited_for_whatever_wakes_up() {
    let mut connection = with_policy(Retry::default());
    lose(&mut connection, temporary(Some(60_000.0)));
    for input in [Input::Wake, Input::Offline, Input::Online, Input::Wake] {
        assert_eq!(connection.input(input), NOTHING, "{input:?}");
    }
    assert_eq!(
        connection.input(Input::Elapsed),
        [Request],
        "it is online again"
    );

    lose(&mut connection, temporary(Some(60_000.0)));
    connection.input(Input::Offline);
    assert_eq!(connection.input(Input::Elapsed), NOTHING);
    assert_eq!(
        connection.input(Input::Online),
        [Request],
        "the time has passed"
    );

    lose(&mut connection, temporary(None));
    assert_eq!(
        connection.input(Input::Wake),
        [StopWaiting, Request],
        "it named none"
    );
}

#[test]
fn a_connection_that_slept_is_reported_lost_and_made_anew_at_once() {
    for mut connection in [connecting(), open()] {
        assert_eq!(connection.input(Input::Stale), [Abort, Decide]);
        let Decision {
            failure,
            retry,
            delay,
            attempt,
        } = decision(&connection);
        assert_eq!(
            (failure, retry, delay, attempt),
            (Failure::Timeout, true, 0, 1)
        );
        assert_eq!(follow(&mut connection, 0.5), [Wait, Reestablish]);
        assert_eq!(wait(&mut connection), 0);
        lose(&mut connection, REJECTED);
        assert!(wait(&mut connection) >= 3_000, "only the first time");
    }
    for mut connection in [waiting(), cross_origin()] {
        if connection.state() == State::Connecting {
            connection.input(REJECTED);
        }
        assert_eq!(connection.input(Input::Stale), NOTHING);
    }
}

#[test]
fn a_device_that_sleeps_every_night_does_not_use_up_the_attempts() {
    let mut connection = with_policy(Retry {
        attempts: 2,
        reset_after: Some(60_000.0),
        ..Retry::default()
    });
    for _ in 0..10 {
        connection.input(Input::Opened);
        connection.input(Input::Delivered);
        lose(&mut connection, Input::Stale);
        connection.input(Input::Elapsed);
    }
}

#[test]
fn reconnect_starts_over_at_once_from_any_state() {
    let mut deciding = open();
    deciding.input(ENDED);
    let mut probing = cross_origin();
    probing.input(REJECTED);
    let mut refused = with_policy(Retry::default());
    lose(&mut refused, temporary(Some(60_000.0)));
    for mut connection in [connecting(), open(), deciding, waiting(), probing, refused] {
        assert_eq!(
            connection.input(Input::Reconnect),
            [Abort, StopWaiting, Suspend, Request]
        );
        assert_eq!(connection.state(), State::Connecting);
        assert_eq!(connection.input(Input::Elapsed), NOTHING);
        assert_eq!(connection.input(Input::Opened), [Announce]);
    }
}

#[test]
fn reconnect_forgets_the_failures_before_it() {
    let mut connection = connecting();
    failing_waits(&mut connection, 4);
    connection.input(Input::Reconnect);
    assert_eq!(failing_waits(&mut connection, 2), [3_000, 6_000]);
}

#[test]
fn reconnect_of_a_page_that_is_away_waits_until_it_is_back() {
    for (away, back) in [(Input::Leave, Input::Return), (Input::Hide, Input::Show)] {
        let mut connection = open();
        connection.input(away);
        assert_eq!(connection.input(Input::Reconnect), NOTHING);
        assert_eq!(connection.input(back), [Request]);
    }
}

#[test]
fn hiding_the_page_aborts_without_an_event_and_showing_it_requests_at_once() {
    for mut connection in [connecting(), open(), waiting()] {
        assert_eq!(connection.input(Input::Hide), [Abort, StopWaiting, Suspend]);
        assert_eq!(connection.state(), State::Suspended);
        assert_eq!(connection.input(REJECTED), NOTHING);
        assert_eq!(connection.input(Input::Elapsed), NOTHING);
        assert_eq!(connection.input(Input::Show), [Request]);
        assert_eq!(connection.input(Input::Opened), [Announce]);
    }
}

#[test]
fn showing_a_page_that_was_not_hidden_changes_nothing() {
    for mut connection in [connecting(), open(), waiting()] {
        let state = connection.state();
        assert_eq!(connection.input(Input::Show), NOTHING);
        assert_eq!(connection.input(Input::Return), NOTHING);
        assert_eq!(connection.state(), state);
    }
}

#[test]
fn a_source_that_is_constructed_while_hidden_requests_when_the_page_is_shown() {
    let mut connection = Connection::new(Options::default());
    connection.input(Input::Hide);
    assert_eq!(connection.input(Input::Construct), NOTHING);
    assert_eq!(connection.state(), State::Suspended);
    assert_eq!(connection.input(Input::Show), [Request]);
}

#[test]
fn a_page_that_is_both_left_and_hidden_is_requested_for_when_it_is_neither() {
    for back in [[Input::Show, Input::Return], [Input::Return, Input::Show]] {
        for away in [[Input::Hide, Input::Leave], [Input::Leave, Input::Hide]] {
            let mut connection = open();
            for input in away {
                connection.input(input);
            }
            assert_eq!(connection.input(back[0]), NOTHING, "{away:?} {back:?}");
            assert_eq!(connection.input(back[1]), [Request], "{away:?} {back:?}");
        }
    }
}

#[test]
fn a_hidden_page_that_stays_is_not_requested_for() {
    let mut connection = open();
    connection.input(Input::BeforeLeave);
    connection.input(ENDED);
    connection.input(Input::Hide);
    assert_eq!(connection.input(Input::Stay), NOTHING);
    assert_eq!(connection.state(), State::Suspended);
    assert_eq!(connection.input(Input::Show), [Request]);
    assert_eq!(connection.input(Input::Opened), [Announce]);
    assert_eq!(connection.input(Input::Stay), NOTHING);
}

#[test]
fn a_page_that_is_left_while_hidden_and_comes_back_shown_goes_on() {
    let mut connection = open();
    connection.input(Input::Hide);
    connection.input(Input::BeforeLeave);
    connection.input(Input::Leave);
    assert_eq!(connection.input(Input::Stay), NOTHING);
    assert_eq!(connection.input(Input::Show), NOTHING);
    assert_eq!(connection.input(Input::Return), [Request]);
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

#[test]
fn a_type_is_made_of_the_characters_of_a_token() {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    // A comma is the end of a value.
    for byte in (0..=255).filter(|byte| *byte != b',') {
        let mut header = b"text/event-stream, te?st/plain".to_vec();
        *header.iter_mut().find(|byte| **byte == b'?').unwrap() = byte;
        // A valid type is the last, and what counts; an invalid one is as good as none.
        assert_eq!(is_event_stream(&header), !is_token(byte), "{byte:#x}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_inputs_keeps_the_rules(bytes in vec(any::<u8>(), 0..120)) {
        AnyConnection::arbitrary(&mut Unstructured::new(&bytes)).expect("any bytes will do").check();
    }
}
