//! The connection: the life of an EventSource as data.
//!
//! Rules of this file: every state, and everything that moves a source from one state to another,
//! stands in [`Connection::input`]'s table. It does nothing itself: it answers an input with the
//! actions that the shell has to take, in their order. It knows no clock and no randomness (both
//! come in as arguments), no IO and no JavaScript.
//!
//! # Theory of operation
//!
//! The shell keeps one `Connection` for each source. Whatever happens (a response, the end of a
//! body, a timer, a call of `close()`) it reports as an [`Input`] and takes the [`Action`]s that
//! come back. An action that runs the page's code ([`Action::Announce`], [`Action::Decide`],
//! [`Action::Reestablish`], [`Action::Fail`]) is always the last one of its list: the page may call
//! `close()` in there, and nothing that was decided before that call is left to be done after it.
//!
//! ```text
//!                  Opened                        failed
//!   (constructed) ─────────────▶ Open ────────────────────────▶ Deciding
//!   Connecting                                                  ▲  │   │
//!    │   │  ▲     Elapsed, Wake                       Retry     │  │   └ GiveUp ▶ Closed
//!    │   │  └───────────────────── Waiting ◀────────────────────┼──┘
//!    │   └── failed ────────────────────────────────────────────┤
//!    └── network error before any response, cross-origin        │
//!        └▶ Probing ── Unreachable ─────────────────────────────┘
//!               └ Reached ▶ Deciding
//!   Close: ▶ Closed      Leave, Hide: ▶ Suspended, Return, Show: ▶ Connecting
//!   an end or a network error after BeforeLeave: ▶ Suspended, Stay: ▶ Deciding
//! ```
//!
//! In `Deciding` the shell asks for the [`Decision`] that the standard, or the page's policy, gives;
//! the page may have a function of its own that changes it. Then it reports [`Input::Retry`] or
//! [`Input::GiveUp`].

mod delay;
mod response;

pub use delay::{CAP, DEFAULT_RECONNECTION_TIME, FLOOR, LONGEST_TIMER, Retry};
pub use response::{check_response, is_event_stream};

use delay::{Delay, to_timer};

/// What a source is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A request is under way; no response yet.
    Connecting,
    /// The first request of a cross-origin source was rejected. A request in mode `no-cors` is
    /// under way to tell a server that can't be reached from one that CORS forbids.
    Probing,
    /// The stream is being read.
    Open,
    /// An attempt has failed; whether another follows is being decided.
    Deciding,
    /// Waiting before the next request.
    Waiting,
    /// The wait is over, but there is no network.
    Offline,
    /// The page is being left, lies in the back/forward cache, or is hidden.
    Suspended,
    /// Over, for good.
    Closed,
}

/// Why an attempt, or a whole connection, has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The response's status is not 200. 204 is the standard's way to tell a client to stop.
    Status = 0,
    /// The response's MIME type is not `text/event-stream`.
    ContentType = 1,
    /// The server answers, but not to this origin.
    Cors = 2,
    /// An unfinished event is larger than the limit.
    Limit = 3,
    /// A network error, before or after the response.
    Network = 4,
    /// The body has ended.
    Ended = 5,
    /// No response, or no byte, for too long.
    Timeout = 6,
    /// Somebody else has aborted the request.
    Aborted = 7,
    /// A function of the page has thrown.
    Callback = 8,
    /// The page does not accept the response.
    Validation = 9,
}

impl Failure {
    /// Whether the standard reestablishes the connection after it. A page's policy may add statuses.
    #[must_use]
    pub fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::Network | Self::Ended | Self::Timeout | Self::Aborted | Self::Callback
        )
    }
}

/// Whether a request may be made again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeat {
    /// At any time, as a GET.
    #[default]
    Always,
    /// Until its stream has delivered an event: what a POST has set off has then been done.
    UntilDelivered,
    /// It can be made only once: its body is a stream.
    Never,
}

