//! Lets tests and the demo page break streams from outside: `/drop` ends them, `/refuse` turns
//! their reconnections away.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use lru::LruCache;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::app::App;
use crate::connection::Connection;
use crate::params::{BadRequest, Params};

/// Clients that can be refused at the same time; past them the oldest is let in again.
const MAX_REFUSED: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// The open requests by client, and the clients to refuse.
pub struct Control {
    open: Mutex<HashMap<u64, Open>>,
    next: AtomicU64,
    refused: Mutex<LruCache<String, Instant>>,
}

struct Open {
    client: String,
    connection: Connection,
    /// Gone once it was used.
    end: Option<oneshot::Sender<()>>,
}

#[derive(Clone, Copy)]
enum How {
    End,
    Cut,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            next: AtomicU64::default(),
            refused: Mutex::new(LruCache::new(MAX_REFUSED)),
        }
    }
}

impl Control {
    /// Remembers an open request for as long as the [`Registration`] lives. The receiver resolves
    /// when the response is to end; a request without a client is never told to.
    pub fn register(
        self: &Arc<Self>,
        client: Option<&str>,
        connection: &Connection,
    ) -> (Registration, oneshot::Receiver<()>) {
        let (end, receiver) = oneshot::channel();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let open = Open {
            client: client.unwrap_or_default().to_owned(),
            connection: connection.clone(),
            end: Some(end),
        };
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, open);
        (
            Registration {
                control: self.clone(),
                id,
            },
            receiver,
        )
    }

    /// Whether requests of this client are to be refused now.
    pub fn refuses(&self, client: &str) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused
            .peek(client)
            .is_some_and(|until| Instant::now() < *until)
    }

    fn refuse(&self, client: &str, time: Duration) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.put(client.to_owned(), Instant::now() + time);
    }

    fn drop_streams(&self, client: &str, how: How) -> usize {
        let mut dropped = 0;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for open in open.values_mut().filter(|open| open.client == client) {
            dropped += 1;
            match how {
                How::Cut => open.connection.cut(),
                How::End => {
                    if let Some(end) = open.end.take() {
                        // Fails if the response has just ended by itself.
                        let _ = end.send(());
                    }
                }
            }
        }
        dropped
    }
}

/// Keeps a request in the list of the open ones.
pub struct Registration {
    control: Arc<Control>,
    id: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.control
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }
}

pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/drop", post(drop_client))
        .route("/refuse", post(refuse_client))
}

/// `POST /drop?client=NAME&how=end`: ends the open streams of a client; answers `{"dropped":n}`.
///
/// - `client`: required, as in the streams' own `client` parameter
/// - `how`: `end` = the response ends properly, `cut` = the connection is reset; default `end`
///
/// A request whose response has not begun is reset in both cases.
async fn drop_client(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Json<Value>, BadRequest> {
    let how = match params.text("how") {
        None | Some("end") => How::End,
        Some("cut") => How::Cut,
        Some(_) => return Err(BadRequest("how must be end or cut.".into())),
    };
    let client = non_empty_client(&params)?;
    Ok(Json(
        json!({ "dropped": app.control.drop_streams(client, how) }),
    ))
}

/// `POST /refuse?client=NAME&for=5000`: resets all further requests of a client for a while.
///
/// - `client`: required
/// - `for`: ms, 0 to 60,000, default 5,000; 0 lets the client in again
async fn refuse_client(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<StatusCode, BadRequest> {
    let time = params.millis("for", 5_000, 0..=60_000)?;
    app.control.refuse(non_empty_client(&params)?, time);
    Ok(StatusCode::NO_CONTENT)
}

/// The empty name is that of all requests that have no `client`, which are none of the caller's.
fn non_empty_client(params: &Params) -> Result<&str, BadRequest> {
    match params.required_name("client")? {
        "" => Err(BadRequest("client must not be empty.".into())),
        client => Ok(client),
    }
}
