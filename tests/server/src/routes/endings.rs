//! Streams whose responses end again and again, so that the client lives on reconnection.

use std::time::Duration;

use async_stream::stream;
use axum::response::IntoResponse;
use axum::response::sse::Event;
use futures_util::stream;
use tokio::time::Instant;

use super::{bytes, events};
use crate::params::{BadRequest, LastEventId, MAX_MS, Params};

/// `/events/long-poll?delay=0&retry=MS`: one event a response, then its end. The id counts up from
/// `Last-Event-ID`, the data is the id.
///
/// - `delay`: ms between the head of the response and the event, 0 to 600,000, default 0
/// - `retry`: ms, 0 to 600,000; when given, the event starts with a `retry:` line
pub async fn long_poll(
    params: Params,
    LastEventId(last): LastEventId,
) -> Result<impl IntoResponse, BadRequest> {
    let delay = params.millis("delay", 0, 0..=MAX_MS)?;
    let mut event = Event::default();
    if params.text("retry").is_some() {
        event = event.retry(params.millis("retry", 0, 0..=MAX_MS)?);
    }
    let id = (last.unwrap_or(0) + 1).to_string();
    Ok(events(stream::once(async move {
        tokio::time::sleep(delay).await;
        event.id(&id).data(&id)
    })))
}

/// `/events/time-limit?after=3000`: a dummy event named `init` without data at once, then an event
/// every 500 ms (1, 2, 3 …), until the server ends the response, as Spring's `SseEmitter` does.
///
/// - `after`: ms until the end, 0 to 600,000, default 3,000
pub async fn time_limit(params: Params) -> Result<impl IntoResponse, BadRequest> {
    let end = Instant::now() + params.millis("after", 3_000, 0..=MAX_MS)?;
    Ok(bytes(stream! {
        // By hand: axum's Event leaves out a data field that is empty.
        yield "event: init\ndata:\n\n".to_owned();
        for number in 1.. {
            let next = Instant::now() + Duration::from_millis(500);
            tokio::time::sleep_until(next.min(end)).await;
            if next > end {
                break;
            }
            yield format!("data: {number}\n\n");
        }
    }))
}
