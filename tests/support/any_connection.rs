//! Any life of a source, and what holds for every one. Properties, fuzzing and the replay of its corpus differ
//! only in where the lives come from.
//!
//! The rules are those of a shell: it knows what is under way because it carries out the actions, and it
//! reports only what can happen to that.

use arbitrary::{Arbitrary, Result, Unstructured};
use eventsource_wasm::connection::{
    Action, CAP, Connection, DEFAULT_RECONNECTION_TIME, Decision, FLOOR, Failure, Input,
    LONGEST_TIMER, Options, Repeat, Retry, State,
};

/// Times (ms) of every kind, possible and impossible.
const TIMES: [f64; 16] = [
    0.0,
    1.0,
    99.5,
    100.0,
    3_000.0,
    30_000.0,
    60_000.0,
    2_147_483_647.0,
    2_147_483_648.0,
    1e15,
    f64::MAX,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -1.0,
    f64::NAN,
    f64::MIN_POSITIVE,
];
const RECONNECTION_TIMES: [u64; 6] = [0, 1, 100, 5_000, 60_000, u64::MAX];
const FACTORS: [f64; 8] = [2.0, 1.0, 0.0, 0.5, 1e300, f64::INFINITY, -2.0, f64::NAN];
const JITTERS: [f64; 6] = [0.5, 0.0, 1.0, 2.0, -1.0, f64::NAN];
const ATTEMPTS: [u32; 5] = [u32::MAX, 0, 1, 2, 5];
/// Random numbers; the last ones are none that a shell should give.
const RANDOMS: [f64; 7] = [0.5, 0.0, 0.25, 0.999_999, 1.0, -1e9, f64::NAN];
const FAILURES: [Failure; 10] = [
    Failure::Network,
    Failure::Ended,
    Failure::Aborted,
    Failure::Timeout,
    Failure::Callback,
    Failure::Limit,
    Failure::ContentType,
    Failure::Validation,
    Failure::Status,
    Failure::Cors,
];

/// What may still happen around a source that is closed.
const ANYTHING: [Input; 12] = [
    Input::Opened,
    Input::Delivered,
    Input::Unreachable,
    Input::Retry(0.0),
    Input::Elapsed,
    Input::Reconnect,
    Input::Leave,
    Input::Return,
    Input::Hide,
    Input::Show,
    Input::Online,
    Input::Wake,
];

/// A source, and what happens to it.
#[derive(Clone, Debug)]
pub struct AnyConnection {
    options: Options,
    /// How things are when it is constructed.
    before: Vec<Input>,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Report(Input),
    /// What the source has decided itself is reported, with this random number.
    Follow(f64),
}

impl Arbitrary<'_> for AnyConnection {
    /// Whatever the bytes, they are a case; each step takes one or two of them.
    fn arbitrary(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let flags: u8 = bytes.arbitrary()?;
        let is_set = |flag| flags & flag != 0;
        let inputs = [(2, Input::Hide), (4, Input::Offline), (8, Input::Close)];
        let before = inputs.iter().filter(|(flag, _)| is_set(*flag));
        let before = before.map(|(_, input)| *input).collect();
        let options = Options {
            cross_origin: is_set(1),
            repeat: *bytes.choose(&[Repeat::Always, Repeat::UntilDelivered, Repeat::Never])?,
            retry: match is_set(16) {
                true => Some(any_policy(bytes)?),
                false => None,
            },
        };
        let mut steps = Vec::new();
        while !bytes.is_empty() {
            steps.push(any_step(bytes)?);
        }
        Ok(Self {
            options,
            before,
            steps,
        })
    }
}

fn any_policy(bytes: &mut Unstructured<'_>) -> Result<Retry> {
    Ok(Retry {
        delay: *bytes.choose(&TIMES)?,
        factor: *bytes.choose(&FACTORS)?,
        max_delay: *bytes.choose(&TIMES)?,
        jitter: *bytes.choose(&JITTERS)?,
        attempts: *bytes.choose(&ATTEMPTS)?,
        reset_after: match bytes.arbitrary()? {
            true => Some(*bytes.choose(&TIMES)?),
            false => None,
        },
    })
}

