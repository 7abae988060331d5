//! A server of the Model Context Protocol over Streamable HTTP
//! (<https://modelcontextprotocol.io/specification/2025-11-25/basic/transports>).

use std::future;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_stream::stream;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{ACCEPT, ALLOW};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use lru::LruCache;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::event;
use crate::app::App;
use crate::connection::Connection;
use crate::params::{BadRequest, MAX_MS, Params};
use crate::routes::bytes;
use crate::routes::schedule::unix_ms;

/// Sessions at once; past them the one used longest ago is over.
const MAX_SESSIONS: NonZeroUsize = NonZeroUsize::new(100).unwrap();

/// Calls of a session whose events can be fetched again; past them the one used longest ago is
/// forgotten.
const MAX_CALLS: NonZeroUsize = NonZeroUsize::new(20).unwrap();

/// The versions of the protocol that a client may speak, the newest one first.
const VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

/// The open sessions by id.
pub struct Sessions {
    open: Mutex<LruCache<String, Session>>,
    next: AtomicU64,
}

struct Session {
    version: &'static str,
    calls: LruCache<u64, Arc<Call>>,
    /// The number of the next call, from 1.
    next_call: u64,
}

/// A call of a tool, whose stream is known from the start: message n is due n intervals after it.
struct Call {
    number: u64,
    start: Instant,
    interval: Duration,
    /// What its progress notifications belong to.
    token: Value,
    /// How many of them there are.
    steps: u64,
    response: String,
}

impl Call {
    /// Message `number`, from 1: a progress notification or, at last, the response.
    fn message(&self, number: u64) -> String {
        if number > self.steps {
            return self.response.clone();
        }
        let params = json!({
            "progressToken": self.token,
            "progress": number,
            "total": self.steps,
        });
        json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params })
            .to_string()
    }
}

/// A JSON-RPC message.
#[derive(Deserialize)]
struct Message {
    jsonrpc: String,
    id: Option<Value>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
}

/// Where a response breaks off.
struct Break {
    /// The number of the last message before it.
    after: u64,
    /// The connection to reset; without it the response ends properly.
    cut: Option<Connection>,
}

/// An error that is not the answer to a certain request.
pub struct Refusal(StatusCode, i64, String);

impl Refusal {
    fn new(status: StatusCode, code: i64, message: &str) -> Self {
        Self(status, code, message.to_owned())
    }
}

impl From<BadRequest> for Refusal {
    fn from(BadRequest(message): BadRequest) -> Self {
        Self(StatusCode::BAD_REQUEST, -32_000, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        let error = json!({ "code": code, "message": message });
        let body = json!({ "jsonrpc": "2.0", "id": null, "error": error });
        (status, Json(body)).into_response()
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            open: Mutex::new(LruCache::new(MAX_SESSIONS)),
            next: AtomicU64::new(1),
        }
    }
}

impl Sessions {
    /// Opens a session, returns its id.
    fn open(&self, version: &'static str) -> String {
        // The time is for clients that have the id of a session from before a restart.
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("session-{}-{number}", unix_ms());
        let session = Session {
            version,
            calls: LruCache::new(MAX_CALLS),
            next_call: 1,
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.put(id.clone(), session);
        id
    }

    /// Does something with the session that a request is part of; an error is its answer.
    fn with<T>(
        &self,
        headers: &HeaderMap,
        act: impl FnOnce(&mut Session) -> T,
    ) -> Result<T, Refusal> {
        let id = id_of_session(headers)?;
        let version = headers.get("mcp-protocol-version");
        if version.is_some_and(|version| VERSIONS.iter().all(|known| version != known)) {
            let text = "Bad Request: this Mcp-Protocol-Version is not supported.";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, -32_000, text));
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get_mut(id).map(act).ok_or_else(no_session)
    }

    fn end(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let id = id_of_session(headers)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.pop(id).map(drop).ok_or_else(no_session)
    }
}

fn id_of_session(headers: &HeaderMap) -> Result<&str, Refusal> {
    let id = headers.get("mcp-session-id");
    id.and_then(|id| id.to_str().ok()).ok_or_else(|| {
        let text = "Bad Request: the header Mcp-Session-Id is required.";
        Refusal::new(StatusCode::BAD_REQUEST, -32_000, text)
    })
}

