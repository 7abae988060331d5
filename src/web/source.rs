//! One EventSource: what happens to it goes into its connection, and the actions that come back are
//! carried out.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Math, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::body::Body;
use super::page::{Page, Response, report};
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
    connection: RefCell<Connection>,
    /// The standard's last event ID string: UTF-8, possibly invalid.
    last_event_id: RefCell<Vec<u8>>,
    /// Counts the requests, ended ones too: whatever is still to come of an earlier one is void.
    request: Cell<u32>,
    wait: RefCell<Option<Timeout>>,
    /// Set while the page dispatches a batch: what it has not yet dispatched does not count as seen.
    dispatching: Cell<bool>,
}

#[wasm_bindgen]
impl Source {
    /// Starts a source; `cross_origin` says whether CORS may forbid it. The page hears from the source
    /// only after this call.
    #[wasm_bindgen(constructor)]
    pub fn new(page: Page, cross_origin: bool) -> Source {
        let inner = Rc::new(Inner {
            page,
            connection: RefCell::new(Connection::new(cross_origin)),
            last_event_id: RefCell::default(),
            request: Cell::default(),
            wait: RefCell::default(),
            dispatching: Cell::new(false),
        });
        inner.input(Input::Construct);
        Source(inner)
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

    /// The page is being left. `last_event_id` (UTF-8) is that of the event that was dispatched last.
    pub fn leave(&self, last_event_id: &Uint8Array) {
        if self.0.dispatching.get() {
            self.0.last_event_id.replace(last_event_id.to_vec());
        }
        self.0.input(Input::Leave);
    }

    /// The page has come back from the back/forward cache.
    #[wasm_bindgen(js_name = comeBack)]
    pub fn come_back(&self) {
        self.0.input(Input::Return);
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
            Action::Request => spawn_local(self.clone().request(self.next_request())),
            Action::Probe => spawn_local(self.clone().probe(self.next_request())),
            Action::Abort => {
                self.next_request();
                // A page that has replaced fetch may listen to the signal and call back in.
                report(self.page.abort());
            }
            Action::Wait => {
                let inner = self.clone();
                let delay = self.connection.borrow().delay(Math::random());
                let wait = Timeout::new(delay, move || inner.input(Input::Elapsed));
                self.wait.replace(Some(wait));
            }
            Action::StopWaiting => drop(self.wait.take()),
            Action::Suspend => report(self.page.suspend()),
            Action::Announce => report(self.page.announce()),
            Action::Reestablish => report(self.page.reestablish()),
            Action::Fail => {
                let failure = self.connection.borrow().failure();
                if let Some(failure) = failure {
                    report(self.page.fail(failure as u8));
                }
            }
        }
    }

    /// The number of a request that is about to start; the one before is over.
    fn next_request(&self) -> u32 {
        let number = self.request.get().wrapping_add(1);
        self.request.set(number);
        self.dispatching.set(false);
        number
    }

    async fn probe(self: Rc<Self>, request: u32) {
        let response = settled(self.page.probe()).await;
        if self.request.get() == request {
            self.input(match response {
                Ok(_) => Input::Reached,
                Err(_) => Input::Unreachable,
            });
        }
    }

    async fn request(self: Rc<Self>, request: u32) {
        if self.request.get() != request {
            return;
        }
        let last_event_id = self.last_event_id.borrow().clone();
        let response = settled(self.page.request(&last_event_id)).await;
        if self.request.get() != request {
            return;
        }
        let Ok((checked, body)) = response.and_then(|response| receive(response.unchecked_into()))
        else {
            return self.input(Input::Rejected);
        };
        self.input(Input::Response(checked));
        if let Some(body) = body {
            self.read(body, request).await;
        }
        if self.request.get() == request {
            self.input(Input::Ended);
        }
    }

    /// Reads, parses and has the page dispatch until the body ends or the request is aborted.
    async fn read(self: &Rc<Self>, mut body: Body, request: u32) {
        let mut parser = Parser::new(&self.last_event_id.borrow(), DEFAULT_LIMIT);
        while self.request.get() == request
            && let Some(chunk) = body.chunk().await
        {
            let length = chunk.length();
            for start in (0..length).step_by(SLICE as usize) {
                if self.request.get() != request {
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
                self.dispatch(batch, request).await;
                if id_changed && self.request.get() == request {
                    self.last_event_id.replace(parser.last_event_id().to_vec());
                }
            }
        }
    }

    /// Takes in what a slice of the stream brought.
    async fn dispatch(self: &Rc<Self>, batch: Batch<'_>, request: u32) {
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
        if limit_exceeded && self.request.get() == request {
            self.input(Input::LimitExceeded);
        }
    }
}

/// What a call gave, once its promise is settled.
async fn settled(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}

/// Whether a response opens the stream, and the body to read if so.
///
/// # Errors
///
/// It is no response: the page has replaced `fetch`.
fn receive(response: Response) -> Result<(Result<(), Failure>, Option<Body>), JsValue> {
    let content_type = response.headers()?.get("Content-Type")?.map(|value| {
        // Header values are bytes, which their strings have as characters.
        let characters = 0..value.length();
        characters
            .map(|i| value.char_code_at(i) as u8)
            .collect::<Vec<u8>>()
    });
    let checked = check_response(response.status()?, content_type.as_deref());
    let body = match (checked, response.body()?) {
        (Ok(()), Some(stream)) => Body::new(&stream).ok(),
        _ => None,
    };
    Ok((checked, body))
}
