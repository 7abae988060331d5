//! Serves the demo page, the built library and the test pages, under a strict security policy.

use std::path::Path;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Only what a page with the library needs: its own files, WebAssembly, and its own streams.
const STRICT: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'";

/// What the pages of the tests need beside that: frames, a base element, streams of other origins.
const TEST_PAGES: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    frame-src 'self'; connect-src *; worker-src 'self'; base-uri 'self'";

/// The same without leave to compile WebAssembly.
const WITHOUT_WASM: &str = "default-src 'none'; script-src 'self'; connect-src *";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const EMBEDDER_POLICY: HeaderName = HeaderName::from_static("cross-origin-embedder-policy");

/// `/` serves `root`/www, `/dist` `root`/dist and `/pages` `root`/tests/pages, which is also at
/// `/pages-without-wasm`, under a policy that forbids WebAssembly, and at `/pages-isolated`, in a
/// process of their own, where browsers have clocks of 5 to 20 µs instead of 100 µs to 1 ms.
pub fn router(root: &Path) -> Router {
    let folder = |path: &str, policy| {
        Router::new()
            .fallback_service(ServeDir::new(root.join(path)))
            .layer(set(CONTENT_SECURITY_POLICY, policy))
    };
    Router::new()
        .nest("/dist", folder("dist", STRICT))
        .nest("/pages", folder("tests/pages", TEST_PAGES))
        .nest("/pages-without-wasm", folder("tests/pages", WITHOUT_WASM))
        .nest(
            "/pages-isolated",
            folder("tests/pages", TEST_PAGES)
                .layer(set(OPENER_POLICY, "same-origin"))
                .layer(set(EMBEDDER_POLICY, "credentialless")),
        )
        .fallback_service(folder("www", STRICT))
        // Not "no-store", which would keep pages out of the back/forward cache.
        .layer(set(CACHE_CONTROL, "no-cache"))
        .layer(set(X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}
