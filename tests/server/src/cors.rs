//! Answers cross-origin requests in the way that their `cors` parameter asks for.

use std::time::Duration;

use axum::extract::Request;
use axum::http::header::ACCESS_CONTROL_EXPOSE_HEADERS;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower::{Layer, ServiceExt};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

use crate::params::{BadRequest, Params};

/// What clients of the services read.
const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after,last-event-id,mcp-session-id");

/// Middleware over every dynamic route. `cors` may be
///
/// - absent: the `Origin` of the request is allowed, with credentials;
/// - `*`: every origin is allowed, without credentials;
/// - `none`: no CORS header at all, preflights get 403;
/// - `no-preflight`: as when absent, but preflights get 403 without CORS headers;
/// - anything else: sent as it is as `Access-Control-Allow-Origin`, with credentials.
pub async fn answer(params: Params, request: Request, next: Next) -> Result<Response, BadRequest> {
    let is_preflight = request.method() == Method::OPTIONS;
    let layer = match params.text("cors") {
        Some("none" | "no-preflight") if is_preflight => {
            return Ok(StatusCode::FORBIDDEN.into_response());
        }
        Some("none") => return Ok(next.run(request).await),
        Some("*") => allow(Any),
        None | Some("no-preflight") => allow(AllowOrigin::mirror_request()).allow_credentials(true),
        Some(_) => {
            let origin = params
                .header("cors")?
                .unwrap_or(HeaderValue::from_static(""));
            allow(AllowOrigin::exact(origin)).allow_credentials(true)
        }
    };
    let mut response = layer.layer(next).oneshot(request).await.into_response();
    // A script may name its own.
    response
        .headers_mut()
        .entry(ACCESS_CONTROL_EXPOSE_HEADERS)
        .or_insert(EXPOSED);
    Ok(response)
}

fn allow(origin: impl Into<AllowOrigin>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers(AllowHeaders::mirror_request())
        // Each test has to see its own preflight.
        .max_age(Duration::ZERO)
}
