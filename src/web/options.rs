//! What a source is told when it is made, and whether it makes sense.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{
    AbortSignal, Headers, ReadableStream, Request, RequestCredentials, RequestInit, Response,
};

use super::events::{Error, Told, in_words};
use super::request::{parse_url, request_headers};
use super::source::EventSource;
use crate::connection::{Decision, LONGEST_TIMER, Repeat, Retry};

pub(super) type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;
type RetryIf = Box<dyn Fn(&Error, Decision) -> Decision>;
type Validate = Box<dyn Fn(Response) -> LocalFuture<Result<(), JsValue>>>;

/// The statuses of the preset [`Statuses::Transient`], beside 500 to 599.
const TRANSIENT: [u16; 3] = [408, 425, 429];

/// A function that gives a value for each attempt.
pub(super) type PerAttempt<T> = Box<dyn Fn(Attempt) -> LocalFuture<Result<T, JsValue>>>;

fn per_attempt<T, F, R>(function: F) -> PerAttempt<T>
where
    F: Fn(Attempt) -> R + 'static,
    R: Future<Output = Result<T, JsValue>> + 'static,
{
    Box::new(move |attempt| Box::pin(function(attempt)))
}

/// A value, or a function that gives it for each attempt.
pub(super) enum Given<T> {
    Fixed(T),
    PerAttempt(PerAttempt<T>),
}

impl<T: Clone> Given<T> {
    pub async fn get(&self, attempt: &Attempt) -> Result<T, JsValue> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::PerAttempt(function) => function(attempt.clone()).await,
        }
    }
}

/// What a function that is called for each attempt is told of it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Attempt {
    /// How many attempts in a row have failed before it.
    pub failed: u32,
    /// Why the last one has failed, if any has.
    pub error: Option<Error>,
    /// The last event ID that the request tells the server; empty where there is none.
    pub last_event_id: String,
}

/// Statuses at which a source tries again.
///
/// ```no_run
/// # use eventsource_wasm::{EventSource, Statuses};
/// EventSource::builder("/events").retry_statuses(Statuses::Transient);
/// EventSource::builder("/events").retry_statuses([502, 503, 504]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statuses {
    /// At none, as the standard says. The default.
    #[default]
    None,
    /// At those that pass: 408, 425, 429 and 500 to 599.
    Transient,
    /// At these.
    List(Vec<u16>),
}

impl Statuses {
    pub(super) fn contain(&self, status: u16) -> bool {
        match self {
            Self::None => false,
            Self::Transient => TRANSIENT.contains(&status) || (500..600).contains(&status),
            Self::List(list) => list.contains(&status),
        }
    }
}

impl From<Vec<u16>> for Statuses {
    fn from(list: Vec<u16>) -> Self {
        Self::List(list)
    }
}

impl<const N: usize> From<[u16; N]> for Statuses {
    fn from(list: [u16; N]) -> Self {
        Self::List(list.into())
    }
}

/// An option of a [`Builder`] that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionError {
    /// The method of [`Builder`] that was given the value; `url` for [`EventSource::builder`].
    pub option: &'static str,
    /// What is wrong with it, and what it may be.
    pub message: String,
}

impl fmt::Display for OptionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "EventSource: the option `{}` {}",
            self.option, self.message
        )
    }
}

impl std::error::Error for OptionError {}

/// The options of an [`EventSource`]. Without any of them it does what the standard says.
///
/// ```no_run
/// # use eventsource_wasm::{EventSource, OptionError, Retry, Statuses};
/// # fn open() -> Result<EventSource, OptionError> {
/// EventSource::builder("/answers")
///     .method("POST")
///     .headers([("Content-Type", "application/json"), ("Authorization", "Bearer …")])
///     .body(r#"{"question":"Why?"}"#)
///     .retry(Retry { attempts: 5, ..Retry::default() })
///     .retry_statuses(Statuses::Transient)
///     .connect_timeout(10_000)
///     .idle_timeout(30_000)
///     .open()
/// # }
/// ```
#[must_use = "a source is made by `open`"]
pub struct Builder {
    /// Absolute once it is checked.
    pub(super) url: String,
    pub(super) url_with: Option<PerAttempt<String>>,
    pub(super) headers: Given<Vec<(String, String)>>,
    pub(super) method: String,
    pub(super) body: Given<JsValue>,
    pub(super) credentials: RequestCredentials,
    pub(super) last_event_id: String,
    pub(super) last_event_id_param: Option<String>,
    pub(super) fetch: Option<Function>,
    pub(super) signal: Option<AbortSignal>,
    pub(super) retry: Option<Retry>,
    pub(super) statuses: Statuses,
    resend: bool,
    pub(super) retry_if: Option<RetryIf>,
    pub(super) validate: Option<Validate>,
    pub(super) connect_timeout: Option<u32>,
    pub(super) idle_timeout: Option<u32>,
    pub(super) pause_when_hidden: bool,
    pub(super) wake_up: bool,
    pub(super) told: Told,
}

