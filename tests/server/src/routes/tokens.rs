//! A text that arrives word by word, as language models send it, and goes on after a break.

use std::time::Duration;

use async_stream::stream;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::events;
use crate::params::{BadRequest, LastEventId, MAX_MS, Params};

/// Longest prompt in bytes.
pub const MAX_PROMPT: usize = 2_000;

#[derive(Deserialize)]
struct Question {
    prompt: String,
}

/// `/events/tokens?prompt=TEXT&interval=40`, GET or POST: one JSON delta a word, then
/// `data: [DONE]`, then the end of the response. Ids count from 1. With `Last-Event-ID: n` the
/// text goes on after token n; after `[DONE]` the answer is 204, which ends a reconnection.
///
/// - `prompt`: at most 2,000 bytes, appears in the text; or the body of a POST: `{"prompt":"…"}`
/// - `interval`: ms between tokens, 0 to 600,000, default 40
pub async fn tokens(
    params: Params,
    LastEventId(last): LastEventId,
    body: Bytes,
) -> Result<Response, BadRequest> {
    let interval = params.millis("interval", 40, 0..=MAX_MS)?;
    let prompt = if body.is_empty() {
        params
            .text("prompt")
            .unwrap_or("server-sent events")
            .to_owned()
    } else {
        let question: Question = serde_json::from_slice(&body).map_err(|error| {
            BadRequest(format!(
                "The body must be like {{\"prompt\":\"…\"}}: {error}."
            ))
        })?;
        question.prompt
    };
    if prompt.len() > MAX_PROMPT {
        return Err(BadRequest(format!(
            "prompt must have at most {MAX_PROMPT} bytes."
        )));
    }

    let words = words(&answer(&prompt));
    let sent = last.unwrap_or(0);
    if sent > words.len() as u64 {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(events(stream! {
        for (word, id) in words.iter().zip(1_u64..).skip(sent as usize) {
            wait(interval).await;
            let delta = json!({ "choices": [{ "delta": { "content": word } }] });
            yield Event::default().id(id.to_string()).data(delta.to_string());
        }
        wait(interval).await;
        yield Event::default().id((words.len() + 1).to_string()).data("[DONE]");
    })
    .into_response())
}

/// The words of a text, each with the space after it.
pub fn words(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

/// tokio rounds sleeps up to whole milliseconds, so none at all is what 0 has to mean.
pub async fn wait(interval: Duration) {
    if !interval.is_zero() {
        tokio::time::sleep(interval).await;
    }
}

fn answer(prompt: &str) -> String {
    format!(
        "You asked: “{prompt}”. I am no language model, only a test server, but I stream like \
         one: each of these words is an event of its own, with an id and a little JSON around it. \
         If the connection breaks in the middle of a sentence, the next request tells the id of \
         the last word that arrived, and I go on with the word after it. Nothing is lost, nothing \
         comes twice. And that is all there is to say about “{prompt}”."
    )
}
