//! Responses that are about their head: status, redirection, delay, and what the request was.

use std::future;

use async_stream::stream;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::response::sse::Event;
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::events;
use crate::log::readable;
use crate::params::{BadRequest, MAX_MS, Params};

/// `/events/status/{code}?type=…&body=…&location=…`: any status from 200 to 599.
///
/// - `type`: the content type, default `text/event-stream`; empty = none
/// - `body`: default one event with data `status CODE`; 204, 205 and 304 never have a body
/// - `location`: a `Location` header, default none
pub async fn status(
    Path(code): Path<String>,
    params: Params,
) -> Result<impl IntoResponse, BadRequest> {
    let status = code.parse().ok().filter(|code| (200..=599).contains(code));
    let status = status
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| BadRequest("The status must be a whole number from 200 to 599.".into()))?;
    let event = format!("data: status {code}\n\n");
    let body = match status.as_u16() {
        204 | 205 | 304 => Body::empty(),
        _ => Body::from(params.text("body").unwrap_or(&event).to_owned()),
    };

    let mut headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
    let default_type = HeaderValue::from_static("text/event-stream");
    headers.insert(CONTENT_TYPE, params.header("type")?.unwrap_or(default_type));
    if headers[CONTENT_TYPE].is_empty() {
        headers.remove(CONTENT_TYPE);
    }
    if let Some(location) = params.header("location")? {
        headers.insert(LOCATION, location);
    }
    Ok((status, headers, body))
}

/// `/events/redirect/{301|302|303|307|308}?to=URL`: a redirection without a body.
///
/// - `to`: the `Location`, required
pub async fn redirect(
    Path(code): Path<String>,
    params: Params,
) -> Result<impl IntoResponse, BadRequest> {
    let status = match code.as_str() {
        "301" => StatusCode::MOVED_PERMANENTLY,
        "302" => StatusCode::FOUND,
        "303" => StatusCode::SEE_OTHER,
        "307" => StatusCode::TEMPORARY_REDIRECT,
        "308" => StatusCode::PERMANENT_REDIRECT,
        _ => {
            return Err(BadRequest(
                "The status must be 301, 302, 303, 307 or 308.".into(),
            ));
        }
    };
    let to = params
        .header("to")?
        .ok_or_else(|| BadRequest("to is missing.".into()))?;
    // Browsers keep a 301 or 308 for ever otherwise.
    Ok((
        status,
        [
            (LOCATION, to),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
    ))
}

/// `/events/redirect-loop`: a 302 to itself.
pub async fn redirect_loop(uri: Uri) -> Result<impl IntoResponse, BadRequest> {
    let to = HeaderValue::from_str(&relative(&uri))
        .map_err(|_| BadRequest("The URL cannot be sent as a Location.".into()))?;
    Ok((
        StatusCode::FOUND,
        [
            (LOCATION, to),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
    ))
}

/// `/events/echo`, any method: one event that tells the request as JSON, `{"method", "uri",
/// "headers": {name: value}, "body"}`, then nothing more. Header values are decoded as latin-1, the
/// body (at most 2 MiB) as UTF-8.
pub async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let data = json!({
        "method": method.as_str(),
        "uri": relative(&uri),
        "headers": readable(&headers),
        "body": String::from_utf8_lossy(&body),
    });
    one_event(Event::default().data(data.to_string()))
}

/// `/events/delayed?headers=0&body=0`: waits before the head of the response, then before its first
/// event, then sends nothing more.
///
/// - `headers`, `body`: ms, 0 to 600,000, default 0
pub async fn delayed(params: Params) -> Result<impl IntoResponse, BadRequest> {
    let headers = params.millis("headers", 0, 0..=MAX_MS)?;
    let body = params.millis("body", 0, 0..=MAX_MS)?;
    tokio::time::sleep(headers).await;
    Ok(events(stream! {
        tokio::time::sleep(body).await;
        yield Event::default().data("delayed");
        future::pending::<()>().await;
    }))
}

/// `/events/hang`: never answers.
pub async fn hang() {
    future::pending().await
}

fn one_event(event: Event) -> impl IntoResponse {
    events(stream::iter([event]).chain(stream::pending()))
}

/// Path and query, as they came.
fn relative(uri: &Uri) -> String {
    uri.path_and_query()
        .map(ToString::to_string)
        .unwrap_or_default()
}
