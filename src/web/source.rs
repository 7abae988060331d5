//! One source: what happens to it goes into its connection, and the actions that come back are carried
//! out. Its stream yields what comes of it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_core::{FusedStream, Stream};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Math};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, AbortSignal, DomException, Response};

use super::body::{Body, start_of_body};
use super::events::{Error, Event, Message, Opened, Reader, Reconnecting};
use super::lifecycle::{Lifecycle, is_hidden, is_offline};
use super::options::{Attempt, Builder, LocalFuture, OptionError};
use super::request::{Prepared, Rejection, content_type, is_cross_origin, probe, retry_after};
use super::timeout::within;
use crate::connection::{Action, Connection, Failure, Input, Options, State, check_response};
use crate::parser::{DEFAULT_LIMIT, Parser};

/// How many bytes of a chunk are parsed at once. Larger chunks are cut, so that the memory in wasm does
/// not depend on them.
const SLICE: u32 = 64 * 1024;

/// What a source is doing, as the standard's `readyState` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyState {
    /// A request is under way, or waited for.
    Connecting = 0,
    /// The stream is open.
    Open = 1,
    /// Over, for good.
    Closed = 2,
}

/// An event stream of a server, which is opened again whenever it breaks.
///
/// It is the [`EventSource`] of the HTML standard as a Rust [`Stream`]: of [`Event`]s, or of
/// [`messages`](Self::messages) alone. The stream goes on over reconnections. It ends after
/// [`close`](Handle::close), or when the source fails for good: then its last item is the [`Error`].
///
/// - Nothing happens until the stream is polled, and no more is read while it is not than one chunk ahead:
///   what the browser hands on at once, or 256 KiB where the stream is fast. So a slow
///   application slows the server down, as far as the browser hands it on; Firefox keeps what comes.
/// - Dropping it closes the source, and aborts its request.
/// - Methods are those of its [`Handle`], of which [`handle`](Self::handle) gives more.
///
/// ```no_run
/// use eventsource_wasm::{Event, EventSource};
/// use futures_util::StreamExt;
///
/// # async fn listen() -> Result<(), wasm_bindgen::JsError> {
/// let mut source = EventSource::new("/events")?;
/// while let Some(event) = source.next().await {
///     match event? {
///         Event::Message(message) => web_sys::console::log_1(&message.data.into()),
///         Event::Reconnecting(loss) => {
///             let text = format!("{} Next attempt in {} ms.", loss.error, loss.delay);
///             web_sys::console::warn_1(&text.into());
///         }
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// [`EventSource`]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
#[must_use = "a source does nothing unless its stream is polled, and is closed when it is dropped"]
pub struct EventSource {
    handle: Handle,
    /// The request that is under way, and its number.
    request: Option<(u32, LocalFuture<()>)>,
}

impl EventSource {
    /// A source that does what the standard says.
    ///
    /// `url` is relative to the page or worker.
    ///
    /// # Errors
    ///
    /// The URL is not valid, or none that an event stream can come from.
    pub fn new(url: impl AsRef<str>) -> Result<Self, OptionError> {
        Self::builder(url).open()
    }

    /// A source with options.
    pub fn builder(url: impl AsRef<str>) -> Builder {
        Builder::new(url.as_ref())
    }

    pub(super) fn start(options: Builder) -> Self {
        let source = Rc::new(Source::new(options));
        source.observe();
        source.input(Input::Construct);
        Self {
            handle: Handle(source),
            request: None,
        }
    }

    /// A handle, to close the source or to ask it something while its stream is being read.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The messages alone. The stream's last item is the [`Error`], if the source fails for good.
    pub fn messages(self) -> Messages {
        Messages(self)
    }
}

impl Deref for EventSource {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for EventSource {
    fn drop(&mut self) {
        self.handle.close();
    }
}

impl Stream for EventSource {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let source = self.handle.0.clone();
        source.waker.take();
        loop {
            if let Some(item) = source.next_item() {
                return Poll::Ready(Some(item));
            }
            if source.is_closed() {
                self.request = None;
                return Poll::Ready(None);
            }
            if let Some(due) = source.due.take() {
                let number = source.number.get();
                self.request = Some((number, Box::pin(source.clone().perform(due, number))));
            }
            if let Some((number, request)) = &mut self.request {
                let is_void = |number| source.number.get() != number;
                if is_void(*number) || request.as_mut().poll(context).is_ready() || is_void(*number)
                {
                    self.request = None;
                }
            }
            source.poll_wait(context);
            if source.is_idle() {
                source.waker.replace(Some(context.waker().clone()));
                return Poll::Pending;
            }
        }
    }
}

