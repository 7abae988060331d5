//! Chat completions as OpenAI's API streams them, and as many others do that are compatible.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_stream::stream;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::chat::Chat;
use super::has_bearer;
use crate::app::App;
use crate::params::{BadRequest, MAX_MS, Params};
use crate::routes::events;
use crate::routes::schedule::unix_ms;
use crate::routes::tokens::wait;

/// `POST /events/openai/v1/chat/completions?interval=20`: an answer word by word that repeats the
/// last message of the user, in chunks without ids; then `data: [DONE]` and the end. The first
/// chunk has a role and no text, the last one the `finish_reason`.
///
/// It needs `Authorization: Bearer …` with any token (else 401) and a JSON body with `model`,
/// `messages` and `"stream":true` (else 400); the last message of the user has at most 2,000 bytes.
/// The bodies of errors are OpenAI's: `{"error":{"message","type","param","code"}}`.
///
/// - `interval`: ms between words, 0 to 600,000, default 20
/// - `limited`: the first requests with this `key` that get 429, 0 to 1,000, default 0
/// - `retry-after`: their `Retry-After`: seconds, 0 to 600, default 1; or `date` for a date that is
///   one to two seconds away
pub async fn completions(
    State(app): State<Arc<App>>,
    params: Params,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, BadRequest> {
    let interval = params.millis("interval", 20, 0..=MAX_MS)?;
    let limited = params.number("limited", 0, 0..=1_000)?;
    let retry_after = match params.text("retry-after") {
        // Dates have no fractions of a second.
        Some("date") => httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2)),
        _ => params.number("retry-after", 1, 0..=600)?.to_string(),
    };

    if !has_bearer(&headers) {
        let message = "You didn't provide an API key: send the header Authorization: Bearer KEY.";
        return Ok(error(
            StatusCode::UNAUTHORIZED,
            message,
            "invalid_request_error",
            Some("invalid_api_key"),
        ));
    }
    if limited > 0 && (app.limited.next(params.required_name("key")?) as u64) < limited {
        let error = error(
            StatusCode::TOO_MANY_REQUESTS,
            "Rate limit reached: try again later, as Retry-After says.",
            "requests",
            Some("rate_limit_exceeded"),
        );
        return Ok(([(RETRY_AFTER, retry_after)], error).into_response());
    }
    let asked = Chat::read(&body).and_then(|chat| Ok((chat.answer()?, chat.model)));
    let (words, model) = match asked {
        Ok(asked) => asked,
        Err(message) => {
            return Ok(error(
                StatusCode::BAD_REQUEST,
                &message,
                "invalid_request_error",
                None,
            ));
        }
    };

    let now = unix_ms();
    let chunk = move |delta: Value, finish_reason: Option<&str>| {
        let data = json!({
            "id": format!("chatcmpl-{now}"),
            "object": "chat.completion.chunk",
            "created": now / 1_000,
            "model": model,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
        });
        Event::default().data(data.to_string())
    };
    Ok(events(stream! {
        yield chunk(json!({ "role": "assistant", "content": "" }), None);
        for word in words {
            wait(interval).await;
            yield chunk(json!({ "content": word }), None);
        }
        yield chunk(json!({}), Some("stop"));
        yield Event::default().data("[DONE]");
    })
    .into_response())
}

fn error(status: StatusCode, message: &str, error_type: &str, code: Option<&str>) -> Response {
    let error = json!({ "message": message, "type": error_type, "param": null, "code": code });
    (status, Json(json!({ "error": error }))).into_response()
}
