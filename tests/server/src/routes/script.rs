//! Sends exactly the bytes, chunks, pauses and breaks that the request spells out.

use std::convert::Infallible;
use std::future;
use std::sync::Arc;
use std::time::Duration;

use async_stream::stream;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::connection::Connection;
use crate::params::{BadRequest, MAX_MS, Params};

/// How often a chunk can be repeated.
const MAX_REPEAT: u64 = 1_000_000;

/// What one request gets, as it is written.
#[derive(Default, Deserialize)]
#[serde(
    default,
    deny_unknown_fields,
    expecting = "an array of steps or an object"
)]
struct Entry {
    status: Option<u16>,
    headers: Map<String, Value>,
    steps: Vec<RawStep>,
}

/// A step as it is written: exactly one of these, except that `repeat` goes with a chunk.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a step, which is an object")]
struct RawStep {
    text: Option<String>,
    hex: Option<String>,
    base64: Option<String>,
    repeat: Option<u64>,
    pause: Option<u64>,
    cut: bool,
    hang: bool,
    refuse: bool,
}

/// An entry as it is done.
struct Planned {
    status: StatusCode,
    headers: HeaderMap,
    steps: Vec<Step>,
}

/// A step as it is done.
enum Step {
    Chunk { bytes: Bytes, times: u64 },
    Pause(Duration),
    Cut,
    Hang,
    Refuse,
}

/// `/events/script?key=K&connections=JSON`, any method: the script in the query, for URLs up to
/// 64 KiB, or, when there is none, as the body, at most 2 MiB.
///
/// `connections` is an array. The request number i with this `key`, counted from 0, gets entry i,
/// and when there are fewer the last one; without a `key` always the first one. An entry is the
/// array of its steps, or an object, in which everything can be left out:
///
/// ```json
/// { "status": 200, "headers": { "content-type": "text/event-stream" }, "steps": [] }
/// ```
///
/// - `status`: 200 to 599
/// - `headers`: a value is a string (latin-1), an array of strings for a repeated header, or null,
///   which removes the default content type; nothing else is sent but `date`, the framing,
///   `connection: close` unless there is a `connection`, and what the parameter `cors` says
/// - `steps`: done in order; after the last one the response ends properly. Each is one of
///   - `{"text":"…"}`, `{"hex":"…"}`, `{"base64":"…"}`: sent as one HTTP chunk and flushed before
///     the next step; with `"repeat":n` (0 to 1,000,000) n times
///   - `{"pause":ms}`: 0 to 600,000
///   - `{"cut":true}`: resets the connection (RST). A client may drop what it had not read by then,
///     so a pause before it makes sure of that
///   - `{"hang":true}`: holds the response open
///   - `{"refuse":true}`, as the first step: resets the connection before any byte of a response
pub async fn script(
    State(app): State<Arc<App>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    version: Version,
    params: Params,
    body: Bytes,
) -> Result<Response, BadRequest> {
    match params.text("connections") {
        Some(script) => run(&app, connection, version, &params, script.as_bytes()),
        None if body.is_empty() => Err(BadRequest("connections is missing.".into())),
        None => run(&app, connection, version, &params, &body),
    }
}

fn run(
    app: &App,
    connection: Connection,
    version: Version,
    params: &Params,
    script: &[u8],
) -> Result<Response, BadRequest> {
    // What its streams have sent is not told by the connection's flushes, which they share.
    if version == Version::HTTP_2 {
        return Err(BadRequest("A script needs HTTP/1.1.".into()));
    }
    // All entries are read, so that a mistake in a later one shows at once.
    let mut responses = read(script)
        .map_err(|error| BadRequest(format!("connections is not a script: {error}.")))?;
    let number = params.name("key")?.map_or(0, |key| app.scripts.next(key));
    let response = responses.swap_remove(number.min(responses.len() - 1));

    if let Some(Step::Refuse) = response.steps.first() {
        return Ok(connection.refuse());
    }
    Ok((
        response.status,
        response.headers,
        play(response.steps, connection),
    )
        .into_response())
}

fn play(steps: Vec<Step>, connection: Connection) -> Body {
    Body::from_stream(stream! {
        for step in steps {
            match step {
                Step::Chunk { bytes, times } => {
                    for _ in 0..times {
                        yield Ok::<_, Infallible>(bytes.clone());
                        connection.flushed().await;
                    }
                }
                Step::Pause(time) => tokio::time::sleep(time).await,
                Step::Hang => future::pending().await,
                Step::Cut | Step::Refuse => {
                    // The head has to be out even if nothing else is.
                    connection.flushed().await;
                    connection.cut();
                    future::pending().await
                }
            }
        }
    })
}