impl FusedStream for EventSource {
    fn is_terminated(&self) -> bool {
        let source = &self.handle.0;
        source.is_closed() && source.items.borrow().is_empty()
    }
}

/// The messages of an [`EventSource`], which it gives way to; see [`EventSource::messages`].
#[must_use = "a source does nothing unless its stream is polled, and is closed when it is dropped"]
pub struct Messages(EventSource);

impl Deref for Messages {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.0.handle
    }
}

impl Stream for Messages {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match Pin::new(&mut self.0).poll_next(context) {
                Poll::Ready(Some(Ok(Event::Message(message)))) => {
                    return Poll::Ready(Some(Ok(message)));
                }
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl FusedStream for Messages {
    fn is_terminated(&self) -> bool {
        self.0.is_terminated()
    }
}

/// A handle of an [`EventSource`]. It does not keep the source open.
#[derive(Clone)]
pub struct Handle(Rc<Source>);

impl Handle {
    /// Closes the source: aborts its request, and ends its stream. Events that were not taken are dropped.
    pub fn close(&self) {
        self.0.items.borrow_mut().clear();
        self.0.input(Input::Close);
    }

    /// Requests anew, at once, with the last event ID: drops the open stream, the request that is under way,
    /// or the wait. Attempts that have failed count no more. Without effect on a closed source; one whose
    /// page is hidden or left requests when it is back.
    pub fn reconnect(&self) {
        self.0.input(Input::Reconnect);
    }

    /// What the source is doing. The stream's items may be behind.
    #[must_use]
    pub fn ready_state(&self) -> ReadyState {
        match self.0.connection.borrow().state() {
            State::Open => ReadyState::Open,
            State::Closed => ReadyState::Closed,
            _ => ReadyState::Connecting,
        }
    }

    /// The absolute URL that the source was made with.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.options.url.clone()
    }

    /// The last event ID: that of the last message that was taken or, where none is left to be taken, the
    /// last one that the server has set. Empty where there is none.
    #[must_use]
    pub fn last_event_id(&self) -> String {
        if self.0.items.borrow().is_empty() {
            self.0.last_event_id_string()
        } else {
            self.0.taken_id.borrow().clone()
        }
    }

    /// The standard's reconnection time (ms), as the server has set it last.
    #[must_use]
    pub fn reconnection_time(&self) -> f64 {
        self.0.connection.borrow().reconnection_time()
    }
}

/// What the connection wants to be requested.
#[derive(Clone, Copy)]
enum Due {
    Request,
    Probe,
}

/// How an attempt ended.
struct Loss {
    input: Input,
    error: Error,
}

struct Source {
    options: Builder,
    connection: RefCell<Connection>,
    /// `[spec]` The request's current URL: after a redirect, where it led to.
    current_url: RefCell<String>,
    /// The standard's last event ID string: UTF-8, possibly invalid.
    last_event_id: RefCell<Vec<u8>>,
    /// The last event ID of the message that was taken last.
    taken_id: RefCell<String>,
    items: RefCell<VecDeque<Result<Event, Error>>>,
    due: Cell<Option<Due>>,
    /// Counts the requests, ended ones too: whatever is still to come of an earlier one is void.
    number: Cell<u32>,
    abort_controller: RefCell<Option<AbortController>>,
    wait: RefCell<Option<TimeoutFuture>>,
    /// The response that is about to open the stream.
    opened: RefCell<Option<Opened>>,
    /// What is known of a failure that the connection has not decided about yet.
    loss: RefCell<Option<Error>>,
    /// The failure that was decided about last.
    error: RefCell<Option<Error>>,
    lifecycle: RefCell<Lifecycle>,
    /// Whoever waits for the stream, while nobody polls it.
    waker: Cell<Option<Waker>>,
}

impl Source {
    fn new(options: Builder) -> Self {
        let connection = Connection::new(Options {
            // Which URL is another origin's is looked at when it is to be probed.
            cross_origin: options.fetch.is_none(),
            retry: options.retry,
            repeat: options.repeat(),
        });
        Self {
            connection: RefCell::new(connection),
            current_url: RefCell::new(options.url.clone()),
            last_event_id: RefCell::new(options.last_event_id.clone().into_bytes()),
            taken_id: RefCell::new(options.last_event_id.clone()),
            options,
            items: RefCell::default(),
            due: Cell::new(None),
            number: Cell::new(0),
            abort_controller: RefCell::default(),
            wait: RefCell::default(),
            opened: RefCell::default(),
            loss: RefCell::default(),
            error: RefCell::default(),
            lifecycle: RefCell::default(),
            waker: Cell::default(),
        }
    }