/// Something that happened to a source. Times are in ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// The source was constructed.
    Construct,
    /// The response's head has arrived, and opens the stream; see [`check_response`].
    Opened,
    /// The response has a status other than 200.
    Refused {
        /// Whether the page's policy tries again at this status.
        temporary: bool,
        /// How long the response asks to wait (`Retry-After`), where the page's policy honours it.
        retry_after: Option<f64>,
    },
    /// The attempt has failed otherwise.
    Failed {
        /// Why.
        failure: Failure,
        /// How long the stream has been open.
        open_for: f64,
    },
    /// The server answered the request in mode `no-cors`.
    Reached,
    /// The request in mode `no-cors` was rejected as well.
    Unreachable,
    /// The stream delivered at least one event.
    Delivered,
    /// The stream set the reconnection time.
    ReconnectionTime(u64),
    /// There will be another attempt, after this wait.
    Retry(f64),
    /// There will be none.
    GiveUp,
    /// The wait that [`Action::Wait`] asked for is over.
    Elapsed,
    /// The page called `close()`.
    Close,
    /// The page called `reconnect()`.
    Reconnect,
    /// The page may be about to be left: the browser asked it (`beforeunload`).
    BeforeLeave,
    /// It was not left after all.
    Stay,
    /// The page is being left; it may come back from the back/forward cache.
    Leave,
    /// The page has come back from the back/forward cache.
    Return,
    /// The page is hidden, and the source shall rest while it is.
    Hide,
    /// The page is shown again.
    Show,
    /// There is no network.
    Offline,
    /// There is a network again.
    Online,
    /// There is reason to believe that a server can be reached again: do not wait any longer.
    Wake,
    /// The connection can be taken for dead: nothing has come since before the device slept.
    Stale,
}

/// Something that the shell has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Request the stream, with the last event ID, and read the body of a response that opens it.
    Request = 1,
    /// Request the URL in mode `no-cors`, only to see whether the server answers.
    Probe = 2,
    /// Abort the request that is under way, and with it the reading of its body.
    Abort = 3,
    /// Report [`Input::Elapsed`] after [`Connection::wait`].
    Wait = 4,
    /// Forget the wait.
    StopWaiting = 5,
    /// The standard's "announce the connection": readyState OPEN, event `open`.
    Announce = 6,
    /// Take the [`Decision`], let the page change it, and report [`Input::Retry`] or [`Input::GiveUp`].
    Decide = 7,
    /// The standard's "reestablish the connection", its first part: readyState CONNECTING, event
    /// `error`.
    Reestablish = 8,
    /// The standard's "fail the connection": readyState CLOSED, event `error`.
    Fail = 9,
    /// Without any event, readyState becomes CONNECTING.
    Suspend = 10,
}

/// What is to follow a failed attempt, unless the page decides otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Why it has failed.
    pub failure: Failure,
    /// Whether there is to be another one.
    pub retry: bool,
    /// After which wait (ms).
    pub delay: u32,
    /// The how manieth in a row it would be, from 1.
    pub attempt: u32,
}

/// What is special about a source; the default is nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// CORS applies to its URL, and may forbid it.
    pub cross_origin: bool,
    /// The page's own policy, in place of the standard's.
    pub retry: Option<Retry>,
    /// Whether its request may be made again.
    pub repeat: Repeat,
}

/// The life of one EventSource.
///
/// ```
/// use eventsource_wasm::connection::{Action, Connection, Failure, Input, Options, State};
///
/// let mut connection = Connection::new(Options::default());
/// assert_eq!(connection.input(Input::Construct), [Action::Request]);
/// assert_eq!(connection.input(Input::Opened), [Action::Announce]);
/// let ended = Input::Failed { failure: Failure::Ended, open_for: 20.0 };
/// assert_eq!(connection.input(ended), [Action::Abort, Action::Decide]);
/// let decision = connection.decision(0.5).unwrap();
/// assert!(decision.retry && decision.delay == 3_000);
/// assert_eq!(connection.input(Input::Retry(3_000.0)), [Action::Wait, Action::Reestablish]);
/// assert_eq!(connection.state(), State::Waiting);
/// ```
#[derive(Debug)]
pub struct Connection {
    state: State,
    /// CORS may forbid the source: no response of it has been seen yet.
    may_be_forbidden: bool,
    /// The page may be about to be left.
    may_leave: bool,
    /// The page lies in the back/forward cache.
    is_left: bool,
    is_hidden: bool,
    is_offline: bool,
    has_requested: bool,
    /// Whether the source has ever delivered an event.
    has_delivered: bool,
    repeat: Repeat,
    failure: Option<Failure>,
    /// The failure is a status at which the page's policy tries again.
    is_temporary: bool,
    retry_after: Option<f64>,
    /// The next attempt shall not wait.
    is_stale: bool,
    delay: Delay,
    wait: u32,
}

