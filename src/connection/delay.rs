//! How long a source waits before it requests again.
//!
//! [spec] The wait is the reconnection time, which the server may set. "Optionally, wait some more.
//! In particular, if the previous attempt failed, then user agents might introduce an exponential
//! backoff delay": that is the part that grows here.

/// The reconnection time (ms) until the server sets one.
pub const DEFAULT_RECONNECTION_TIME: u64 = 3_000;

/// [ours] The shortest wait (ms): `retry: 0` is no invitation to a busy loop.
pub const FLOOR: u32 = 100;

/// Where the exponential growth of the wait stops (ms), before jitter. A longer reconnection time
/// holds all the same.
pub const CAP: u64 = 30_000;

/// The longest wait (ms) that a timer of the web can hold; past it, it would fire at once.
pub const LONGEST_TIMER: u32 = i32::MAX as u32;

#[derive(Debug)]
pub(super) struct Delay {
    reconnection_time: u64,
    /// Attempts that failed one after the other. Only a stream that delivers ends such a row.
    failed_attempts: u32,
    /// The source has been open since its last failed attempt: it waits just the reconnection time.
    was_open: bool,
}

impl Default for Delay {
    fn default() -> Self {
        Self {
            reconnection_time: DEFAULT_RECONNECTION_TIME,
            failed_attempts: 0,
            was_open: false,
        }
    }
}

impl Delay {
    pub(super) fn set_reconnection_time(&mut self, time: u64) {
        self.reconnection_time = time;
    }

    pub(super) fn attempt_failed(&mut self) {
        self.failed_attempts = self.failed_attempts.saturating_add(1);
        self.was_open = false;
    }

    pub(super) fn stream_ended(&mut self) {
        self.was_open = true;
    }

    pub(super) fn delivered(&mut self) {
        self.failed_attempts = 0;
    }

    /// The wait (ms). The jitter spreads it between half and the whole of what it has grown to, but
    /// it never falls below the reconnection time.
    pub(super) fn next(&self, random: f64) -> u32 {
        let doublings = if self.was_open {
            0
        } else {
            self.failed_attempts.saturating_sub(1)
        };
        let grown = self
            .reconnection_time
            .max(u64::from(FLOOR))
            .saturating_mul(1 << doublings.min(32))
            .min(CAP);
        let jittered = grown as f64 * (0.5 + 0.5 * random);
        let wait = jittered.max(self.reconnection_time as f64);
        // A float too large for the type becomes its largest number.
        (wait as u32).clamp(FLOOR, LONGEST_TIMER)
    }
}