/// A new kind of step goes to the end: so the corpus keeps its meaning.
fn any_step(bytes: &mut Unstructured<'_>) -> Result<Step> {
    Ok(Step::Report(match bytes.int_in_range(0..=23_u8)? {
        0 => return Ok(Step::Follow(*bytes.choose(&RANDOMS)?)),
        1 => Input::Opened,
        2 => Input::Failed {
            failure: *bytes.choose(&FAILURES)?,
            open_for: *bytes.choose(&TIMES)?,
        },
        3 => Input::Elapsed,
        4 => Input::Delivered,
        5 => Input::Refused {
            temporary: false,
            retry_after: None,
        },
        6 => Input::Refused {
            temporary: true,
            retry_after: None,
        },
        7 => Input::Refused {
            temporary: true,
            retry_after: Some(*bytes.choose(&TIMES)?),
        },
        8 => Input::Reached,
        9 => Input::Unreachable,
        10 => Input::ReconnectionTime(*bytes.choose(&RECONNECTION_TIMES)?),
        11 => Input::Retry(*bytes.choose(&TIMES)?),
        12 => Input::GiveUp,
        13 => Input::Reconnect,
        14 => Input::BeforeLeave,
        15 => Input::Stay,
        16 => Input::Leave,
        17 => Input::Return,
        18 => Input::Hide,
        19 => Input::Show,
        20 => Input::Offline,
        21 => Input::Online,
        22 => Input::Wake,
        _ => match bytes.arbitrary()? {
            true => Input::Close,
            false => Input::Stale,
        },
    }))
}

