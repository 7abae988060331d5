//! Events that are due at fixed times: number n is due n intervals after 1970, so nothing has to be
//! remembered to send missed ones again, not even across a restart.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Missed events that are sent again after a reconnection, the newest ones.
const MAX_REPLAY: u64 = 1_000;

/// Now, in ms since 1970.
pub fn unix_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Waits until a time in ms since 1970.
pub async fn until(time: u64) {
    let wait = time.saturating_sub(unix_ms());
    if wait > 0 {
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

/// The first event to send to a client that has got event `last`.
pub fn first_after(last: u64, newest: u64) -> u64 {
    // A number from the future, as of a stream with another interval, is taken for the newest.
    (last.min(newest) + 1).max(newest.saturating_sub(MAX_REPLAY - 1))
}
