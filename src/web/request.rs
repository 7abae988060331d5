//! The requests that a source makes.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, Headers, RequestCache, RequestCredentials, RequestInit, RequestMode, Response,
};

#[wasm_bindgen]
extern "C" {
    /// The global function, in pages and workers alike. A page may have replaced it by one that throws.
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;
}

/// Requests the stream.
///
/// `last_event_id` is the last event ID string (UTF-8, possibly invalid); the header is sent where it
/// is not empty. All other headers are ones that need no CORS preflight.
pub async fn request_stream(
    url: &str,
    credentials: RequestCredentials,
    last_event_id: &[u8],
    signal: &AbortSignal,
) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("Accept", "text/event-stream")?;
    if !last_event_id.is_empty() {
        headers.set("Last-Event-ID", &header_value(last_event_id))?;
    }
    let init = init(RequestMode::Cors, credentials, signal);
    init.set_headers(&headers);
    JsFuture::from(fetch(url, &init)?).await?.dyn_into()
}

/// Whether the server answers at all: a request that CORS does not apply to, dropped at its headers.
///
/// False also where the response's Cross-Origin-Resource-Policy or the page's
/// Cross-Origin-Embedder-Policy keeps it from us: `fetch` does not tell.
pub async fn reaches_server(
    url: &str,
    credentials: RequestCredentials,
    signal: &AbortSignal,
) -> bool {
    let init = init(RequestMode::NoCors, credentials, signal);
    match fetch(url, &init) {
        Ok(promise) => JsFuture::from(promise).await.is_ok(),
        Err(_) => false,
    }
}

fn init(mode: RequestMode, credentials: RequestCredentials, signal: &AbortSignal) -> RequestInit {
    let init = RequestInit::new();
    init.set_mode(mode);
    init.set_credentials(credentials);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(signal));
    init
}

/// [spec] The header's value is the UTF-8 encoding of the last event ID string. `Headers` takes a
/// string with one character for each byte.
fn header_value(last_event_id: &[u8]) -> String {
    String::from_utf8_lossy(last_event_id)
        .bytes()
        .map(char::from)
        .collect()
}
