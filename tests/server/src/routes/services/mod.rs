//! Answers as well-known services give them, so that their clients can be tested here; one file a
//! service, and what several of them need.

mod anthropic;
mod chat;
pub mod mcp;
pub mod mercure;
mod openai;
mod wikimedia;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::routing::{get, post};

use crate::app::App;

/// Longest body in bytes, of which some are kept; a longer one is answered with 413.
const MAX_BODY: usize = 64 * 1024;

pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/events/openai/v1/chat/completions",
            post(openai::completions),
        )
        .route("/events/anthropic/v1/messages", post(anthropic::messages))
        .route(
            "/events/mcp",
            post(mcp::send).get(mcp::resume).delete(mcp::end),
        )
        .route(
            "/events/mercure",
            get(mercure::subscribe).post(mercure::publish),
        )
        .route(
            "/events/wikimedia/v2/stream/recentchange",
            get(wikimedia::recent_change),
        )
        .layer(DefaultBodyLimit::max(MAX_BODY))
}

/// Whether the request has a bearer token; any one will do.
fn has_bearer(headers: &HeaderMap) -> bool {
    let value = headers.get(AUTHORIZATION);
    value
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("Bearer "))
        .is_some_and(|token| !token.trim().is_empty())
}

/// An event by hand: axum's Event leaves out a data field that is empty.
fn event(event_type: Option<&str>, id: &str, data: &str) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    if let Some(event_type) = event_type {
        let _ = writeln!(text, "event: {event_type}");
    }
    let _ = writeln!(text, "id: {id}");
    for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}