impl Connection {
    /// A new source; it waits for [`Input::Construct`].
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            state: State::Connecting,
            may_be_forbidden: options.cross_origin,
            may_leave: false,
            is_left: false,
            is_hidden: false,
            is_offline: false,
            has_requested: false,
            has_delivered: false,
            repeat: options.repeat,
            failure: None,
            is_temporary: false,
            retry_after: None,
            is_stale: false,
            delay: Delay::new(options.retry),
            wait: 0,
        }
    }

    /// What the source is doing.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The standard's reconnection time (ms).
    #[must_use]
    pub fn reconnection_time(&self) -> f64 {
        self.delay.reconnection_time()
    }

    /// How long (ms) the wait of [`Action::Wait`] is.
    #[must_use]
    pub fn wait(&self) -> u32 {
        self.wait
    }

    /// What is to follow the attempt that failed last; `None` while none has. `random` is a fresh random
    /// number in `0.0..1.0`.
    #[must_use]
    pub fn decision(&self, random: f64) -> Option<Decision> {
        let failure = self.failure?;
        Some(Decision {
            failure,
            retry: (failure.is_temporary() || self.is_temporary)
                && self.may_repeat()
                && !self.delay.is_exhausted(),
            delay: match self.retry_after {
                _ if self.is_stale => 0,
                Some(time) => to_timer(time),
                None => self.delay.next(random),
            },
            attempt: self.delay.attempts(),
        })
    }

    /// Takes in what happened, and gives back what is to be done, in that order.
    pub fn input(&mut self, input: Input) -> &'static [Action] {
        use Action::{
            Abort, Announce, Decide, Fail, Probe, Reestablish, Request, StopWaiting, Suspend, Wait,
        };
        let (next, actions): (State, &'static [Action]) = match (self.state, input) {
            (State::Closed, _) => (State::Closed, &[]),

            (State::Connecting, Input::Construct) => (State::Connecting, &[Request]),

            // [ours] Firefox ends the requests of a page that is being left before it says so. Such an
            // end is no error; if the page stays, it becomes one.
            (
                State::Connecting | State::Probing | State::Open,
                Input::Unreachable
                | Input::Failed {
                    failure: Failure::Network | Failure::Ended | Failure::Aborted,
                    ..
                },
            ) if self.may_leave => (State::Suspended, &[Suspend]),

            (State::Connecting, Input::Opened) => {
                self.may_be_forbidden = false;
                (State::Open, &[Announce])
            }
            (
                State::Connecting,
                Input::Refused {
                    temporary,
                    retry_after,
                },
            ) => {
                self.may_be_forbidden = false;
                self.fails(Failure::Status);
                self.is_temporary = temporary;
                self.retry_after = retry_after;
                self.delay.attempt_failed();
                (State::Deciding, &[Abort, Decide])
            }
            (
                State::Connecting,
                Input::Failed {
                    failure: Failure::Network,
                    ..
                },
            ) if self.may_be_forbidden => (State::Probing, &[Probe]),
            (State::Connecting, Input::Failed { failure, .. }) => {
                if matches!(failure, Failure::ContentType | Failure::Validation) {
                    self.may_be_forbidden = false;
                }
                self.fails(failure);
                self.delay.attempt_failed();
                (State::Deciding, &[Abort, Decide])
            }
            (State::Probing, Input::Unreachable) => {
                self.may_be_forbidden = false;
                self.fails(Failure::Network);
                self.delay.attempt_failed();
                (State::Deciding, &[Decide])
            }
            (State::Probing, Input::Reached) => {
                self.fails(Failure::Cors);
                self.delay.attempt_failed();
                (State::Deciding, &[Abort, Decide])
            }

            (State::Open, Input::Delivered) => {
                self.has_delivered = true;
                self.delay.delivered();
                (State::Open, &[])
            }
            (State::Open, Input::ReconnectionTime(time)) => {
                self.delay.set_reconnection_time(time);
                (State::Open, &[])
            }
            (State::Open, Input::Failed { failure, open_for }) => {
                self.fails(failure);
                self.delay.stream_ended(open_for);
                (State::Deciding, &[Abort, Decide])
            }
            // [ours] It is reported like any other loss, but the next attempt does not wait, and what failed
            // before the sleep does not count: a device that sleeps every night would use up the attempts.
            (State::Connecting | State::Open, Input::Stale) if self.may_repeat() => {
                self.fails(Failure::Timeout);
                self.delay.reset();
                self.delay.stream_ended(0.0);
                self.is_stale = true;
                (State::Deciding, &[Abort, Decide])
            }

            (State::Deciding, Input::Retry(wait)) => {
                self.wait = if wait > 0.0 { to_timer(wait) } else { 0 };
                (State::Waiting, &[Wait, Reestablish])
            }
            (State::Deciding, Input::GiveUp) => (State::Closed, &[Fail]),

            (State::Waiting, Input::Elapsed) if self.is_offline => (State::Offline, &[]),
            (State::Waiting, Input::Elapsed) => (State::Connecting, &[Request]),
            // A server that has named a time is not to be asked before it.
            (State::Waiting, Input::Online) if self.retry_after.is_none() => {
                self.is_offline = false;
                (State::Connecting, &[StopWaiting, Request])
            }
            (State::Waiting, Input::Wake) if self.retry_after.is_none() && !self.is_offline => {
                (State::Connecting, &[StopWaiting, Request])
            }
            (State::Offline, Input::Online) => {
                self.is_offline = false;
                (State::Connecting, &[Request])
            }
            (state, Input::Online) => {
                self.is_offline = false;
                (state, &[])
            }
            (state, Input::Offline) => {
                self.is_offline = true;
                (state, &[])
            }

            (_, Input::Close) => (State::Closed, &[Abort, StopWaiting]),
            // A page that is away is requested for when it comes back.
            (State::Suspended, Input::Reconnect) => (State::Suspended, &[]),
            (_, Input::Reconnect) => {
                self.delay.reset();
                (State::Connecting, &[Abort, StopWaiting, Suspend, Request])
            }

            // A page that was left already does not decide to stay.
            (state, Input::BeforeLeave) => {
                self.may_leave = !self.is_left;
                (state, &[])
            }
            (State::Suspended, Input::Stay) if self.may_leave && !self.is_hidden => {
                self.may_leave = false;
                self.fails(Failure::Network);
                self.delay.stream_ended(0.0);
                (State::Deciding, &[Decide])
            }
            (state, Input::Stay) => {
                self.may_leave = false;
                (state, &[])
            }
            // [ours] The standard has no word yet on the back/forward cache; this is what
            // https://github.com/whatwg/html/pull/12381 proposes: no event, and no wait on return.
            (_, Input::Leave) => {
                self.may_leave = false;
                self.is_left = true;
                (State::Suspended, &[Abort, StopWaiting, Suspend])
            }
            // What can't be made again is not interrupted.
            (state, Input::Hide) if !self.may_repeat() => (state, &[]),
            (_, Input::Hide) => {
                self.is_hidden = true;
                (State::Suspended, &[Abort, StopWaiting, Suspend])
            }
            (State::Suspended, Input::Return | Input::Show) => {
                if input == Input::Return {
                    self.is_left = false;
                } else {
                    self.is_hidden = false;
                }
                if self.is_left || self.is_hidden {
                    (State::Suspended, &[])
                } else if self.may_repeat() {
                    (State::Connecting, &[Request])
                } else {
                    self.fails(Failure::Network);
                    self.delay.stream_ended(0.0);
                    (State::Deciding, &[Decide])
                }
            }

            // An answer to a request that was aborted in the meantime.
            (state, _) => (state, &[]),
        };
        self.state = next;
        self.has_requested |= actions.contains(&Request);
        actions
    }

    fn may_repeat(&self) -> bool {
        match self.repeat {
            Repeat::Always => true,
            Repeat::UntilDelivered => !self.has_delivered,
            Repeat::Never => !self.has_requested,
        }
    }

    fn fails(&mut self, failure: Failure) {
        self.failure = Some(failure);
        self.is_temporary = false;
        self.retry_after = None;
        self.is_stale = false;
    }
}
