//! The requests that a source makes, and what their responses say.

use js_sys::{Date, Function, Promise, Reflect, global};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, Headers, ReadableStream, RequestCache, RequestCredentials, RequestInit,
    RequestMode, Response, Url,
};

use super::options::{Attempt, Builder};

/// Why there is no response.
pub enum Rejection {
    /// One of the application's functions failed, or its `fetch` gave something else than a response.
    Callback(JsValue),
    /// `fetch` was rejected.
    Fetch(JsValue),
}

/// A request that is ready to be made.
pub struct Prepared {
    pub url: String,
    init: RequestInit,
}

impl Prepared {
    /// Asks the application's functions for what the request consists of. `current_url` is the URL that the
    /// last response came from.
    ///
    /// # Errors
    ///
    /// One of the functions failed, or gave what can't be sent.
    pub async fn new(
        options: &Builder,
        current_url: &str,
        attempt: &Attempt,
    ) -> Result<Self, JsValue> {
        let url = match &options.url_with {
            Some(url_with) => parse_url(&url_with(attempt.clone()).await?)
                .map_err(|message| js_sys::Error::new(&format!("The URL {message}")))?,
            None => current_url.to_owned(),
        };
        let url = match &options.last_event_id_param {
            Some(name) => with_parameter(&url, name, &attempt.last_event_id)?,
            None => url,
        };
        let headers = request_headers(&options.headers.get(attempt).await?)?;
        if !attempt.last_event_id.is_empty() && options.last_event_id_param.is_none() {
            headers.set("Last-Event-ID", &to_byte_string(&attempt.last_event_id))?;
        }
        let init = RequestInit::new();
        init.set_method(&options.method);
        init.set_headers_headers(&headers);
        let body = options.body.get(attempt).await?;
        if !body.is_undefined() && !body.is_null() {
            init.set_body(&body);
            if body.is_instance_of::<ReadableStream>() {
                // `fetch` demands it for streams.
                Reflect::set(&init, &"duplex".into(), &"half".into())?;
            }
        }
        init.set_credentials(options.credentials);
        init.set_cache(RequestCache::NoStore);
        init.set_mode(RequestMode::Cors);
        Ok(Self { url, init })
    }

    /// Makes the request.
    pub async fn fetch(
        self,
        fetch: Option<&Function>,
        signal: &AbortSignal,
    ) -> Result<Response, Rejection> {
        self.init.set_signal(Some(signal));
        let response = call_fetch(fetch, &self.url, &self.init)
            .await
            .map_err(Rejection::Fetch)?;
        response.dyn_into().map_err(|given| {
            let message = format!("`fetch` gave no Response but {given:?}");
            Rejection::Callback(js_sys::Error::new(&message).into())
        })
    }
}

/// Asks whether the server answers at all: a request that CORS does not apply to.
pub async fn probe(
    url: &str,
    credentials: RequestCredentials,
    signal: &AbortSignal,
) -> Result<(), JsValue> {
    let init = RequestInit::new();
    init.set_mode(RequestMode::NoCors);
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(credentials);
    init.set_signal(Some(signal));
    call_fetch(None, url, &init).await.map(drop)
}

async fn call_fetch(
    fetch: Option<&Function>,
    url: &str,
    init: &RequestInit,
) -> Result<JsValue, JsValue> {
    let promise = match fetch {
        Some(fetch) => fetch.call2(&JsValue::UNDEFINED, &url.into(), init)?,
        None => {
            let fetch: Function = Reflect::get(&global(), &"fetch".into())?.dyn_into()?;
            fetch.call2(&global(), &url.into(), init)?
        }
    };
    JsFuture::from(Promise::resolve(&promise)).await
}

/// The headers of a request.
///
/// # Errors
///
/// A name or a value is none.
pub fn request_headers(given: &[(String, String)]) -> Result<Headers, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in given {
        headers.append(name, value)?;
    }
    if !headers.has("Accept")? {
        headers.set("Accept", "text/event-stream")?;
    }
    Ok(headers)
}

/// `[spec]` The header's value is the text's UTF-8 encoding. `fetch` takes one character for each byte.
fn to_byte_string(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// The absolute URL, relative to the page or worker.
///
/// # Errors
///
/// Why it can't be requested.
pub fn parse_url(url: &str) -> Result<String, String> {
    let parsed = match base_url() {
        Some(base) => Url::new_with_base(url, &base),
        None => Url::new(url),
    }
    .map_err(|_| format!("is \"{url}\", which is not a valid URL."))?;
    if !matches!(parsed.protocol().as_str(), "http:" | "https:") {
        return Err(format!(
            "is \"{url}\". Event streams come by http: and https: URLs only."
        ));
    }
    if !parsed.username().is_empty() || !parsed.password().is_empty() {
        return Err("contains a user name or password, which browsers do not allow in requests. Use the header `Authorization`.".into());
    }
    Ok(parsed.href())
}

fn base_url() -> Option<String> {
    let base = |object: &str, member: &str| {
        let object = Reflect::get(&global(), &object.into()).ok()?;
        Reflect::get(&object, &member.into()).ok()?.as_string()
    };
    base("document", "baseURI").or_else(|| base("location", "href"))
}

fn with_parameter(url: &str, name: &str, value: &str) -> Result<String, JsValue> {
    let url = Url::new(url)?;
    if value.is_empty() {
        url.search_params().delete(name);
    } else {
        url.search_params().set(name, value);
    }
    Ok(url.href())
}

/// Whether CORS applies to a URL, as far as its origin tells; not outside of browsers.
pub fn is_cross_origin(url: &str) -> bool {
    let own = Reflect::get(&global(), &"origin".into());
    match (own.map(|own| own.as_string()), Url::new(url)) {
        (Ok(Some(own)), Ok(url)) => url.origin() != own,
        _ => false,
    }
}

/// The bytes of a response's Content-Type header.
pub fn content_type(response: &Response) -> Option<Vec<u8>> {
    let value = response.headers().get("Content-Type").ok().flatten()?;
    // Header values are bytes, which their strings have as characters.
    Some(value.chars().map(|character| character as u8).collect())
}

/// How long (ms) a response asks to wait, if it does: a number of seconds or a date.
pub fn retry_after(response: &Response) -> Option<f64> {
    let value = response.headers().get("Retry-After").ok().flatten()?;
    let time = match value.trim().parse::<u32>() {
        Ok(seconds) => f64::from(seconds) * 1_000.0,
        Err(_) => Date::parse(&value) - Date::now(),
    };
    (!time.is_nan()).then_some(time.max(0.0))
}
