//! One EventSource: what happens to it goes into its connection, and the actions that come back are
//! carried out.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::Math;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, AbortSignal, RequestCredentials, Url};

use super::body::Body;
use super::page::{Page, report};
use super::request::{reaches_server, request_stream};
use crate::connection::{Action, Connection, Failure, Input, check_response};
use crate::parser::{Batch, DEFAULT_LIMIT, Parser};

/// How many bytes of a chunk are parsed and dispatched at once. Larger chunks are cut, so that the
/// memory in wasm does not depend on them.
const SLICE: u32 = 64 * 1024;

/// The engine of one EventSource.
#[wasm_bindgen]
pub struct Source(Rc<Inner>);

struct Inner {
    page: Page,
    /// [spec] The request's current URL: after a redirect, where it led to.
    url: RefCell<String>,
    credentials: RequestCredentials,
    connection: RefCell<Connection>,
    /// The standard's last event ID string: UTF-8, possibly invalid.
    last_event_id: RefCell<Vec<u8>>,
    /// Aborts the request that is under way, and marks all that is still to come of it as void.
    request: RefCell<Option<AbortController>>,
    wait: RefCell<Option<Timeout>>,
    /// Reports that the URL can never be requested, a task after the construction.
    failing: RefCell<Option<Timeout>>,
    /// Set while the page dispatches a batch: what it has not yet dispatched does not count as seen.
    dispatching: Cell<bool>,
}

#[wasm_bindgen]
impl Source {
    /// Starts a source. `url` is absolute and valid, `origin` is the page's own. The page hears from
    /// the source only after this call.
    #[wasm_bindgen(constructor)]
    pub fn new(
        url: String,
        with_credentials: bool,
        origin: &str,
        page: Page,
    ) -> Result<Source, JsValue> {
        let parsed = Url::new(&url)?;
        let inner = Rc::new(Inner {
            page,
            url: RefCell::new(url),
            credentials: if with_credentials {
                RequestCredentials::Include
            } else {
                RequestCredentials::SameOrigin
            },
            connection: RefCell::new(Connection::new(parsed.origin() != origin)),
            last_event_id: RefCell::default(),
            request: RefCell::default(),
            wait: RefCell::default(),
            failing: RefCell::default(),
            dispatching: Cell::new(false),
        });
        let source = Source(inner.clone());
        match check_url(&parsed) {
            Ok(()) => inner.input(Input::Construct(Ok(()))),
            // A task later, so that the page has added its listeners.
            failure => {
                let inner_too = inner.clone();
                let task = Timeout::new(0, move || inner_too.input(Input::Construct(failure)));
                inner.failing.replace(Some(task));
            }
        }
        Ok(source)
    }

    /// The page called `close()`.
    pub fn close(&self) {
        self.0.input(Input::Close);
    }

    /// The page may be about to be left.
    #[wasm_bindgen(js_name = beforeLeave)]
    pub fn before_leave(&self) {
        self.0.input(Input::BeforeLeave);
    }

    /// The page was not left after all.
    pub fn stay(&self) {
        // Not within this call, which borrows the source: listeners may run.
        let inner = self.0.clone();
        spawn_local(async move { inner.input(Input::Stay) });
    }

    /// The page is being left. `last_event_id` is that of the event that was dispatched last.
    pub fn leave(&self, last_event_id: &str) {
        if self.0.dispatching.get() {
            self.0
                .last_event_id
                .replace(last_event_id.as_bytes().to_vec());
        }
        self.0.input(Input::Leave);
    }

    /// The page has come back from the back/forward cache.
    #[wasm_bindgen(js_name = comeBack)]
    pub fn come_back(&self) {
        self.0.input(Input::Return);
    }
}

/// Whether a URL can be requested at all.
fn check_url(url: &Url) -> Result<(), Failure> {
    if !matches!(url.protocol().as_str(), "http:" | "https:") {
        Err(Failure::Scheme)
    } else if !url.username().is_empty() || !url.password().is_empty() {
        Err(Failure::Credentials)
    } else {
        Ok(())
    }
}

impl Inner {
    fn input(self: &Rc<Self>, input: Input) {
        let actions = self.connection.borrow_mut().input(input);
        for action in actions {
            self.act(*action);
        }
    }