impl AnyConnection {
    /// Panics where a rule does not hold.
    pub fn check(&self) {
        let mut shell = Shell::new(self.options);
        for input in &self.before {
            shell.report(*input);
        }
        shell.report(Input::Construct);
        for step in &self.steps {
            match *step {
                Step::Report(input) => shell.report(input),
                Step::Follow(random) => shell.follow(random),
            }
        }
        shell.report(Input::Close);
        for input in ANYTHING {
            shell.report(input);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Stream,
    Probe,
}

/// What a shell knows, and its page.
struct Shell {
    options: Options,
    connection: Connection,
    was_constructed: bool,
    is_over: bool,

    // What the source does: one of these, or nothing.
    request: Option<Request>,
    is_waiting: bool,
    /// It wants to know whether there is to be another attempt.
    is_asking: bool,

    /// What `readyState` says, while it is not CLOSED.
    is_open: bool,
    may_leave: bool,
    /// The request ended while the page might have been left.
    ended_in_leaving: bool,
    is_left: bool,
    is_hidden: bool,
    is_offline: bool,

    has_requested: bool,
    has_delivered: bool,
    /// A response has been seen: CORS allows the source, or does not apply.
    was_answered: bool,
    /// The page had a request made again that the source would not have made again.
    is_overruled: bool,
    /// What the server has set (ms).
    reconnection_time: Option<u64>,
    /// The input by which the last attempt failed.
    failed_by: Option<Input>,
    failures_in_a_row: u32,
}

impl Shell {
    fn new(options: Options) -> Self {
        Self {
            options,
            connection: Connection::new(options),
            was_constructed: false,
            is_over: false,
            request: None,
            is_waiting: false,
            is_asking: false,
            is_open: false,
            may_leave: false,
            ended_in_leaving: false,
            is_left: false,
            is_hidden: false,
            is_offline: false,
            has_requested: false,
            has_delivered: false,
            was_answered: false,
            is_overruled: false,
            reconnection_time: None,
            failed_by: None,
            failures_in_a_row: 0,
        }
    }

    fn follow(&mut self, random: f64) {
        if !self.is_asking {
            return;
        }
        let decision = self.check_decision(random);
        if decision.retry {
            self.report(Input::Retry(decision.delay.into()));
            assert_eq!(self.connection.wait(), decision.delay);
        } else {
            self.report(Input::GiveUp);
        }
    }

    fn report(&mut self, input: Input) {
        if !self.can_happen(input) {
            return;
        }
        let is_void = self.is_void(input);
        let was_busy = self.is_busy();
        self.happen(input);
        let actions = self.connection.input(input);
        assert!(!is_void || actions.is_empty(), "{input:?} is void");
        assert!(actions.len() <= 8, "the actions fit into 32 bits");
        for (index, action) in actions.iter().enumerate() {
            let runs_page = matches!(
                action,
                Action::Announce | Action::Decide | Action::Reestablish | Action::Fail
            );
            assert!(
                !runs_page || index + 1 == actions.len(),
                "the page's code is the last"
            );
            self.act(*action, input);
        }
        match input {
            Input::Construct => self.was_constructed = true,
            Input::Close => {
                assert!(is_void || *actions == [Action::Abort, Action::StopWaiting]);
                self.is_over = true;
                self.is_asking = false;
            }
            Input::Hide => self.is_hidden |= !actions.is_empty(),
            Input::Reconnect if !actions.is_empty() => self.failures_in_a_row = 0,
            _ => {}
        }
        let lost = matches!(input, Input::Failed { .. } | Input::Unreachable);
        self.ended_in_leaving |= lost && was_busy && self.may_leave && !self.is_busy();
        let is_put_off = self.is_resting() || self.is_offline;
        assert!(
            !actions.is_empty() || is_void || is_put_off,
            "{input:?} is not ignored"
        );
        self.check_state();
    }

    /// Whether a shell would report it: no answer comes to a request that was not made.
    fn can_happen(&self, input: Input) -> bool {
        match input {
            Input::Opened | Input::Refused { .. } | Input::Failed { .. } => {
                self.request != Some(Request::Probe)
            }
            Input::Reached | Input::Unreachable => self.request != Some(Request::Stream),
            _ => true,
        }
    }

    /// Whether nothing may come of it.
    fn is_void(&self, input: Input) -> bool {
        let is_named = matches!(
            self.failed_by,
            Some(Input::Refused {
                retry_after: Some(_),
                ..
            })
        );
        match input {
            _ if self.is_over => true,
            Input::Delivered | Input::ReconnectionTime(_) | Input::BeforeLeave | Input::Offline => {
                true
            }
            Input::Opened | Input::Refused { .. } => self.request.is_none() || self.is_open,
            Input::Failed { .. } | Input::Reached | Input::Unreachable => self.request.is_none(),
            Input::Stale => self.request != Some(Request::Stream) || !self.may_repeat(),
            Input::Hide => !self.may_repeat(),
            Input::Retry(_) | Input::GiveUp => !self.is_asking,
            Input::Elapsed => !self.is_waiting,
            Input::Stay => !self.ended_in_leaving,
            Input::Wake | Input::Online if self.is_waiting && is_named => true,
            Input::Wake => !self.is_waiting || self.is_offline,
            Input::Online => !self.is_waiting && !self.is_due_online(),
            Input::Return | Input::Show => self.is_busy(),
            Input::Construct | Input::Close | Input::Reconnect | Input::Leave => false,
        }
    }

    /// What the input itself says, whatever follows.
    fn happen(&mut self, input: Input) {
        if self.is_over {
            return;
        }
        match input {
            Input::Opened | Input::Refused { .. } => self.was_answered |= self.request.is_some(),
            Input::Failed {
                failure: Failure::Network | Failure::Ended | Failure::Aborted,
                ..
            }
            | Input::Unreachable => self.request = None,
            Input::Delivered if self.is_reading() => {
                self.has_delivered = true;
                if self
                    .options
                    .retry
                    .is_none_or(|retry| retry.reset_after.is_none())
                {
                    self.failures_in_a_row = 0;
                }
            }
            Input::ReconnectionTime(time) if self.is_reading() => {
                self.reconnection_time = Some(time);
            }
            Input::Retry(_) if self.is_asking => {
                self.is_overruled |= !self.check_decision(0.5).retry;
            }
            Input::Elapsed => self.is_waiting = false,
            Input::BeforeLeave => self.may_leave = !self.is_left,
            Input::Stay => self.may_leave = false,
            Input::Leave => (self.may_leave, self.is_left) = (false, true),
            Input::Return => self.is_left = false,
            Input::Show => self.is_hidden = false,
            Input::Offline => self.is_offline = true,
            Input::Online => self.is_offline = false,
            _ => {}
        }
    }

    fn act(&mut self, action: Action, input: Input) {
        match action {
            Action::Request => {
                self.assert_idle(input);
                assert!(
                    !self.is_open,
                    "the page has been told that the stream is gone"
                );
                let is_asked_for = matches!(input, Input::Reconnect) || self.is_overruled;
                assert!(
                    self.may_repeat() || is_asked_for,
                    "{input:?} repeats the request"
                );
                self.request = Some(Request::Stream);
                self.has_requested = true;
                self.is_overruled = false;
                self.ended_in_leaving = false;
            }
            Action::Probe => {
                self.assert_idle(input);
                assert!(
                    self.options.cross_origin && !self.was_answered,
                    "CORS may forbid it"
                );
                self.request = Some(Request::Probe);
            }
            Action::Abort => self.request = None,
            Action::Wait => {
                let Input::Retry(wait) = input else {
                    panic!("{input:?} starts a wait");
                };
                assert!(self.is_asking);
                self.is_asking = false;
                self.assert_idle(input);
                let wait = if wait > 0.0 { to_timer(wait) } else { 0 };
                assert_eq!(self.connection.wait(), wait);
                self.is_waiting = true;
            }
            Action::StopWaiting => self.is_waiting = false,
            Action::Announce => {
                assert!(matches!(input, Input::Opened) && !self.is_open);
                assert_eq!(self.request, Some(Request::Stream));
                self.is_open = true;
            }
            Action::Decide => {
                self.assert_idle(input);
                self.count_failure(input);
                self.is_asking = true;
                self.ended_in_leaving = false;
                self.check_decision(0.5);
            }
            Action::Reestablish => {
                assert!(self.is_waiting, "{input:?} reestablishes");
                self.is_open = false;
            }
            Action::Fail => {
                assert!(self.is_asking && matches!(input, Input::GiveUp));
                self.is_asking = false;
                self.is_over = true;
            }
            Action::Suspend => {
                self.is_asking = false;
                self.is_open = false;
            }
        }
    }

    fn count_failure(&mut self, input: Input) {
        let open_for = match input {
            Input::Failed { open_for, .. } if self.is_open => Some(open_for),
            Input::Stay | Input::Return | Input::Show => Some(0.0),
            _ => None,
        };
        let health = self.options.retry.and_then(|retry| retry.reset_after);
        let was_healthy = open_for
            .zip(health)
            .is_some_and(|(time, health)| time >= health);
        if was_healthy || matches!(input, Input::Stale) {
            self.failures_in_a_row = 0;
        }
        self.failures_in_a_row += 1;
        self.failed_by = Some(input);
    }

    fn check_decision(&self, random: f64) -> Decision {
        let decision = self
            .connection
            .decision(random)
            .expect("an attempt has failed");
        let (failure, is_temporary, retry_after) = match self.failed_by.expect("a reason") {
            Input::Failed { failure, .. } => (failure, failure.is_temporary(), None),
            Input::Refused {
                temporary,
                retry_after,
            } => (Failure::Status, temporary, retry_after),
            Input::Reached => (Failure::Cors, false, None),
            Input::Stale => (Failure::Timeout, true, None),
            _ => (Failure::Network, true, None),
        };
        assert_eq!(decision.failure, failure);
        assert_eq!(decision.attempt, self.failures_in_a_row);
        let attempts = self.options.retry.map_or(u32::MAX, |retry| retry.attempts);
        let is_exhausted = self.failures_in_a_row > attempts;
        assert_eq!(
            decision.retry,
            is_temporary && self.may_repeat() && !is_exhausted
        );
        match (self.failed_by, retry_after) {
            (Some(Input::Stale), _) => assert_eq!(decision.delay, 0),
            (_, Some(time)) => assert_eq!(decision.delay, to_timer(time)),
            _ => self.check_delay(decision.delay, random),
        }
        decision
    }

    fn check_delay(&self, delay: u32, random: f64) {
        let named = self.reconnection_time.map_or(0.0, |time| time as f64);
        let reconnection_time = match (self.reconnection_time, self.options.retry) {
            (None, Some(retry)) => retry.delay,
            (time, _) => time.unwrap_or(DEFAULT_RECONNECTION_TIME) as f64,
        };
        let ours = self.connection.reconnection_time();
        assert!(ours == reconnection_time || ours.is_nan() && reconnection_time.is_nan());
        let (least, most) = match self.options.retry {
            None => (reconnection_time, reconnection_time.max(CAP as f64)),
            Some(retry) => (named, named.max(retry.max_delay)),
        };
        assert!(delay >= to_timer(least), "{delay} is shorter than {least}");
        assert!(delay <= LONGEST_TIMER, "{delay} is no timer's");
        let is_sensible = self
            .options
            .retry
            .is_none_or(|retry| retry.max_delay >= 0.0 && (0.0..=1.0).contains(&retry.jitter));
        if is_sensible && (0.0..=1.0).contains(&random) {
            assert!(delay <= to_timer(most), "{delay} is longer than {most}");
        }
    }

    /// The state is what the shell takes it for; and a source that is not over never just sits there.
    fn check_state(&self) {
        if !self.was_constructed {
            return;
        }
        let is_done = self.is_left || self.is_hidden || self.is_over;
        assert!(!(is_done && self.is_busy()), "nothing is done meanwhile");
        let state = match self.request {
            _ if self.is_over => State::Closed,
            _ if self.is_asking => State::Deciding,
            _ if self.is_waiting => State::Waiting,
            Some(Request::Probe) => State::Probing,
            Some(Request::Stream) if self.is_open => State::Open,
            Some(Request::Stream) => State::Connecting,
            None if self.is_resting() => State::Suspended,
            None => State::Offline,
        };
        assert_eq!(self.connection.state(), state);
        assert!(
            state != State::Offline || self.is_offline,
            "there is something to wait for"
        );
    }

    fn assert_idle(&self, input: Input) {
        assert!(
            !self.is_busy(),
            "{input:?} comes on top of what is under way"
        );
    }

    fn is_busy(&self) -> bool {
        self.request.is_some() || self.is_waiting || self.is_asking
    }

    /// Nothing is to be done until the page is back, or stays.
    fn is_resting(&self) -> bool {
        self.is_left || self.is_hidden || self.ended_in_leaving && self.may_leave
    }

    /// The wait is over, and only the network is missing.
    fn is_due_online(&self) -> bool {
        self.was_constructed && !self.is_busy() && !self.is_resting()
    }

    fn is_reading(&self) -> bool {
        self.request == Some(Request::Stream) && self.is_open
    }

    fn may_repeat(&self) -> bool {
        match self.options.repeat {
            Repeat::Always => true,
            Repeat::UntilDelivered => !self.has_delivered,
            Repeat::Never => !self.has_requested,
        }
    }
}

/// A wait (ms) that timers can hold, and no busy loop.
fn to_timer(wait: f64) -> u32 {
    (wait as u32).clamp(FLOOR, LONGEST_TIMER)
}
