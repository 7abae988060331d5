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
//! come back. An action that runs the page's code ([`Action::Announce`], [`Action::Reestablish`],
//! [`Action::Fail`]) is always the last one of its list: the page may call `close()` in there, and
//! nothing that was decided before that call is left to be done after it.
//!
//! ```text
//!                  Response(Ok)             Ended
//!   (constructed) ─────────────▶ Open ────────────────▶ Waiting
//!   Connecting                                           │  ▲
//!    │   │  ▲     Elapsed                                │  │
//!    │   │  └────────────────────────────────────────────┘  │
//!    │   └── Rejected ──────────────────────────────────────┤
//!    └── Rejected, first attempt of a cross-origin source   │
//!        └▶ Probing ── Unreachable ─────────────────────────┘
//!               └ Reached ▶ Closed
//!   Response(Err), Close, a limit: ▶ Closed      Leave: ▶ Suspended, Return: ▶ Connecting
//!   an end or Rejected after BeforeLeave: ▶ Suspended, Stay: ▶ Waiting
//! ```

mod delay;
mod response;

pub use delay::{CAP, DEFAULT_RECONNECTION_TIME, FLOOR, LONGEST_TIMER};
pub use response::{check_response, is_event_stream};

use delay::Delay;

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
    /// Waiting before the next request.
    Waiting,
    /// The page is being left, or lies in the back/forward cache.
    Suspended,
    /// Over, for good.
    Closed,
}

/// Why a connection was failed for good.
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
}

/// Something that happened to a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The source was constructed.
    Construct,
    /// The response's head has arrived; see [`check_response`].
    Response(Result<(), Failure>),
    /// The request ended in a network error, without a response.
    Rejected,
    /// The server answered the request in mode `no-cors`.
    Reached,
    /// The request in mode `no-cors` was rejected as well.
    Unreachable,
    /// The stream delivered at least one event.
    Delivered,
    /// The stream set the reconnection time (ms).
    ReconnectionTime(u64),
    /// The body ended, cleanly or by a network error.
    Ended,
    /// An unfinished event became larger than the limit.
    LimitExceeded,
    /// The wait that [`Action::Wait`] asked for is over.
    Elapsed,
    /// The page called `close()`.
    Close,
    /// The page may be about to be left: the browser asked it (`beforeunload`).
    BeforeLeave,
    /// It was not left after all.
    Stay,
    /// The page is being left; it may come back from the back/forward cache.
    Leave,
    /// The page has come back from the back/forward cache.
    Return,
}

/// Something that the shell has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Request the stream, with the last event ID, and read the body of a response that opens it.
    Request,
    /// Request the URL in mode `no-cors`, only to see whether the server answers.
    Probe,
    /// Abort the request that is under way, and with it the reading of its body.
    Abort,
    /// Report [`Input::Elapsed`] after [`Connection::delay`].
    Wait,
    /// Forget the wait.
    StopWaiting,
    /// The standard's "announce the connection": readyState OPEN, event `open`.
    Announce,
    /// The standard's "reestablish the connection", its first part: readyState CONNECTING, event
    /// `error`.
    Reestablish,
    /// The standard's "fail the connection": readyState CLOSED, event `error`. [`Connection::failure`]
    /// says why.
    Fail,
    /// Without any event, readyState becomes CONNECTING.
    Suspend,
}

/// The life of one EventSource.
///
/// ```
/// use eventsource_wasm::connection::{Action, Connection, Input, State};
///
/// let mut connection = Connection::new(false);
/// assert_eq!(connection.input(Input::Construct), [Action::Request]);
/// assert_eq!(connection.input(Input::Response(Ok(()))), [Action::Announce]);
/// assert_eq!(connection.input(Input::Ended), [Action::Wait, Action::Reestablish]);
/// assert_eq!(connection.delay(0.5), 3_000);
/// assert_eq!(connection.state(), State::Waiting);
/// ```
#[derive(Debug)]
pub struct Connection {
    state: State,
    /// A first failure may mean that CORS forbids the source; later ones can't.
    may_be_forbidden: bool,
    /// The page may be about to be left.
    may_leave: bool,
    failure: Option<Failure>,
    delay: Delay,
}