    fn act(self: &Rc<Self>, action: Action) {
        match action {
            Action::Request => spawn_local(self.clone().request(self.new_request())),
            Action::Probe => spawn_local(self.clone().probe(self.new_request())),
            Action::Abort => {
                // A page that has replaced fetch may listen to the signal and call back in.
                if let Some(request) = self.request.take() {
                    request.abort();
                }
            }
            Action::Wait => {
                let inner = self.clone();
                let delay = self.connection.borrow().delay(Math::random());
                let wait = Timeout::new(delay, move || inner.input(Input::Elapsed));
                self.wait.replace(Some(wait));
            }
            Action::StopWaiting => drop(self.wait.take()),
            Action::Suspend => report(self.page.suspend()),
            Action::Announce => {
                let origin =
                    Url::new(&self.url.borrow()).map_or_else(|_| String::new(), |url| url.origin());
                report(self.page.announce(&origin));
            }
            Action::Reestablish => report(self.page.reestablish()),
            Action::Fail => {
                let failure = self.connection.borrow().failure().cloned();
                let (cause, detail) = failure.map_or(("", String::new()), describe);
                report(self.page.fail(cause, &detail));
            }
        }
    }

    /// The signal of a request that is about to start.
    fn new_request(&self) -> AbortSignal {
        let controller = AbortController::new().expect_throw("AbortController");
        let signal = controller.signal();
        self.request.replace(Some(controller));
        self.dispatching.set(false);
        signal
    }

    async fn probe(self: Rc<Self>, signal: AbortSignal) {
        let url = self.url.borrow().clone();
        let reached = reaches_server(&url, self.credentials, &signal).await;
        if !signal.aborted() {
            self.input(if reached {
                Input::Reached
            } else {
                Input::Unreachable
            });
        }
    }

    async fn request(self: Rc<Self>, signal: AbortSignal) {
        let url = self.url.borrow().clone();
        let last_event_id = self.last_event_id.borrow().clone();
        let response = request_stream(&url, self.credentials, &last_event_id, &signal).await;
        if signal.aborted() {
            return;
        }
        let Ok(response) = response else {
            return self.input(Input::Rejected);
        };
        let content_type = response.headers().get("Content-Type").ok().flatten();
        let checked = check_response(response.status(), content_type.as_deref());
        if checked.is_err() {
            return self.input(Input::Response(checked));
        }
        // A response that a service worker made up has no URL.
        if !response.url().is_empty() {
            self.url.replace(response.url());
        }
        let body = response.body().and_then(|stream| Body::new(&stream).ok());
        self.input(Input::Response(checked));
        if let Some(body) = body {
            self.read(body, &signal).await;
        }
        if !signal.aborted() {
            self.input(Input::Ended);
        }
    }

    /// Reads, parses and has the page dispatch until the body ends or the request is aborted.
    async fn read(self: &Rc<Self>, mut body: Body, signal: &AbortSignal) {
        let mut parser = Parser::new(&self.last_event_id.borrow(), DEFAULT_LIMIT);
        while !signal.aborted()
            && let Some(chunk) = body.chunk().await
        {
            let length = chunk.length();
            for start in (0..length).step_by(SLICE as usize) {
                if signal.aborted() {
                    return;
                }
                let slice = chunk.subarray(start, length.min(start + SLICE));
                let Some(room) = parser.room(slice.length() as usize) else {
                    return self.input(Input::LimitExceeded);
                };
                slice.copy_to(room);
                if start + SLICE >= length {
                    body.read_on(&chunk);
                }
                let batch = parser.parse();
                let id_changed = batch.last_event_id_changed;
                self.dispatch(batch, signal).await;
                if id_changed && !signal.aborted() {
                    self.last_event_id.replace(parser.last_event_id().to_vec());
                }
            }
        }
    }

    /// Takes in what a slice of the stream brought.
    async fn dispatch(self: &Rc<Self>, batch: Batch<'_>, signal: &AbortSignal) {
        if let Some(time) = batch.reconnection_time {
            self.input(Input::ReconnectionTime(time));
        }
        let mut limit_exceeded = batch.limit_exceeded;
        if !batch.changes.is_empty() {
            self.input(Input::Delivered);
            self.dispatching.set(true);
            let dispatched = self
                .page
                .dispatch(batch.data, batch.types, batch.ids, batch.changes);
            match dispatched {
                Ok(dispatched) => report(JsFuture::from(dispatched).await),
                // Text too long for the browser's strings.
                Err(_) => limit_exceeded = true,
            }
            self.dispatching.set(false);
        }
        if limit_exceeded && !signal.aborted() {
            self.input(Input::LimitExceeded);
        }
    }
}

/// A failure as the page is told of it: `FailureCause` and its detail.
fn describe(failure: Failure) -> (&'static str, String) {
    match failure {
        Failure::Status(status) => ("status", status.to_string()),
        Failure::ContentType(content_type) => ("content-type", content_type.unwrap_or_default()),
        Failure::Cors => ("cors", String::new()),
        Failure::Scheme => ("scheme", String::new()),
        Failure::Credentials => ("credentials", String::new()),
        Failure::Limit => ("limit", (DEFAULT_LIMIT >> 20).to_string()),
    }
}
