//! The scenarios, one route each and one file per group, and the two ways in which they stream.

mod demo;
mod endings;
mod load;
pub mod repeat;
mod responses;
mod schedule;
mod script;
pub mod services;
mod tokens;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{any, get};
use futures_util::{Stream, StreamExt};

use crate::app::App;

/// `/events` and every route under it.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        // What the examples of the documentation open.
        .route("/events", get(demo::clock))
        .route("/events/clock", get(demo::clock))
        .route("/events/notifications", get(demo::notifications))
        .route("/events/users", get(demo::users))
        .route("/events/multiline", get(demo::multiline))
        .route("/events/tokens", get(tokens::tokens).post(tokens::tokens))
        .route("/events/long-poll", get(endings::long_poll))
        .route("/events/time-limit", get(endings::time_limit))
        .route("/events/script", any(script::script))
        .route("/events/status/{code}", any(responses::status))
        .route("/events/redirect/{code}", any(responses::redirect))
        .route("/events/redirect-loop", any(responses::redirect_loop))
        .route("/events/echo", any(responses::echo))
        .route("/events/delayed", get(responses::delayed))
        .route("/events/hang", any(responses::hang))
        .route("/events/flood", get(load::flood))
        .route("/events/large", get(load::large))
        .route(
            "/events/repeat/{name}",
            get(repeat::repeat)
                .put(repeat::store)
                .layer(DefaultBodyLimit::max(repeat::MAX_STORED)),
        )
        .merge(services::router())
        .route("/events/{*other}", any(unknown))
}

async fn unknown() -> impl IntoResponse {
    (
        StatusCode::NOT_FOUND,
        "There is no such route; tests/server/README.md lists them.",
    )
}

/// Sends events in axum's own formatting, with a comment every 15 s when there is nothing else.
fn events(stream: impl Stream<Item = Event> + Send + 'static) -> impl IntoResponse {
    Sse::new(stream.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::default())
}

/// Sends an event stream byte for byte, each item of `stream` as one HTTP chunk.
fn bytes(stream: impl Stream<Item = impl Into<Bytes>> + Send + 'static) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
    ];
    let chunks = stream.map(|chunk| Ok::<Bytes, Infallible>(chunk.into()));
    (headers, Body::from_stream(chunks))
}