fn no_session() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, -32_001, "Session not found")
}

/// `POST /events/mcp?steps=3&interval=20&cut-after=N&how=end&retry=100`: takes one JSON-RPC message.
///
/// - `initialize` opens a session and answers JSON with the header `Mcp-Session-Id`, which all other
///   requests need (without 400, unknown 404). At most 100 sessions are kept.
/// - `tools/call`, with whatever tool, answers an event stream: progress notifications, with the
///   numbers from 1 as `progress`, and the response, whose text tells the tool and its arguments. Then
///   the stream ends. Ids are `CALL-NUMBER`, both from 1. When the session's version is 2025-11-25, an
///   event `CALL-0` with empty data and a `retry` comes first.
/// - `ping` and `tools/list` answer JSON, other requests a JSON-RPC error.
/// - Notifications and responses are answered with 202.
///
/// `Accept` must list `application/json` and `text/event-stream` (else 406). Errors have JSON-RPC's
/// body. An `Origin` is not checked, which a real server must do.
///
/// - `steps`: progress notifications, 0 to 100, default 3. Their token is that of the request or
///   else, which a real server does not do, its id
/// - `interval`: ms between events, 0 to 600,000, default 20
/// - `cut-after`: events, that with empty data not counted, after which the response breaks off, one
///   interval later, 0 to 101; default never
/// - `how`: `end` = it ends properly, `cut` = the connection is reset; default `end`
/// - `retry`: ms, 0 to 600,000, default 100
pub async fn send(
    State(app): State<Arc<App>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    params: Params,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let steps = params.number("steps", 3, 0..=100)?;
    let interval = params.millis("interval", 20, 0..=MAX_MS)?;
    let retry = params.number("retry", 100, 0..=MAX_MS)?;
    let after = match params.text("cut-after") {
        Some(_) => params.number("cut-after", 0, 0..=101)?,
        None => u64::MAX,
    };
    let cut = match params.text("how") {
        None | Some("end") => None,
        Some("cut") => Some(connection),
        Some(_) => return Err(BadRequest("how must be end or cut.".into()).into()),
    };

    if !accepts(&headers, "application/json") || !accepts(&headers, "text/event-stream") {
        let text = "Not Acceptable: Client must accept both application/json and text/event-stream";
        return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, -32_000, text));
    }
    let message = match serde_json::from_slice::<Message>(&body) {
        Ok(message) if message.jsonrpc == "2.0" => message,
        Ok(_) => {
            let text = "Invalid Request: jsonrpc must be 2.0";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, -32_600, text));
        }
        Err(error) => {
            let text = format!("Parse error: {error}");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, -32_700, &text));
        }
    };
    let request = match (&message.method, &message.id) {
        (Some(method), Some(id)) => Some((method.as_str(), id)),
        _ => None,
    };
    if let Some(("initialize", id)) = request {
        return Ok(initialize(&app, id, &message.params));
    }

    let call = |session: &mut Session| match request {
        Some(("tools/call", id)) => {
            let call = Arc::new(Call {
                number: session.next_call,
                start: Instant::now(),
                interval,
                token: token(id, &message.params),
                steps,
                response: response(id, &message.params),
            });
            session.next_call += 1;
            session.calls.put(call.number, call.clone());
            Some((call, session.version))
        }
        _ => None,
    };
    let called = app.mcp.with(&headers, call)?;
    Ok(match (called, request) {
        (Some((call, version)), _) => {
            // [spec] To know an id to resume from before there is a message.
            let first = (version == VERSIONS[0]).then(|| {
                format!(
                    "retry: {retry}\n{}",
                    event(None, &format!("{}-0", call.number), "")
                )
            });
            play(call, 0, first, Break { after, cut })
        }
        (None, Some(("ping", id))) => answer(id, "result", json!({})),
        (None, Some(("tools/list", id))) => {
            let schema = json!({ "type": "object" });
            let tool = json!({ "name": "echo", "description": "Echoes", "inputSchema": schema });
            answer(id, "result", json!({ "tools": [tool] }))
        }
        (None, Some((_, id))) => {
            let error = json!({ "code": -32_601, "message": "Method not found" });
            answer(id, "error", error)
        }
        (None, None) => StatusCode::ACCEPTED.into_response(),
    })
}