impl Builder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.into(),
            url_with: None,
            headers: Given::Fixed(Vec::new()),
            method: "GET".into(),
            body: Given::Fixed(JsValue::UNDEFINED),
            credentials: RequestCredentials::SameOrigin,
            last_event_id: String::new(),
            last_event_id_param: None,
            fetch: None,
            signal: None,
            retry: None,
            statuses: Statuses::None,
            resend: false,
            retry_if: None,
            validate: None,
            connect_timeout: None,
            idle_timeout: None,
            pause_when_hidden: false,
            wake_up: false,
            told: Told::default(),
        }
    }

    /// Makes the source. It requests as soon as its stream is polled.
    ///
    /// # Errors
    ///
    /// An option makes no sense; the error names it.
    pub fn open(mut self) -> Result<EventSource, OptionError> {
        self.check()?;
        Ok(EventSource::start(self))
    }

    /// A function that gives the URL for each attempt, in place of the one that the builder was made with.
    /// If it fails, so does the attempt, with [`Failure::Callback`](crate::connection::Failure::Callback).
    pub fn url_with<F, R>(mut self, url: F) -> Self
    where
        F: Fn(Attempt) -> R + 'static,
        R: Future<Output = Result<String, JsValue>> + 'static,
    {
        self.url_with = Some(per_attempt(url));
        self
    }

    /// Request headers. `Accept` is `text/event-stream` unless it is among them. A request to another
    /// origin with other headers than those that CORS knows is preceded by a preflight.
    pub fn headers<K: Into<String>, V: Into<String>>(
        mut self,
        headers: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pair = |(name, value): (K, V)| (name.into(), value.into());
        self.headers = Given::Fixed(headers.into_iter().map(pair).collect());
        self
    }

    /// A function that gives the request headers for each attempt, for tokens that expire. If it fails, so
    /// does the attempt, with [`Failure::Callback`](crate::connection::Failure::Callback).
    ///
    /// ```no_run
    /// # use eventsource_wasm::EventSource;
    /// # async fn token(new: bool) -> Result<String, wasm_bindgen::JsValue> { Ok(String::new()) }
    /// EventSource::builder("/events").headers_with(|attempt| async move {
    ///     let is_refused = attempt.error.is_some_and(|error| error.status == Some(401));
    ///     Ok(vec![("Authorization".into(), format!("Bearer {}", token(is_refused).await?))])
    /// });
    /// ```
    pub fn headers_with<F, R>(mut self, headers: F) -> Self
    where
        F: Fn(Attempt) -> R + 'static,
        R: Future<Output = Result<Vec<(String, String)>, JsValue>> + 'static,
    {
        self.headers = Given::PerAttempt(per_attempt(headers));
        self
    }

    /// The request's method. Default: `GET`. A request with another method than GET or HEAD is not made
    /// again once its stream has delivered an event, unless [`resend`](Self::resend) allows it.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// The request's body: text, or whatever `fetch` takes. A `ReadableStream` can be sent only once: its
    /// request is never made again.
    pub fn body(mut self, body: impl Into<JsValue>) -> Self {
        self.body = Given::Fixed(body.into());
        self
    }

    /// A function that gives the request's body for each attempt. If it fails, so does the attempt, with
    /// [`Failure::Callback`](crate::connection::Failure::Callback).
    pub fn body_with<F, R>(mut self, body: F) -> Self
    where
        F: Fn(Attempt) -> R + 'static,
        R: Future<Output = Result<JsValue, JsValue>> + 'static,
    {
        self.body = Given::PerAttempt(per_attempt(body));
        self
    }

    /// When cookies and the like are sent. Default: to the own origin only. The standard's
    /// `withCredentials` is [`RequestCredentials::Include`].
    pub fn credentials(mut self, credentials: RequestCredentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// The last event ID that the first request tells the server, as one that an earlier source has left
    /// ([`Handle::last_event_id`](super::Handle::last_event_id)). Default: none.
    pub fn last_event_id(mut self, id: impl Into<String>) -> Self {
        self.last_event_id = id.into();
        self
    }

    /// Tells the server the last event ID in this parameter of the URL's query, in place of the header
    /// `Last-Event-ID`, which to another origin takes a CORS preflight.
    pub fn last_event_id_param(mut self, name: impl Into<String>) -> Self {
        self.last_event_id_param = Some(name.into());
        self
    }

    /// Another function in place of `fetch`. It is called with a URL and a `RequestInit`, and has to give a
    /// promise of a `Response`.
    pub fn fetch(mut self, fetch: Function) -> Self {
        self.fetch = Some(fetch);
        self
    }

    /// Closes the source when it is aborted.
    pub fn signal(mut self, signal: AbortSignal) -> Self {
        self.signal = Some(signal);
        self
    }

    /// How long the source waits between attempts, and how often it tries, in place of the standard's
    /// policy.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Statuses at which the source tries again. With it, or with [`retry`](Self::retry), the response's
    /// `Retry-After` is waited for; another origin's only if CORS exposes it.
    pub fn retry_statuses(mut self, statuses: impl Into<Statuses>) -> Self {
        self.statuses = statuses.into();
        self
    }

    /// Whether a request with another method than GET or HEAD may be made again though its stream has
    /// delivered an event. Default: no.
    pub fn resend(mut self, resend: bool) -> Self {
        self.resend = resend;
        self
    }

    /// A function that has the last word about every failure: whether there is to be another attempt,
    /// and after which wait. It gets the decision that the other options, or the standard, give.
    ///
    /// ```no_run
    /// # use eventsource_wasm::{Decision, EventSource};
    /// EventSource::builder("/events").retry_if(|error, decision| Decision {
    ///     retry: decision.retry || error.status == Some(404),
    ///     ..decision
    /// });
    /// ```
    pub fn retry_if(mut self, retry_if: impl Fn(&Error, Decision) -> Decision + 'static) -> Self {
        self.retry_if = Some(Box::new(retry_if));
        self
    }

    /// A function that may refuse a response that would open the stream, by an `Err` with the reason. The
    /// source then fails, with [`Failure::Validation`](crate::connection::Failure::Validation). The
    /// response's body is not the function's to read.
    pub fn validate<F, R>(mut self, validate: F) -> Self
    where
        F: Fn(Response) -> R + 'static,
        R: Future<Output = Result<(), JsValue>> + 'static,
    {
        self.validate = Some(Box::new(move |response| Box::pin(validate(response))));
        self
    }

    /// How long (ms) an attempt may take until the response's head is there. Default: any time.
    pub fn connect_timeout(mut self, time: u32) -> Self {
        self.connect_timeout = Some(time);
        self
    }

    /// How long (ms) an open stream may bring nothing at all; any byte counts, so that a server can keep it
    /// alive with comments. Default: any time.
    pub fn idle_timeout(mut self, time: u32) -> Self {
        self.idle_timeout = Some(time);
        self
    }

    /// Whether the source has no connection while the page is hidden. When it is shown again, the source
    /// requests at once, with the last event ID. Default: no.
    pub fn pause_when_hidden(mut self, pause: bool) -> Self {
        self.pause_when_hidden = pause;
        self
    }

    /// Whether the source looks for reasons to try earlier than planned: a network that is back, a page that is
    /// shown again, a device that has slept, after which an open stream is taken for dead, too. It also waits
    /// for the network where there is none. Default: no.
    pub fn wake_up(mut self, wake_up: bool) -> Self {
        self.wake_up = wake_up;
        self
    }

    /// Whether the stream yields [`Event::Comment`](super::Event::Comment). Default: no.
    pub fn comments(mut self, told: bool) -> Self {
        self.told.comments = told;
        self
    }

    /// Whether the stream yields [`Event::Id`](super::Event::Id). Default: no.
    pub fn ids(mut self, told: bool) -> Self {
        self.told.ids = told;
        self
    }

    /// Whether the stream yields [`Event::ReconnectionTime`](super::Event::ReconnectionTime). Default: no.
    pub fn reconnection_times(mut self, told: bool) -> Self {
        self.told.reconnection_times = told;
        self
    }

    /// Whether its request may be made again.
    pub(super) fn repeat(&self) -> Repeat {
        if let Given::Fixed(body) = &self.body
            && body.is_instance_of::<ReadableStream>()
        {
            Repeat::Never
        } else if self.resend || self.is_get_or_head() {
            Repeat::Always
        } else {
            Repeat::UntilDelivered
        }
    }

    fn is_get_or_head(&self) -> bool {
        let is = |method| self.method.eq_ignore_ascii_case(method);
        is("GET") || is("HEAD")
    }

    fn check(&mut self) -> Result<(), OptionError> {
        self.url = parse_url(&self.url).map_err(|message| wrong("url", message))?;
        self.check_request()?;
        if self.last_event_id.contains(['\0', '\n', '\r']) {
            let message = "contains a NULL or a line end, which no ID can.";
            return Err(wrong("last_event_id", message));
        }
        if self.last_event_id_param.as_deref() == Some("") {
            return Err(wrong("last_event_id_param", "is empty. Name a parameter."));
        }
        check_time("connect_timeout", self.connect_timeout)?;
        check_time("idle_timeout", self.idle_timeout)?;
        self.retry.as_ref().map_or(Ok(()), check_retry)?;
        if let Statuses::List(list) = &self.statuses
            && let Some(status) = list.iter().find(|status| !(201..600).contains(*status))
        {
            let message = format!("contains {status}. Statuses that fail are from 201 to 599.");
            return Err(wrong("retry_statuses", message));
        }
        Ok(())
    }

    /// The browser knows best which methods and headers there are.
    fn check_request(&self) -> Result<(), OptionError> {
        let init = RequestInit::new();
        init.set_method(&self.method);
        Request::new_with_str_and_init(&self.url, &init).map_err(|thrown| {
            wrong(
                "method",
                format!("is none that can be requested: {}.", in_words(&thrown)),
            )
        })?;
        if let Given::Fixed(headers) = &self.headers {
            request_headers(headers)
                .map(drop::<Headers>)
                .map_err(|thrown| {
                    wrong("headers", format!("can't be sent: {}.", in_words(&thrown)))
                })?;
        }
        let has_body = match &self.body {
            Given::Fixed(body) => !body.is_undefined() && !body.is_null(),
            Given::PerAttempt(_) => true,
        };
        if has_body && self.is_get_or_head() {
            let message = format!("can't go with {}. Set the option `method`.", self.method);
            return Err(wrong("body", message));
        }
        Ok(())
    }
}

