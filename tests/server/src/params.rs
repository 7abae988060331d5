//! Reads what requests ask for; whatever is wrong becomes a 400 that names the parameter.

use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

/// The longest pause, delay or interval that can be asked for, in ms (10 minutes).
pub const MAX_MS: u64 = 600_000;

/// Longest `key` or `client` in bytes: the server keeps them.
const MAX_NAME: usize = 200;

/// An answer with status 400 and one sentence that says what is wrong.
pub struct BadRequest(pub String);

impl IntoResponse for BadRequest {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.0).into_response()
    }
}

/// The query parameters of a request; of a repeated one the last counts.
pub struct Params(Vec<(String, String)>);

impl Params {
    pub fn of(uri: &Uri) -> Self {
        Self::form(uri.query().unwrap_or_default().as_bytes())
    }

    /// The fields of a form, encoded as a query is.
    pub fn form(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).pop()
    }

    /// All values of a parameter that may be repeated, in their order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let pairs = self.0.iter().filter(|(other, _)| other == name);
        pairs.map(|(_, text)| text.as_str()).collect()
    }

    /// A short text: `key` or `client`.
    pub fn name(&self, name: &str) -> Result<Option<&str>, BadRequest> {
        match self.text(name) {
            Some(text) if text.len() > MAX_NAME => Err(BadRequest(format!(
                "{name} must have at most {MAX_NAME} bytes."
            ))),
            text => Ok(text),
        }
    }

    /// Like [`Params::name`], but the parameter must be there.
    pub fn required_name(&self, name: &str) -> Result<&str, BadRequest> {
        self.name(name)?
            .ok_or_else(|| BadRequest(format!("{name} is missing.")))
    }

    /// A whole number within `range`.
    pub fn number(
        &self,
        name: &str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<u64, BadRequest> {
        let Some(text) = self.text(name) else {
            return Ok(default);
        };
        text.parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (low, high) = range.into_inner();
                BadRequest(format!(
                    "{name} must be a whole number from {low} to {high}."
                ))
            })
    }

    /// A time in ms within `range`.
    pub fn millis(
        &self,
        name: &str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<Duration, BadRequest> {
        self.number(name, default, range).map(Duration::from_millis)
    }

    /// `true` or `false`; false when absent.
    pub fn flag(&self, name: &str) -> Result<bool, BadRequest> {
        let Some(text) = self.text(name) else {
            return Ok(false);
        };
        text.parse()
            .map_err(|_| BadRequest(format!("{name} must be true or false.")))
    }

    /// A text that can be sent as a header value.
    pub fn header(&self, name: &str) -> Result<Option<HeaderValue>, BadRequest> {
        let value = self
            .text(name)
            .map(|text| HeaderValue::from_bytes(text.as_bytes()));
        value.transpose().map_err(|_| {
            BadRequest(format!(
                "{name} has a control character, which a header cannot carry."
            ))
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

/// The number in the `Last-Event-ID` header, if the request has one.
pub struct LastEventId(pub Option<u64>);

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = BadRequest;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, BadRequest> {
        // The limit of exact numbers in JavaScript; far from it, ids can be counted on safely.
        const MAX: u64 = (1 << 53) - 1;
        let Some(value) = parts.headers.get("last-event-id") else {
            return Ok(Self(None));
        };
        let number = value.to_str().ok().and_then(|text| text.parse().ok());
        match number.filter(|number| *number <= MAX) {
            Some(number) => Ok(Self(Some(number))),
            None => Err(BadRequest(format!(
                "Last-Event-ID must be a whole number from 0 to {MAX} on this route."
            ))),
        }
    }
}
