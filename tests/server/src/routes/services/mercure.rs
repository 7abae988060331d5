//! A Mercure hub (<https://mercure.rocks/spec>): updates of topics, to subscribe to and to publish.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_stream::stream;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::watch;

use super::{event, has_bearer};
use crate::app::App;
use crate::params::{BadRequest, MAX_MS, Params};
use crate::routes::bytes;
use crate::routes::schedule::{first_after, unix_ms, until};

/// Published updates that are kept; past them the oldest is forgotten.
const MAX_UPDATES: usize = 1_000;

/// What all ids of regular updates start with; the number follows, in hexadecimal.
const REGULAR_ID: &str = "urn:uuid:00000000-0000-4000-8000-";

/// The updates that were published, oldest first.
#[derive(Default)]
pub struct Hub {
    updates: Mutex<VecDeque<Arc<Update>>>,
    /// Told after every publication.
    published: watch::Sender<()>,
}

struct Update {
    /// When it was published, in ms since 1970; no two are the same.
    time: u64,
    topic: String,
    id: String,
    event_type: Option<String>,
    data: String,
}

impl Update {
    fn is_about(&self, topics: &[String]) -> bool {
        topics
            .iter()
            .any(|topic| topic == "*" || *topic == self.topic)
    }
}

impl Hub {
    fn publish(
        &self,
        topic: &str,
        id: Option<&str>,
        event_type: Option<&str>,
        data: &str,
    ) -> String {
        let mut updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        let after = updates.back().map_or(0, |update| update.time + 1);
        let time = unix_ms().max(after);
        let id = match id {
            Some(id) => id.to_owned(),
            None => format!("urn:uuid:00000001-0000-4000-8000-{time:012x}"),
        };
        if updates.len() == MAX_UPDATES {
            updates.pop_front();
        }
        updates.push_back(Arc::new(Update {
            time,
            topic: topic.to_owned(),
            id: id.clone(),
            event_type: event_type.map(str::to_owned),
            data: data.to_owned(),
        }));
        self.published.send_replace(());
        id
    }

    /// The first update that is accepted.
    fn first(&self, accept: impl Fn(&Update) -> bool) -> Option<Arc<Update>> {
        let updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        updates.iter().find(|update| accept(update)).cloned()
    }

    /// When the newest update with this id was published.
    fn time_of(&self, id: &str, topics: &[String]) -> Option<u64> {
        let updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        let mut updates = updates.iter().rev();
        let update = updates.find(|update| update.id == id && update.is_about(topics));
        update.map(|update| update.time)
    }

    /// When the newest update was published.
    fn newest(&self) -> u64 {
        let updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        updates.back().map_or(0, |update| update.time)
    }
}

