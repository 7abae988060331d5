//! Sends bytes that were stored before, over and over: the streams of the benchmark, which alone
//! knows what is in them.

use std::iter;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_stream::stream;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{StatusCode, Version};
use axum::response::IntoResponse;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use lru::LruCache;
use tokio::time::MissedTickBehavior;

use super::bytes;
use crate::app::App;
use crate::connection::Connection;
use crate::params::{BadRequest, MAX_MS, Params};

/// Most bytes that can be stored under a name (32 MiB).
pub const MAX_STORED: usize = 32 * 1024 * 1024;
/// Names that are kept; past them the one used longest ago is forgotten.
const MAX_NAMES: NonZeroUsize = NonZeroUsize::new(32).unwrap();
/// Most bytes of a response (1 GiB).
const MAX_SENT: u64 = 1024 * 1024 * 1024;
/// What is replaced by the time: as many digits as µs since 1970 have, until the year 2286.
const STAMP: &[u8] = b"0000000000000000";

/// What is stored, by its name.
pub struct Stored(Mutex<LruCache<String, Bytes>>);

impl Default for Stored {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_NAMES)))
    }
}

/// `PUT /events/repeat/{name}`: stores the body, at most 32 MiB, in place of what had the name. The
/// latest 32 names are kept.
pub async fn store(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<StatusCode, BadRequest> {
    if body.is_empty() {
        return Err(BadRequest("There is nothing to store.".into()));
    }
    let mut stored = app.stored.0.lock().unwrap_or_else(PoisonError::into_inner);
    stored.put(name, body);
    Ok(StatusCode::NO_CONTENT)
}

/// `/events/repeat/{name}?times=1&write=65536&interval=0&stamp=false`: what is stored, `times` times,
/// then an event named `end`, whose data is `times`, and nothing more. Each write is an HTTP chunk and
/// flushed before the next.
///
/// - `times`: 1 to 10,000,000, default 1; all in all at most 1 GiB
/// - `write`: bytes of each, whatever the borders of events, 1 to 1,048,576, default 64 KiB; or
///   `event`, where each ends with the next blank line (of LFs)
/// - `interval`: ms from one to the next, 0 to 600,000, default 0
/// - `stamp`: whether the first sixteen zeros in a row of each are replaced by the time at which it
///   is sent, in µs since 1970; default false
pub async fn repeat(
    State(app): State<Arc<App>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    version: Version,
    Path(name): Path<String>,
    params: Params,
) -> Result<impl IntoResponse, BadRequest> {
    // What a stream has sent is not told by the connection's flushes, which it shares.
    if version == Version::HTTP_2 {
        return Err(BadRequest("Writes of their own need HTTP/1.1.".into()));
    }
    let times = params.number("times", 1, 1..=10_000_000)?;
    let interval = params.millis("interval", 0, 0..=MAX_MS)?;
    let stamp = params.flag("stamp")?;
    let body = {
        let mut stored = app.stored.0.lock().unwrap_or_else(PoisonError::into_inner);
        let body = stored.get(&name).cloned();
        body.ok_or_else(|| BadRequest(format!("Nothing is stored under {name}.")))?
    };
    if times * body.len() as u64 > MAX_SENT {
        return Err(BadRequest("times is too large: more than 1 GiB.".into()));
    }
    let writes = if params.text("write") == Some("event") {
        let events = split_events(&body);
        let all = iter::repeat_n(events, times as usize).flatten();
        stream::iter(all).left_stream()
    } else {
        let length = params.number("write", 64 * 1024, 1..=1024 * 1024)? as usize;
        stream::iter(split_evenly(&body, times as usize, length)).right_stream()
    };
    let end = Bytes::from(format!("event: end\ndata: {times}\n\n"));

    Ok(bytes(stream! {
        let mut due = (!interval.is_zero()).then(|| {
            let mut due = tokio::time::interval(interval);
            // An event that is late does not make the later ones late, too.
            due.set_missed_tick_behavior(MissedTickBehavior::Burst);
            due
        });
        for await write in writes.chain(stream::iter([end])) {
            if let Some(due) = &mut due {
                due.tick().await;
            }
            yield if stamp { stamped(&write) } else { write };
            connection.flushed().await;
        }
        std::future::pending::<()>().await;
    }))
}

/// The events of a stream, each with its blank line.
fn split_events(body: &Bytes) -> Vec<Bytes> {
    let mut events = Vec::new();
    let mut start = 0;
    for end in 2..=body.len() {
        if end == body.len() || (end > start + 1 && &body[end - 2..end] == b"\n\n") {
            events.push(body.slice(start..end));
            start = end;
        }
    }
    events
}

/// A body `times` times in pieces of one length, the last one shorter; nothing is copied for a piece.
fn split_evenly(body: &Bytes, times: usize, length: usize) -> impl Iterator<Item = Bytes> + use<> {
    // Longer than the body by a piece, so that each piece, wherever it starts, is a slice.
    let period = body.len();
    let longer: Bytes = body.iter().copied().cycle().take(period + length).collect();
    let total = period * times;
    (0..total).step_by(length).map(move |start| {
        let first = start % period;
        longer.slice(first..first + length.min(total - start))
    })
}

fn stamped(write: &Bytes) -> Bytes {
    let mut stamped = BytesMut::from(&write[..]);
    let place = write.windows(STAMP.len()).position(|bytes| bytes == STAMP);
    if let Some(place) = place {
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        let digits = format!("{:016}", time.unwrap_or(Duration::ZERO).as_micros());
        stamped[place..place + STAMP.len()].copy_from_slice(&digits.as_bytes()[..STAMP.len()]);
    }
    stamped.freeze()
}