/// `GET /events/mcp`: the rest of a stream, after the event whose id is the `Last-Event-ID`. What is
/// due comes at once. The 20 latest calls of a session can be resumed (others get 400), as often as
/// you like; `cut-after` has no effect here. Without `Last-Event-ID` the answer is 405, as
/// this server has nothing to say unasked.
///
/// `Accept` must list `text/event-stream` (else 406); `Mcp-Session-Id` as with POST.
pub async fn resume(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Refusal> {
    if !accepts(&headers, "text/event-stream") {
        let text = "Not Acceptable: Client must accept text/event-stream";
        return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, -32_000, text));
    }
    let Some(last) = headers.get("last-event-id") else {
        let text = "Method Not Allowed: GET only resumes a stream, after Last-Event-ID";
        let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, -32_000, text);
        return Ok(([(ALLOW, "POST, DELETE")], refusal).into_response());
    };
    let last = last.to_str().ok().and_then(|id| id.split_once('-'));
    let last = last.and_then(|(call, number)| Some((call.parse().ok()?, number.parse().ok()?)));
    let call = |session: &mut Session| {
        let (number, sent): (u64, u64) = last?;
        Some((session.calls.get(&number)?.clone(), sent))
    };
    let (call, sent) = app.mcp.with(&headers, call)?.ok_or_else(|| {
        let text = "Bad Request: there is no stream with this Last-Event-ID";
        Refusal::new(StatusCode::BAD_REQUEST, -32_000, text)
    })?;
    let never = Break {
        after: u64::MAX,
        cut: None,
    };
    Ok(play(call, sent, None, never))
}

/// `DELETE /events/mcp`: ends the session, answers 204. Streams of it go on.
pub async fn end(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<StatusCode, Refusal> {
    app.mcp.end(&headers)?;
    Ok(StatusCode::NO_CONTENT)
}

fn accepts(headers: &HeaderMap, content_type: &str) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    let mut types = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next());
    types.any(|range| range.trim().eq_ignore_ascii_case(content_type))
}

fn initialize(app: &App, id: &Value, params: &Value) -> Response {
    let asked = params["protocolVersion"].as_str();
    let known = VERSIONS.iter().find(|version| asked == Some(**version));
    let version = *known.unwrap_or(&VERSIONS[0]);
    let result = json!({
        "protocolVersion": version,
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "test-server", "version": env!("CARGO_PKG_VERSION") },
    });
    let session = [("mcp-session-id", app.mcp.open(version))];
    (session, answer(id, "result", result)).into_response()
}

/// What the progress of a call belongs to.
fn token(id: &Value, params: &Value) -> Value {
    match &params["_meta"]["progressToken"] {
        Value::Null => id.clone(),
        token => token.clone(),
    }
}

/// The response to a call.
fn response(id: &Value, params: &Value) -> String {
    let name = params["name"].as_str().unwrap_or_default();
    let text = format!("{name} was called with {}.", params["arguments"]);
    let result = json!({ "content": [{ "type": "text", "text": text }], "isError": false });
    json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()
}

/// Streams the messages of a call after the first `sent` ones.
fn play(call: Arc<Call>, sent: u64, first: Option<String>, at: Break) -> Response {
    bytes(stream! {
        if let Some(first) = first {
            yield first;
        }
        for number in sent.saturating_add(1)..=call.steps + 1 {
            let passed = u32::try_from(number).unwrap_or(u32::MAX);
            sleep_until(call.start + call.interval.saturating_mul(passed)).await;
            if number > at.after {
                if let Some(connection) = at.cut {
                    // The head has to be out even if nothing else is.
                    connection.flushed().await;
                    connection.cut();
                    future::pending::<()>().await;
                }
                return;
            }
            let id = format!("{}-{number}", call.number);
            yield event(Some("message"), &id, &call.message(number));
        }
    })
    .into_response()
}

fn answer(id: &Value, kind: &str, value: Value) -> Response {
    Json(json!({ "jsonrpc": "2.0", "id": id, kind: value })).into_response()
}
