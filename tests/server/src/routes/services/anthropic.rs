//! Messages as Anthropic's API streams them: named events, whose data repeats the name.

use async_stream::stream;
use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::chat::Chat;
use crate::params::{BadRequest, MAX_MS, Params};
use crate::routes::events;
use crate::routes::schedule::unix_ms;
use crate::routes::tokens::wait;

/// `POST /events/anthropic/v1/messages?interval=20`: an answer word by word that repeats the last
/// message of the user. The events, without ids, are `message_start`, `content_block_start`, `ping`,
/// a `content_block_delta` for each word, `content_block_stop`, `message_delta`, `message_stop`;
/// then the response ends.
///
/// It needs the headers `x-api-key` (else 401) and `anthropic-version`, and a JSON body with
/// `model`, `max_tokens`, `messages` and `"stream":true` (else 400); the last message of the user has
/// at most 2,000 bytes. The bodies of errors are Anthropic's:
/// `{"type":"error","error":{"type","message"}}`.
///
/// - `interval`: ms between words, 0 to 600,000, default 20
/// - `overloaded`: whether an `error` event comes after half of the words, and then the end;
///   default false
pub async fn messages(
    params: Params,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, BadRequest> {
    let interval = params.millis("interval", 20, 0..=MAX_MS)?;
    let overloaded = params.flag("overloaded")?;

    let has = |name: &str| headers.get(name).is_some_and(|value| !value.is_empty());
    if !has("x-api-key") {
        let error = error("authentication_error", "x-api-key header is required");
        return Ok((StatusCode::UNAUTHORIZED, Json(error)).into_response());
    }
    let asked = if has("anthropic-version") {
        read(&body)
    } else {
        Err("anthropic-version: header is required".into())
    };
    let (model, words) = match asked {
        Ok(asked) => asked,
        Err(message) => {
            let error = error("invalid_request_error", &message);
            return Ok((StatusCode::BAD_REQUEST, Json(error)).into_response());
        }
    };

    Ok(events(stream! {
        let usage = json!({ "input_tokens": 1, "output_tokens": 1 });
        yield named(json!({ "type": "message_start", "message": {
            "id": format!("msg_{}", unix_ms()),
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": model,
            "stop_reason": null,
            "stop_sequence": null,
            "usage": usage,
        } }));
        let block = json!({ "type": "text", "text": "" });
        yield named(json!({ "type": "content_block_start", "index": 0, "content_block": block }));
        yield named(json!({ "type": "ping" }));
        for (index, word) in words.iter().enumerate() {
            wait(interval).await;
            if overloaded && index == words.len() / 2 {
                yield named(error("overloaded_error", "Overloaded"));
                return;
            }
            let delta = json!({ "type": "text_delta", "text": word });
            yield named(json!({ "type": "content_block_delta", "index": 0, "delta": delta }));
        }
        yield named(json!({ "type": "content_block_stop", "index": 0 }));
        yield named(json!({
            "type": "message_delta",
            "delta": { "stop_reason": "end_turn", "stop_sequence": null },
            "usage": { "output_tokens": words.len() },
        }));
        yield named(json!({ "type": "message_stop" }));
    })
    .into_response())
}

/// The model and the words of the answer.
fn read(body: &[u8]) -> Result<(String, Vec<String>), String> {
    let chat = Chat::read(body)?;
    if chat.max_tokens.is_none() {
        return Err("max_tokens: Field required".into());
    }
    let words = chat.answer()?;
    Ok((chat.model, words))
}

/// An event with the name that its data has as `type`.
fn named(data: Value) -> Event {
    let name = data["type"].as_str().unwrap_or_default();
    Event::default().event(name).data(data.to_string())
}

fn error(error_type: &str, message: &str) -> Value {
    json!({ "type": "error", "error": { "type": error_type, "message": message } })
}