    /// Has page, network, device and signal report to the source, and takes in how things are now.
    fn observe(self: &Rc<Self>) {
        let source = Rc::downgrade(self);
        let report = move |input| {
            if let Some(source) = source.upgrade() {
                source.input(input);
            }
        };
        let report = Rc::new(report);
        let Builder {
            pause_when_hidden,
            wake_up,
            signal,
            ..
        } = &self.options;
        let mut lifecycle = Lifecycle::new(*pause_when_hidden, *wake_up, report.clone());
        if let Some(signal) = signal {
            lifecycle.observe_signal(signal, move || report(Input::Close));
        }
        self.lifecycle.replace(lifecycle);
        if *pause_when_hidden && is_hidden() {
            self.input(Input::Hide);
        }
        if *wake_up && is_offline() {
            self.input(Input::Offline);
        }
        if signal.as_ref().is_some_and(AbortSignal::aborted) {
            self.input(Input::Close);
        }
    }

    fn is_closed(&self) -> bool {
        self.connection.borrow().state() == State::Closed
    }

    /// Whether there is nothing to be done or yielded.
    fn is_idle(&self) -> bool {
        let due = self.due.get();
        due.is_none() && !self.is_closed() && self.items.borrow().is_empty()
    }

    fn next_item(&self) -> Option<Result<Event, Error>> {
        let item = self.items.borrow_mut().pop_front();
        if let Some(Ok(Event::Message(message))) = &item {
            let mut taken_id = self.taken_id.borrow_mut();
            if *taken_id != message.last_event_id {
                taken_id.clone_from(&message.last_event_id);
            }
        }
        item
    }

    fn push(&self, item: Result<Event, Error>) {
        self.items.borrow_mut().push_back(item);
    }