fn wrong(option: &'static str, message: impl Into<String>) -> OptionError {
    OptionError {
        option,
        message: message.into(),
    }
}

fn check_time(option: &'static str, time: Option<u32>) -> Result<(), OptionError> {
    match time {
        Some(time) if !(1..=LONGEST_TIMER).contains(&time) => Err(wrong(
            option,
            format!("is {time}. It has to be from 1 to {LONGEST_TIMER} ms."),
        )),
        _ => Ok(()),
    }
}

fn check_retry(retry: &Retry) -> Result<(), OptionError> {
    let limits = [
        ("delay", retry.delay, 0.0, f64::INFINITY),
        ("factor", retry.factor, 1.0, f64::INFINITY),
        ("max_delay", retry.max_delay, 0.0, f64::INFINITY),
        ("jitter", retry.jitter, 0.0, 1.0),
        (
            "reset_after",
            retry.reset_after.unwrap_or(0.0),
            0.0,
            f64::INFINITY,
        ),
    ];
    for (field, value, least, most) in limits {
        if !(least..=most).contains(&value) {
            let range = if most.is_finite() {
                format!("from {least} to {most}")
            } else {
                format!("{least} or more")
            };
            return Err(wrong(
                "retry",
                format!("has {field} {value}. It has to be {range}."),
            ));
        }
    }
    Ok(())
}
