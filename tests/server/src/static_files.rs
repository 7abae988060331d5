//! Serves the demo page, the built library and the test pages, under a strict security policy.

use std::path::Path;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Only what a page with the library needs: its own files, WebAssembly, and its own streams.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'";

/// `/` serves `root`/www, `/dist` `root`/dist and `/pages` `root`/tests/pages.
pub fn router(root: &Path) -> Router {
    let set =
        |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    Router::new()
        .nest_service("/dist", ServeDir::new(root.join("dist")))
        .nest_service("/pages", ServeDir::new(root.join("tests/pages")))
        .fallback_service(ServeDir::new(root.join("www")))
        .layer(set(CACHE_CONTROL, "no-store"))
        .layer(set(CONTENT_SECURITY_POLICY, POLICY))
        .layer(set(X_CONTENT_TYPE_OPTIONS, "nosniff"))
}