impl Connection {
    /// A new source; it waits for [`Input::Construct`].
    #[must_use]
    pub fn new(cross_origin: bool) -> Self {
        Self {
            state: State::Connecting,
            may_be_forbidden: cross_origin,
            may_leave: false,
            failure: None,
            delay: Delay::default(),
        }
    }

    /// What the source is doing.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Why the connection was failed; `None` while it was not.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// How long (ms) the wait of [`Action::Wait`] is. `random` is a fresh random number in `0.0..1.0`.
    #[must_use]
    pub fn delay(&self, random: f64) -> u32 {
        self.delay.next(random)
    }

    /// Takes in what happened, and gives back what is to be done, in that order.
    pub fn input(&mut self, input: Input) -> &'static [Action] {
        use Action::{
            Abort, Announce, Fail, Probe, Reestablish, Request, StopWaiting, Suspend, Wait,
        };
        let (next, actions): (State, &'static [Action]) = match (self.state, input) {
            (State::Closed, _) => (State::Closed, &[]),

            (State::Connecting, Input::Construct) => (State::Connecting, &[Request]),

            // [ours] Firefox ends the requests of a page that is being left before it says so. Such an
            // end is no error; if the page stays, it becomes one.
            (State::Connecting | State::Probing, Input::Rejected | Input::Unreachable)
            | (State::Open, Input::Ended)
                if self.may_leave =>
            {
                (State::Suspended, &[Suspend])
            }

            (State::Connecting, Input::Response(Ok(()))) => {
                self.may_be_forbidden = false;
                (State::Open, &[Announce])
            }
            (State::Connecting, Input::Response(Err(failure))) => {
                self.failure = Some(failure);
                (State::Closed, &[Abort, Fail])
            }
            (State::Connecting, Input::Rejected) if self.may_be_forbidden => {
                (State::Probing, &[Probe])
            }
            (State::Connecting, Input::Rejected) | (State::Probing, Input::Unreachable) => {
                self.may_be_forbidden = false;
                self.delay.attempt_failed();
                (State::Waiting, &[Wait, Reestablish])
            }
            (State::Probing, Input::Reached) => {
                self.failure = Some(Failure::Cors);
                (State::Closed, &[Abort, Fail])
            }

            (State::Open, Input::Delivered) => {
                self.delay.delivered();
                (State::Open, &[])
            }
            (State::Open, Input::ReconnectionTime(time)) => {
                self.delay.set_reconnection_time(time);
                (State::Open, &[])
            }
            (State::Open, Input::Ended) => {
                self.delay.stream_ended();
                (State::Waiting, &[Wait, Reestablish])
            }
            (State::Open, Input::LimitExceeded) => {
                self.failure = Some(Failure::Limit);
                (State::Closed, &[Abort, Fail])
            }

            (State::Waiting, Input::Elapsed) => (State::Connecting, &[Request]),

            (_, Input::Close) => (State::Closed, &[Abort, StopWaiting]),

            (state, Input::BeforeLeave) => {
                self.may_leave = true;
                (state, &[])
            }
            (State::Suspended, Input::Stay) if self.may_leave => {
                self.may_leave = false;
                self.delay.stream_ended();
                (State::Waiting, &[Wait, Reestablish])
            }
            (state, Input::Stay) => {
                self.may_leave = false;
                (state, &[])
            }
            // [ours] The standard has no word yet on the back/forward cache; this is what
            // https://github.com/whatwg/html/pull/12381 proposes: no event, and no wait on return.
            (_, Input::Leave) => {
                self.may_leave = false;
                (State::Suspended, &[Abort, StopWaiting, Suspend])
            }
            (State::Suspended, Input::Return) => (State::Connecting, &[Request]),

            // An answer to a request that was aborted in the meantime.
            (state, _) => (state, &[]),
        };
        self.state = next;
        actions
    }
}
