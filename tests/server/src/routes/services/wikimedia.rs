//! The recent changes of all wikis, as Wikimedia's EventStreams sends them.

use async_stream::stream;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::event;
use crate::params::{BadRequest, MAX_MS, Params};
use crate::routes::bytes;
use crate::routes::schedule::{first_after, unix_ms, until};

/// The changes of which one is a canary event, which shows that the stream is alive.
const CANARY_EVERY: u64 = 10;

const WIKIS: [(&str, &str, &str); 3] = [
    ("en.wikipedia.org", "enwiki", "Server-sent events"),
    ("de.wikipedia.org", "dewiki", "Zürich"),
    ("www.wikidata.org", "wikidatawiki", "Q42"),
];

/// `/events/wikimedia/v2/stream/recentchange?interval=100&since=TIME&after=N`: the comment `:ok`,
/// then changes as `message` events. Change n is made n intervals after 1970; every tenth one is a
/// canary event, whose `meta.domain` is `canary`.
///
/// An id is JSON: `[{"topic":"eqiad.mediawiki.recentchange","partition":0,"timestamp":…},
/// {"topic":"codfw.mediawiki.recentchange","partition":0,"offset":-1}]`, where the timestamp is that
/// of the change plus 1 ms, as the real one has it. With it as `Last-Event-ID` the stream starts with
/// the changes made since (at most the 1,000 newest); anything else gets 400.
///
/// - `interval`: ms, 1 to 600,000, default 100
/// - `since`: where to start without `Last-Event-ID`: a time in ms since 1970, or as
///   `2026-01-02T03:04:05.678Z`; default the newest change
/// - `after`: changes after which the response ends, 1 to 1,000,000, as the real one ends after 15
///   minutes; default never
pub async fn recent_change(
    params: Params,
    headers: HeaderMap,
) -> Result<impl IntoResponse, BadRequest> {
    let interval = params.number("interval", 100, 1..=MAX_MS)?;
    let after = match params.text("after") {
        Some(_) => Some(params.number("after", 1, 1..=1_000_000)?),
        None => None,
    };
    let start = match headers.get("last-event-id") {
        Some(id) => Some(timestamp(id.as_bytes()).ok_or_else(|| {
            BadRequest("Last-Event-ID must be an id of this stream on this route.".into())
        })?),
        None => params.text("since").map(since).transpose()?,
    };

    let newest = unix_ms() / interval;
    let first = match start {
        // The change before the first one that was made at this time or later.
        Some(start) => first_after(start.div_ceil(interval).saturating_sub(1), newest),
        None => newest,
    };
    let body = bytes(stream! {
        yield ":ok\n\n".to_owned();
        for number in first.. {
            if after.is_some_and(|after| number - first >= after) {
                break;
            }
            let time = number * interval;
            until(time).await;
            let id = json!([
                { "topic": "eqiad.mediawiki.recentchange", "partition": 0, "timestamp": time + 1 },
                { "topic": "codfw.mediawiki.recentchange", "partition": 0, "offset": -1 },
            ]);
            yield event(Some("message"), &id.to_string(), &change(number, time).to_string());
        }
    });
    Ok(([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], body))
}

/// The one timestamp in an id.
fn timestamp(id: &[u8]) -> Option<u64> {
    let id: Vec<Value> = serde_json::from_slice(id).ok()?;
    id.iter().find_map(|topic| topic["timestamp"].as_u64())
}

fn since(text: &str) -> Result<u64, BadRequest> {
    if let Ok(ms) = text.parse() {
        return Ok(ms);
    }
    let time = humantime::parse_rfc3339_weak(text)
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| u64::try_from(since.as_millis()).ok());
    time.ok_or_else(|| {
        BadRequest("since must be a time in ms, or one like 2026-01-02T03:04:05.678Z.".into())
    })
}

fn change(number: u64, time: u64) -> Value {
    let (server, wiki, title) = WIKIS[(number % WIKIS.len() as u64) as usize];
    let is_canary = number.is_multiple_of(CANARY_EVERY);
    let url = format!("https://{server}/wiki/{}", title.replace(' ', "_"));
    let dt = humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + Duration::from_millis(time));
    json!({
        "$schema": "/mediawiki/recentchange/1.0.0",
        "meta": {
            "uri": url,
            "request_id": format!("00000000-0000-4000-8001-{number:012x}"),
            "id": format!("00000000-0000-4000-8000-{number:012x}"),
            "domain": if is_canary { "canary" } else { server },
            "stream": "mediawiki.recentchange",
            "dt": dt.to_string(),
            "topic": "eqiad.mediawiki.recentchange",
            "partition": 0,
            "offset": number,
        },
        "id": number,
        "type": "edit",
        "namespace": 0,
        "title": title,
        "title_url": url,
        "comment": format!("edit number {number}"),
        "timestamp": time / 1_000,
        "user": "TestUser",
        "bot": number.is_multiple_of(4),
        "minor": false,
        "length": { "old": 1_000, "new": 1_010 },
        "revision": { "old": number - 1, "new": number },
        "server_url": format!("https://{server}"),
        "server_name": server,
        "server_script_path": "/w",
        "wiki": wiki,
        "parsedcomment": format!("edit number {number}"),
    })
}