    fn input(self: &Rc<Self>, input: Input) {
        let (actions, state) = {
            let mut connection = self.connection.borrow_mut();
            (connection.input(input), connection.state())
        };
        for action in actions {
            // An action before it may have run the application's code: what was decided before is void then.
            if self.connection.borrow().state() == state {
                self.act(*action);
            }
        }
        if self.is_closed() {
            drop(self.lifecycle.take());
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn act(self: &Rc<Self>, action: Action) {
        match action {
            Action::Request => {
                self.loss.take();
                self.next_request(Some(Due::Request));
            }
            Action::Probe => self.next_request(Some(Due::Probe)),
            Action::Abort => {
                self.next_request(None);
                self.abort();
            }
            Action::Wait => {
                let time = self.connection.borrow().wait();
                self.wait.replace(Some(TimeoutFuture::new(time)));
            }
            Action::StopWaiting => drop(self.wait.take()),
            Action::Announce => {
                if let Some(opened) = self.opened.take() {
                    self.push(Ok(Event::Open(opened)));
                }
            }
            Action::Decide => self.decide(),
            Action::Reestablish => {
                if let Some(error) = self.error.borrow().clone() {
                    let connection = self.connection.borrow();
                    self.push(Ok(Event::Reconnecting(Reconnecting {
                        error,
                        delay: connection.wait(),
                        attempt: self.failed_attempts(),
                    })));
                }
            }
            Action::Fail => {
                if let Some(error) = self.error.take() {
                    self.push(Err(error));
                }
            }
            // `ready_state` tells.
            Action::Suspend => {}
        }
    }

    /// The request before is over; another one may be due.
    fn next_request(&self, due: Option<Due>) {
        self.number.set(self.number.get().wrapping_add(1));
        self.due.set(due);
    }

    fn abort(&self) {
        let abort_controller = self.abort_controller.take();
        if let Some(abort_controller) = abort_controller {
            // An application with a `fetch` of its own may listen to the signal and call back in.
            abort_controller.abort();
        }
    }

    fn failed_attempts(&self) -> u32 {
        let decision = self.connection.borrow().decision(0.0);
        decision.map_or(0, |decision| decision.attempt)
    }

    fn decide(self: &Rc<Self>) {
        let random = Math::random();
        let decision = self.connection.borrow().decision(random);
        let Some(mut decision) = decision else {
            return;
        };
        let mut error = self
            .loss
            .take()
            .unwrap_or_else(|| self.error(decision.failure));
        error.failure = decision.failure;
        if let Some(retry_if) = &self.options.retry_if {
            decision = retry_if(&error, decision);
        }
        self.error.replace(Some(error));
        self.input(if decision.retry {
            Input::Retry(decision.delay.into())
        } else {
            Input::GiveUp
        });
    }

    /// Reports the end of the wait.
    fn poll_wait(self: &Rc<Self>, context: &mut Context<'_>) {
        let wait = self.wait.take();
        if let Some(mut wait) = wait {
            if Pin::new(&mut wait).poll(context).is_ready() {
                self.input(Input::Elapsed);
            } else {
                self.wait.replace(Some(wait));
            }
        }
    }

    async fn perform(self: Rc<Self>, due: Due, number: u32) {
        let loss = match due {
            Due::Request => self.attempt(number).await,
            Due::Probe => return self.probe(number).await,
        };
        self.unless_void(number).await;
        self.loss.replace(Some(loss.error));
        self.input(loss.input);
    }

    /// Goes on only if the request has not ended meanwhile. One that has is dropped right after.
    async fn unless_void(&self, number: u32) {
        poll_fn(|_| match self.number.get() == number {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    /// Goes on when all events are taken: whoever takes the last one polls again.
    async fn all_taken(&self) {
        poll_fn(|_| match self.items.borrow().is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    async fn probe(self: Rc<Self>, number: u32) {
        let url = self.current_url.borrow().clone();
        let reached = is_cross_origin(&url)
            && match self.new_signal() {
                Ok(signal) => {
                    let time = self.options.connect_timeout;
                    let probed = within(time, probe(&url, self.options.credentials, &signal)).await;
                    matches!(probed, Ok(Ok(())))
                }
                Err(_) => false,
            };
        self.unless_void(number).await;
        // Only its head was of interest.
        self.abort();
        self.input(if reached {
            Input::Reached
        } else {
            Input::Unreachable
        });
    }

    fn new_signal(&self) -> Result<AbortSignal, JsValue> {
        let abort_controller = AbortController::new()?;
        let signal = abort_controller.signal();
        self.abort_controller.replace(Some(abort_controller));
        Ok(signal)
    }

    /// Requests, reads, and yields events until the attempt or the stream has failed.
    async fn attempt(self: &Rc<Self>, number: u32) -> Loss {
        match within(self.options.connect_timeout, self.connect(number)).await {
            Ok(Ok((response, body))) => self.read(number, response, body).await,
            Ok(Err(loss)) => loss,
            Err(_) => self.loss(Failure::Timeout, None, 0.0),
        }
    }

    /// Gets a response that opens the stream.
    async fn connect(self: &Rc<Self>, number: u32) -> Result<(Response, Option<Body>), Loss> {
        let callback_failed = |thrown| self.loss(Failure::Callback, Some(thrown), 0.0);
        let attempt = Attempt {
            failed: self.failed_attempts(),
            error: self.error.borrow().clone(),
            last_event_id: self.last_event_id_string(),
        };
        let url = self.current_url.borrow().clone();
        let prepared = Prepared::new(&self.options, &url, &attempt)
            .await
            .map_err(callback_failed)?;
        self.unless_void(number).await;
        if self.options.url_with.is_some() {
            self.current_url.replace(prepared.url.clone());
        }
        let signal = self.new_signal().map_err(callback_failed)?;
        let response = prepared
            .fetch(self.options.fetch.as_ref(), &signal)
            .await
            .map_err(|rejection| match rejection {
                Rejection::Callback(thrown) => callback_failed(thrown),
                Rejection::Fetch(thrown) => self.broken(thrown, 0.0),
            })?;
        self.unless_void(number).await;
        if response.redirected() {
            self.current_url.replace(response.url());
        }
        self.check(&response).await?;
        self.unless_void(number).await;
        let body = response.body().map(Body::new).transpose();
        // Somebody else reads it.
        Ok((response, body.map_err(callback_failed)?))
    }

    /// Whether the response opens the stream.
    async fn check(&self, response: &Response) -> Result<(), Loss> {
        let status = response.status();
        let mut loss = match check_response(status, content_type(response).as_deref()) {
            Ok(()) => {
                let Some(validate) = &self.options.validate else {
                    return Ok(());
                };
                let Err(thrown) = validate(Clone::clone(response)).await else {
                    return Ok(());
                };
                self.loss(Failure::Validation, Some(thrown), 0.0)
            }
            Err(failure) => self.loss(failure, None, 0.0),
        };
        if loss.error.failure == Failure::Status {
            let Builder {
                retry, statuses, ..
            } = &self.options;
            let temporary = statuses.contain(status);
            let honours = retry.is_some() || temporary;
            loss.input = Input::Refused {
                temporary,
                retry_after: honours.then(|| retry_after(response)).flatten(),
            };
        }
        loss.error.status = Some(status);
        loss.error.headers = Some(response.headers());
        loss.error.body = start_of_body(response).await;
        Err(loss)
    }

    async fn read(self: &Rc<Self>, number: u32, response: Response, body: Option<Body>) -> Loss {
        self.opened.replace(Some(Opened {
            url: self.url_of(&response),
            headers: response.headers(),
        }));
        self.input(Input::Opened);
        let opened_at = Date::now();
        let open_for = || Date::now() - opened_at;
        self.all_taken().await;
        let Some(mut body) = body else {
            return self.loss(Failure::Ended, None, open_for());
        };

        let told = self.options.told;
        let mut parser = Parser::new(&self.last_event_id.borrow(), DEFAULT_LIMIT);
        if told.any() {
            parser.tell_extras();
        }
        let mut reader = Reader::new(told);
        loop {
            let chunk = match within(self.options.idle_timeout, body.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return self.loss(Failure::Ended, None, open_for()),
                Ok(Err(thrown)) => return self.broken(thrown, open_for()),
                Err(_) => return self.loss(Failure::Timeout, None, open_for()),
            };
            let length = chunk.length();
            let mut start = 0;
            while start < length {
                let slice = chunk.subarray(start, length.min(start + SLICE));
                let Some(room) = parser.room(slice.length() as usize) else {
                    return self.loss(Failure::Limit, None, open_for());
                };
                slice.copy_to(room);
                start += slice.length();
                if start == length {
                    body.read_on(&chunk);
                }
                let limit_exceeded = self.take_in(&mut parser, &mut reader);
                self.all_taken().await;
                self.unless_void(number).await;
                if limit_exceeded {
                    return self.loss(Failure::Limit, None, open_for());
                }
            }
            if length == 0 {
                body.read_on(&chunk);
            }
        }
    }

    /// Parses what was written into the parser. Whether an event is larger than the limit.
    fn take_in(self: &Rc<Self>, parser: &mut Parser, reader: &mut Reader) -> bool {
        let batch = parser.parse();
        let has_events = !batch.data.is_empty();
        let has_new_id = batch.trailing_id.is_some() || !batch.ids.is_empty();
        let limit_exceeded = batch.limit_exceeded;
        if let Some(time) = batch.reconnection_time {
            self.input(Input::ReconnectionTime(time));
        }
        if has_events {
            self.input(Input::Delivered);
        }
        self.items
            .borrow_mut()
            .extend(reader.read(&batch).into_iter().map(Ok));
        if has_new_id {
            self.last_event_id.replace(parser.last_event_id().to_vec());
        }
        limit_exceeded
    }

    fn last_event_id_string(&self) -> String {
        String::from_utf8_lossy(&self.last_event_id.borrow()).into_owned()
    }

    /// A response that a service worker or the application made up has no URL.
    fn url_of(&self, response: &Response) -> String {
        match response.url() {
            url if url.is_empty() => self.current_url.borrow().clone(),
            url => url,
        }
    }

    fn error(&self, failure: Failure) -> Error {
        Error {
            failure,
            url: self.current_url.borrow().clone(),
            status: None,
            headers: None,
            body: None,
            cause: None,
        }
    }

    fn loss(&self, failure: Failure, cause: Option<JsValue>, open_for: f64) -> Loss {
        Loss {
            input: Input::Failed { failure, open_for },
            error: Error {
                cause,
                ..self.error(failure)
            },
        }
    }

    /// `fetch` or the body broke.
    fn broken(&self, thrown: JsValue, open_for: f64) -> Loss {
        let name = thrown.dyn_ref::<DomException>().map(DomException::name);
        let failure = match name.as_deref() {
            Some("AbortError") => Failure::Aborted,
            _ => Failure::Network,
        };
        self.loss(failure, Some(thrown), open_for)
    }
}
