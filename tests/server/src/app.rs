//! The map of the server: which path leads where, and what surrounds it.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::control::Control;
use crate::counters::Counters;
use crate::log::Log;
use crate::routes::repeat::Stored;
use crate::routes::services::{mcp, mercure};
use crate::{control, cors, exchange, log, routes, static_files};

/// What the routes share.
#[derive(Default)]
pub struct App {
    pub log: Arc<Log>,
    pub control: Arc<Control>,
    pub scripts: Counters,
    pub limited: Counters,
    pub mcp: mcp::Sessions,
    pub mercure: mercure::Hub,
    pub stored: Stored,
}

/// All routes of the server; `root` is the folder of the static files.
pub fn router(root: &Path) -> Router {
    let app = Arc::new(App::default());

    // Layers added last are outermost: the log sees everything, preflights and refusals too.
    let events = routes::router()
        .layer(from_fn(cors::answer))
        .layer(from_fn_with_state(app.clone(), exchange::surround));

    let tools = log::router()
        .merge(control::router())
        .layer(from_fn(cors::answer));

    // Browsers quietly repeat a request when the connection that they reused for it is reset, so
    // no reset would be certain to reach the page, and the log would have requests nobody made.
    let close = HeaderValue::from_static("close");
    static_files::router(root)
        .merge(events.merge(tools).with_state(app))
        .layer(SetResponseHeaderLayer::if_not_present(CONNECTION, close))
}
