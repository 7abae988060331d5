//! How long a source waits before it requests again, and how often.
//!
//! [spec] The wait is the reconnection time, which the server may set. "Optionally, wait some more.
//! In particular, if the previous attempt failed, then user agents might introduce an exponential
//! backoff delay": that is the part that grows here. A [`Retry`] policy replaces it.

/// The reconnection time (ms) until the server sets one.
pub const DEFAULT_RECONNECTION_TIME: u64 = 3_000;

/// `[ours]` The shortest wait (ms): `retry: 0` is no invitation to a busy loop.
pub const FLOOR: u32 = 100;

/// Where the exponential growth of the wait stops (ms), before jitter. A longer reconnection time
/// holds all the same.
pub const CAP: u64 = 30_000;

/// The longest wait (ms) that a timer of the web can hold; past it, it would fire at once.
pub const LONGEST_TIMER: u32 = i32::MAX as u32;

/// `[ours]` A policy of the page's own.
///
/// The first wait is `delay`, or what the server's last `retry` field says. Each further one, until
/// the connection proves healthy, is `factor` times as long, up to `max_delay`; then a random share of
/// it, up to `jitter`, is taken off. It never falls below a `retry` field of the server.
///
/// ```
/// use eventsource_wasm::connection::Retry;
///
/// let patient = Retry { delay: 10_000.0, attempts: 5, ..Retry::default() };
/// assert_eq!(patient.max_delay, 30_000.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// The reconnection time (ms) until the server sets one. Default: 3,000.
    pub delay: f64,
    /// By how much each wait in a row is longer than the one before. Default: 2.
    pub factor: f64,
    /// Where the growth stops (ms). Default: 30,000.
    pub max_delay: f64,
    /// The share of each wait that is random, from 0 to 1. Default: 0.5.
    pub jitter: f64,
    /// How many attempts in a row may fail before the connection is failed for good. Default: no limit.
    pub attempts: u32,
    /// How long (ms) a connection has to stay open for the attempts before it not to count any more. By
    /// default the first event that it delivers is enough.
    pub reset_after: Option<f64>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            delay: DEFAULT_RECONNECTION_TIME as f64,
            factor: 2.0,
            max_delay: CAP as f64,
            jitter: 0.5,
            attempts: u32::MAX,
            reset_after: None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Delay {
    policy: Option<Retry>,
    /// What the server has set (ms).
    reconnection_time: Option<u64>,
    /// Attempts in a row that a retry followed, or is to follow.
    attempts: u32,
    /// Of these, the ones without a response. Only a stream that delivers ends such a row.
    failed_attempts: u32,
    /// The source has been open since its last failed attempt: without a policy it waits just the
    /// reconnection time.
    was_open: bool,
}

impl Delay {
    pub(super) fn new(policy: Option<Retry>) -> Self {
        Self {
            policy,
            reconnection_time: None,
            attempts: 0,
            failed_attempts: 0,
            was_open: false,
        }
    }

    pub(super) fn set_reconnection_time(&mut self, time: u64) {
        self.reconnection_time = Some(time);
    }

    pub(super) fn reconnection_time(&self) -> f64 {
        match (self.reconnection_time, self.policy) {
            (Some(time), _) => time as f64,
            (None, Some(policy)) => policy.delay,
            (None, None) => DEFAULT_RECONNECTION_TIME as f64,
        }
    }

    pub(super) fn attempt_failed(&mut self) {
        self.attempts = self.attempts.saturating_add(1);
        self.failed_attempts = self.failed_attempts.saturating_add(1);
        self.was_open = false;
    }

    /// The stream has ended after `open_for` (ms).
    pub(super) fn stream_ended(&mut self, open_for: f64) {
        if let Some(Retry {
            reset_after: Some(health),
            ..
        }) = self.policy
            && open_for >= health
        {
            self.reset();
        }
        self.attempts = self.attempts.saturating_add(1);
        self.was_open = true;
    }

    pub(super) fn delivered(&mut self) {
        if self
            .policy
            .is_none_or(|policy| policy.reset_after.is_none())
        {
            self.reset();
        }
    }

    pub(super) fn reset(&mut self) {
        self.attempts = 0;
        self.failed_attempts = 0;
    }

    /// The number of the retry that is to follow, from 1.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.policy
            .is_some_and(|policy| self.attempts > policy.attempts)
    }

    /// The wait (ms), for a random number in `0.0..1.0`.
    pub(super) fn next(&self, random: f64) -> u32 {
        let base = self.reconnection_time().max(f64::from(FLOOR));
        let (wait, least) = match self.policy {
            // The jitter spreads it between half and the whole of what it has grown to.
            None => {
                let doublings = if self.was_open {
                    0
                } else {
                    self.failed_attempts.saturating_sub(1)
                };
                let grown = grow(base, 2.0, doublings).min(CAP as f64);
                (grown * (0.5 + 0.5 * random), self.reconnection_time())
            }
            Some(policy) => {
                let grown = grow(base, policy.factor, self.attempts.saturating_sub(1));
                let jittered = grown.min(policy.max_delay) * (1.0 - policy.jitter * random);
                (
                    jittered,
                    self.reconnection_time.map_or(0.0, |time| time as f64),
                )
            }
        };
        to_timer(wait.max(least))
    }
}

/// By repeated multiplication: a power function of floats weighs more than all else here.
fn grow(base: f64, factor: f64, times: u32) -> f64 {
    let mut grown = base;
    for _ in 0..times.min(64) {
        grown *= factor;
    }
    grown
}

/// A wait (ms) as a timer can hold it. A float too large for the type becomes its largest number.
pub(super) fn to_timer(wait: f64) -> u32 {
    (wait as u32).clamp(FLOOR, LONGEST_TIMER)
}
