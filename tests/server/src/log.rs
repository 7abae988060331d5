//! Remembers the requests to `/events`, so that tests can see what the client really sent, and
//! wait for it instead of sleeping.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::sync::watch;

use crate::app::App;
use crate::connection::Connection;
use crate::params::{BadRequest, Params};

/// Requests kept; past them the oldest is forgotten.
const MAX_ENTRIES: usize = 2_000;

/// One request, as `/log` answers it.
#[derive(Clone, Serialize)]
struct Entry {
    #[serde(skip)]
    id: u64,
    /// The query parameter `key`.
    key: Option<String>,
    method: String,
    /// Path and query, as received.
    uri: String,
    headers: BTreeMap<String, String>,
    /// When the request came, in ms since the server started.
    time: f64,
    /// When the response was over, in ms since the server started.
    ended: Option<f64>,
    how: Option<How>,
}

/// How a response came to its end.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum How {
    /// The server sent all of it.
    Finished,
    /// The client went away before that.
    ClientGone,
    /// The server reset the connection.
    Cut,
}

/// The latest requests, oldest first.
pub struct Log {
    start: Instant,
    entries: Mutex<Entries>,
    /// Told after every change.
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Entries {
    next_id: u64,
    list: VecDeque<Entry>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            entries: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }
}

impl Log {
    /// Notes a request; its end is noted when the [`Record`] is dropped.
    pub fn begin(
        self: &Arc<Self>,
        key: Option<&str>,
        request: &Request,
        connection: &Connection,
    ) -> Record {
        let id = self.change(|entries| {
            let id = entries.next_id;
            entries.next_id += 1;
            if entries.list.len() == MAX_ENTRIES {
                entries.list.pop_front();
            }
            entries.list.push_back(Entry {
                id,
                key: key.map(str::to_owned),
                method: request.method().to_string(),
                uri: request.uri().to_string(),
                headers: readable(request.headers()),
                time: self.now(),
                ended: None,
                how: None,
            });
            id
        });
        Record {
            log: self.clone(),
            id,
            connection: connection.clone(),
        }
    }

    fn end(&self, id: u64, how: How) {
        self.change(|entries| {
            // Ids ascend. The entry may have been forgotten or deleted meanwhile.
            if let Ok(index) = entries.list.binary_search_by_key(&id, |entry| entry.id) {
                entries.list[index].ended = Some(self.now());
                entries.list[index].how = Some(how);
            }
        });
    }

    fn of(&self, key: Option<&str>) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let is_asked_for = |entry: &&Entry| key.is_none() || entry.key.as_deref() == key;
        entries.list.iter().filter(is_asked_for).cloned().collect()
    }

    fn delete(&self, key: Option<&str>) {
        self.change(|entries| {
            entries
                .list
                .retain(|entry| key.is_some() && entry.key.as_deref() != key);
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Entries) -> T) -> T {
        let result = change(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_replace(());
        result
    }

    fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1_000.0
    }
}

/// A request in the log that has not ended yet. It ends when this is dropped, which hyper does with
/// a response body as soon as it needs no more of it.
pub struct Record {
    log: Arc<Log>,
    id: u64,
    connection: Connection,
}

impl Drop for Record {
    fn drop(&mut self) {
        let how = if self.connection.is_cut() {
            How::Cut
        } else if self.connection.is_gone() {
            How::ClientGone
        } else {
            How::Finished
        };
        self.log.end(self.id, how);
    }
}

/// Headers by name, decoded as latin-1, which shows every byte; repeated ones joined by ", ".
pub fn readable(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .keys()
        .map(|name| {
            let values = headers.get_all(name).iter();
            let texts = values.map(|value| value.as_bytes().iter().copied().map(char::from));
            (
                name.to_string(),
                texts.map(String::from_iter).collect::<Vec<_>>().join(", "),
            )
        })
        .collect()
}

pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/log", get(show).delete(empty))
        .route("/log/wait", get(wait))
}

/// `GET /log?key=K`: the requests with this key, or all, as a JSON array, oldest first.
async fn show(State(app): State<Arc<App>>, params: Params) -> Response {
    Json(app.log.of(params.text("key"))).into_response()
}

/// `DELETE /log?key=K`: forgets the requests with this key, or all.
async fn empty(State(app): State<Arc<App>>, params: Params) -> StatusCode {
    app.log.delete(params.text("key"));
    StatusCode::NO_CONTENT
}

/// `GET /log/wait?key=K&requests=1&ended=0&timeout=10000`: answers as `/log` does, once there is
/// enough to see; 504 with what there is at the timeout.
///
/// - `requests`: requests that must have come, 0 to 2,000, default 1
/// - `ended`: of them, those whose response must be over, 0 to 2,000, default 0
/// - `timeout`: ms, 0 to 60,000, default 10,000
async fn wait(State(app): State<Arc<App>>, params: Params) -> Result<Response, BadRequest> {
    let key = params.text("key");
    let requests = params.number("requests", 1, 0..=MAX_ENTRIES as u64)?;
    let ended = params.number("ended", 0, 0..=MAX_ENTRIES as u64)?;
    let timeout = params.millis("timeout", 10_000, 0..=60_000)?;

    let mut changed = app.log.changed.subscribe();
    let enough = async {
        loop {
            let entries = app.log.of(key);
            let over = entries.iter().filter(|entry| entry.ended.is_some()).count();
            if entries.len() as u64 >= requests && over as u64 >= ended {
                return entries;
            }
            // The sender is part of `app.log`, so it cannot be gone.
            let _ = changed.changed().await;
        }
    };
    Ok(match tokio::time::timeout(timeout, enough).await {
        Ok(entries) => Json(entries).into_response(),
        Err(_) => (StatusCode::GATEWAY_TIMEOUT, Json(app.log.of(key))).into_response(),
    })
}