/// `GET /events/mercure?topic=T&interval=1000`, instead of `/.well-known/mercure`: the updates of
/// some topics: those that are published, and regular ones. Regular update n is due n intervals after
/// 1970, is about the topics in turn, and has the id `urn:uuid:00000000-0000-4000-8000-` with n as
/// twelve hexadecimal digits and the data `{"@id":TOPIC,"number":n}`.
///
/// With `Last-Event-ID: ID`, or else the parameter `lastEventID`, the stream starts with what came
/// after that update (at most the 1,000 newest regular ones and what is left of the 1,000 updates
/// published last), without it with the newest regular one. Of several published with this id the
/// newest one counts. The response then has a `Last-Event-ID` too: the id of the update before the
/// first one sent, or `earliest` when the one asked for is not known, as it is the case with
/// `earliest` itself; then all published ones that are left come.
///
/// - `topic`: required, may be repeated, compared exactly; `*` matches all
/// - `interval`: ms, 1 to 600,000, default 1,000; 0 = only what is published
/// - `private`: whether `Authorization: Bearer …` or the parameter `authorization`, with any token, is
///   required (else 401), default false
pub async fn subscribe(
    State(app): State<Arc<App>>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, BadRequest> {
    let interval = params.number("interval", 1_000, 0..=MAX_MS)?;
    let topics: Vec<String> = params.all("topic").into_iter().map(str::to_owned).collect();
    if topics.is_empty() {
        return Err(BadRequest("topic is missing.".into()));
    }
    let has_token = has_bearer(&headers)
        || params
            .text("authorization")
            .is_some_and(|token| !token.is_empty());
    if params.flag("private")? && !has_token {
        let challenge = [(WWW_AUTHENTICATE, "Bearer")];
        let text = "Private updates need the header Authorization: Bearer TOKEN.";
        return Ok((StatusCode::UNAUTHORIZED, challenge, text).into_response());
    }

    // [spec] The header takes precedence.
    let last = match headers.get("last-event-id") {
        Some(id) => Some(String::from_utf8_lossy(id.as_bytes()).into_owned()),
        None => params.text("lastEventID").map(str::to_owned),
    };
    let mut start = Start::new(&app.mercure, &topics, last.as_deref(), interval);
    let mut published = app.mercure.published.subscribe();
    let mut response_headers = HeaderMap::new();
    if let Some(id) = start.before.take() {
        let id = HeaderValue::from_bytes(id.as_bytes())
            .map_err(|_| BadRequest("The last event id cannot be sent as a header.".into()))?;
        response_headers.insert("last-event-id", id);
    }
    let body = bytes(stream! {
        let Start { mut after, mut regular, .. } = start;
        loop {
            published.borrow_and_update();
            let due = (interval > 0).then_some(regular * interval);
            let update = app.mercure.first(|update| {
                update.time > after
                    && due.is_none_or(|due| update.time <= due)
                    && update.is_about(&topics)
            });
            if let Some(update) = update {
                after = update.time;
                yield event(update.event_type.as_deref(), &update.id, &update.data);
            } else if due.is_some_and(|due| due < unix_ms()) {
                let topic = &topics[(regular % topics.len() as u64) as usize];
                let data = json!({ "@id": topic, "number": regular });
                yield event(None, &regular_id(regular), &data.to_string());
                regular += 1;
            } else {
                tokio::select! {
                    // The sender is part of `app.mercure`, so it cannot be gone.
                    _ = published.changed() => {}
                    // A millisecond later nothing is published any more that comes before it.
                    () = until(due.unwrap_or_default() + 1), if due.is_some() => {}
                }
            }
        }
    });
    Ok((response_headers, body).into_response())
}

/// Where a stream starts.
struct Start {
    /// Updates published after this time are sent.
    after: u64,
    /// The first regular update, if there are any.
    regular: u64,
    /// What the response says about the update before.
    before: Option<String>,
}

impl Start {
    fn new(hub: &Hub, topics: &[String], last: Option<&str>, interval: u64) -> Self {
        let newest = unix_ms().checked_div(interval).unwrap_or(0);
        let Some(last) = last else {
            return Self {
                after: hub.newest(),
                regular: newest,
                before: None,
            };
        };
        let number = last
            .strip_prefix(REGULAR_ID)
            .and_then(|number| u64::from_str_radix(number, 16).ok())
            .filter(|number| *number <= newest);
        if let Some(number) = number {
            let regular = first_after(number, newest);
            return Self {
                after: number * interval,
                regular,
                before: Some(regular_id(regular - 1)),
            };
        }
        match hub.time_of(last, topics) {
            Some(time) => Self {
                after: time,
                // One that was due at the very time came after it.
                regular: (time - 1)
                    .checked_div(interval)
                    .map_or(0, |number| first_after(number, newest)),
                before: Some(last.to_owned()),
            },
            None => Self {
                after: 0,
                regular: newest,
                before: Some("earliest".into()),
            },
        }
    }
}

fn regular_id(number: u64) -> String {
    format!("{REGULAR_ID}{number:012x}")
}

/// `POST /events/mercure`: publishes an update, answers its id. The body is a form of at most 64 KiB,
/// of which other fields are ignored. A real hub would ask for a token.
///
/// - `topic`: required
/// - `data`: default empty
/// - `id`: the event's id, not starting with `#`; default a new `urn:uuid:…`
/// - `type`: the event's type, default none
pub async fn publish(State(app): State<Arc<App>>, body: Bytes) -> Result<String, BadRequest> {
    let form = Params::form(&body);
    let topic = form
        .text("topic")
        .ok_or_else(|| BadRequest("topic is missing.".into()))?;
    let (id, event_type) = (form.text("id"), form.text("type"));
    if id.is_some_and(|id| id.starts_with('#') || id.contains(['\n', '\r', '\0'])) {
        return Err(BadRequest(
            "id must not start with # nor have line breaks or U+0000.".into(),
        ));
    }
    if event_type.is_some_and(|event_type| event_type.contains(['\n', '\r'])) {
        return Err(BadRequest("type must not have line breaks.".into()));
    }
    let data = form.text("data").unwrap_or_default();
    Ok(app.mercure.publish(topic, id, event_type, data))
}