/// Reads a script; there is at least one response in it.
fn read(script: &[u8]) -> Result<Vec<Planned>, String> {
    let entries: Vec<Value> = serde_json::from_slice(script).map_err(|error| error.to_string())?;
    if entries.is_empty() {
        return Err("the array is empty".into());
    }
    let plan = |(index, entry): (usize, Value)| {
        let entry = match entry {
            Value::Array(steps) => json!({ "steps": steps }),
            entry => entry,
        };
        let entry: Entry = serde_path_to_error::deserialize(entry).map_err(|error| {
            let place = format!("[{index}].{}", error.path());
            // The path to the entry itself is just a dot.
            format!("{}: {}", place.trim_end_matches('.'), error.inner())
        })?;
        Planned::try_from(entry).map_err(|error| format!("[{index}].{error}"))
    };
    entries.into_iter().enumerate().map(plan).collect()
}

impl TryFrom<Entry> for Planned {
    type Error = String;

    fn try_from(entry: Entry) -> Result<Self, String> {
        let status = entry.status.unwrap_or(200);
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|_| (200..=599).contains(&status))
            .ok_or("status: must be from 200 to 599")?;

        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        for (name, value) in entry.headers {
            let bad = |what| format!("headers.{name}: {what}");
            let key = HeaderName::try_from(&name).map_err(|_| bad("not a header name"))?;
            headers.remove(&key);
            let values = match value {
                Value::Null => vec![],
                Value::Array(values) => values,
                value => vec![value],
            };
            for value in values {
                let value = value
                    .as_str()
                    .ok_or_else(|| bad("must be a string, array or null"))?;
                let value = latin1(value).ok_or_else(|| bad("has a character beyond latin-1"))?;
                let value = HeaderValue::from_bytes(&value)
                    .map_err(|_| bad("has a control character, which a header cannot carry"))?;
                headers.append(&key, value);
            }
        }

        let plan = |(index, step): (usize, RawStep)| {
            let step = Step::try_from(step).map_err(|error| format!("steps[{index}]: {error}"))?;
            if index > 0 && matches!(step, Step::Refuse) {
                return Err(format!("steps[{index}]: refuse must be the first step"));
            }
            Ok(step)
        };
        let steps = entry
            .steps
            .into_iter()
            .enumerate()
            .map(plan)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            status,
            headers,
            steps,
        })
    }
}

impl TryFrom<RawStep> for Step {
    type Error = &'static str;

    fn try_from(step: RawStep) -> Result<Self, Self::Error> {
        let times = step.repeat.unwrap_or(1);
        if times > MAX_REPEAT {
            return Err("repeat must be at most 1,000,000");
        }
        let chunk = |bytes: Vec<u8>| Self::Chunk {
            bytes: bytes.into(),
            times,
        };
        let hex = |text: String| HEXLOWER_PERMISSIVE.decode(text.as_bytes());
        let base64 = |text: String| BASE64.decode(text.as_bytes());

        let mut steps = Vec::new();
        steps.extend(step.text.map(String::into_bytes).map(chunk));
        steps.extend(
            step.hex
                .map(hex)
                .transpose()
                .map_err(|_| "hex is not hex")?
                .map(chunk),
        );
        let bytes = step.base64.map(base64).transpose();
        steps.extend(
            bytes
                .map_err(|_| "base64 is not base64 with padding")?
                .map(chunk),
        );
        if step.repeat.is_some() && steps.is_empty() {
            return Err("repeat needs text, hex or base64");
        }
        if step.pause.is_some_and(|pause| pause > MAX_MS) {
            return Err("pause must be at most 600,000");
        }
        steps.extend(step.pause.map(|ms| Self::Pause(Duration::from_millis(ms))));
        steps.extend(step.cut.then_some(Self::Cut));
        steps.extend(step.hang.then_some(Self::Hang));
        steps.extend(step.refuse.then_some(Self::Refuse));

        match (steps.pop(), steps.is_empty()) {
            (Some(step), true) => Ok(step),
            _ => Err("must be one of text, hex, base64, pause, cut, hang and refuse"),
        }
    }
}

/// The bytes of a text whose characters are all in latin-1.
fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|character| u8::try_from(character).ok())
        .collect()
}
