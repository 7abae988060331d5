//! What the stream of a source yields.

use std::fmt;

use wasm_bindgen::JsValue;
use web_sys::Headers;

use crate::connection::Failure;
use crate::parser::{Batch, COMMENT, ID, ID_CHANGED, RETRY, TYPE_CHANGED};

/// Something that happened to an [`EventSource`](super::EventSource).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The stream is open. The standard's "[announce the connection]".
    ///
    /// [announce the connection]: https://html.spec.whatwg.org/multipage/server-sent-events.html#announce-the-connection
    Open(Opened),
    /// The server has sent an event. The standard's "[dispatch the event]".
    ///
    /// [dispatch the event]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
    Message(Message),
    /// An attempt, or an open stream, has failed, and another attempt will follow. The standard's
    /// "[reestablish the connection]".
    ///
    /// [reestablish the connection]: https://html.spec.whatwg.org/multipage/server-sent-events.html#reestablish-the-connection
    Reconnecting(Reconnecting),
    /// A comment of the stream, if [`Builder::comments`](super::Builder::comments) asked for it.
    Comment(String),
    /// The last event ID has changed, with or without a message, if
    /// [`Builder::ids`](super::Builder::ids) asked for it. It comes before the message.
    Id(String),
    /// The stream has set the reconnection time (ms), if
    /// [`Builder::reconnection_times`](super::Builder::reconnection_times) asked for it.
    ReconnectionTime(u64),
}

/// An event of the server. The fields are those of the standard's `MessageEvent`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Message {
    /// Its type; `message` where the server named none.
    pub event_type: String,
    /// Its data; several `data` lines are joined by line feeds.
    pub data: String,
    /// The last event ID string as it was at this event; empty where the server has set none.
    pub last_event_id: String,
}

/// The response that opened the stream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opened {
    /// Its URL, after redirects.
    pub url: String,
    /// Its headers; of another origin's, only those that CORS exposes.
    pub headers: Headers,
}

/// There will be another attempt.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reconnecting {
    /// Why the attempt, or the open stream, has failed.
    pub error: Error,
    /// How long (ms) the source waits before the next attempt.
    pub delay: u32,
    /// The how manieth in a row the next attempt will be, from 1. An event that is delivered ends a row.
    pub attempt: u32,
}

/// Why an attempt, or an open stream, has failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Error {
    /// What kind of failure it is.
    pub failure: Failure,
    /// The URL that was requested; after redirects, of the response.
    pub url: String,
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// The headers of the response, if there was one; of another origin's, only those that CORS exposes.
    pub headers: Option<Headers>,
    /// How the body of a refused response begins: at most 4 KiB, and what came within a second.
    pub body: Option<String>,
    /// What was thrown, if anything: by `fetch`, by the body, by one of your functions.
    pub cause: Option<JsValue>,
}

/// The failure in a sentence.
impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EventSource of {}: ", self.url)?;
        match self.failure {
            Failure::Status => match self.status {
                Some(status) => write!(
                    formatter,
                    "the server answered with status {status} instead of 200."
                ),
                None => formatter.write_str("the server did not answer with status 200."),
            },
            Failure::ContentType => {
                let headers = self.headers.as_ref();
                match headers.and_then(|headers| headers.get("Content-Type").ok().flatten()) {
                    Some(given) => write!(
                        formatter,
                        "the response's Content-Type is \"{given}\" instead of \"text/event-stream\"."
                    ),
                    None => formatter.write_str(
                        "the response's Content-Type is missing instead of \"text/event-stream\".",
                    ),
                }
            }
            Failure::Cors => formatter.write_str(
                "the server answers, but does not allow this origin to read it (CORS). It has to send \
                 Access-Control-Allow-Origin, and with credentials Access-Control-Allow-Credentials.",
            ),
            Failure::Limit => formatter.write_str(
                "an event grew past 128 MiB, or past what memory there is, without an end.",
            ),
            Failure::Network => write!(formatter, "the network failed{}.", self.because()),
            Failure::Ended => formatter.write_str("the response has ended."),
            Failure::Timeout => formatter.write_str("nothing came from the server for too long."),
            Failure::Aborted => write!(formatter, "the request was aborted{}.", self.because()),
            Failure::Callback => write!(
                formatter,
                "a function that was given as an option failed{}.",
                self.because()
            ),
            Failure::Validation => write!(
                formatter,
                "the function `validate` did not accept the response{}.",
                self.because()
            ),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    fn because(&self) -> String {
        self.cause
            .as_ref()
            .map_or(String::new(), |cause| format!(" ({})", in_words(cause)))
    }
}

/// What was thrown, as text.
pub(super) fn in_words(thrown: &JsValue) -> String {
    thrown.as_string().unwrap_or_else(|| format!("{thrown:?}"))
}

/// Which events a source yields beside messages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub comments: bool,
    pub ids: bool,
    pub reconnection_times: bool,
}

impl Told {
    pub fn any(self) -> bool {
        self.comments || self.ids || self.reconnection_times
    }
}

/// Makes events of the batches of one connection.
#[derive(Debug)]
pub(super) struct Reader {
    told: Told,
    event_type: String,
    last_event_id: String,
}

impl Reader {
    pub fn new(told: Told) -> Self {
        Self {
            told,
            event_type: "message".into(),
            last_event_id: String::new(),
        }
    }

    /// The events of a batch, in order.
    pub fn read(&mut self, batch: &Batch<'_>) -> Vec<Event> {
        let mut data = entries(batch.data);
        let mut types = entries(batch.types);
        let mut ids = entries(batch.ids);
        let mut extras = entries(batch.extras);
        let mut events = Vec::with_capacity(batch.changes.len());
        for change in batch.changes {
            let told = match *change {
                COMMENT => (self.told.comments, Event::Comment(next(&mut extras))),
                ID => (self.told.ids, Event::Id(next(&mut extras))),
                RETRY => {
                    // Digits, so that only a number too large for the type is none.
                    let time = next(&mut extras).parse().unwrap_or(u64::MAX);
                    (self.told.reconnection_times, Event::ReconnectionTime(time))
                }
                change => {
                    if change & TYPE_CHANGED != 0 {
                        self.event_type = next(&mut types);
                        if self.event_type.is_empty() {
                            self.event_type = "message".into();
                        }
                    }
                    if change & ID_CHANGED != 0 {
                        self.last_event_id = next(&mut ids);
                    }
                    let message = Message {
                        event_type: self.event_type.clone(),
                        data: next(&mut data),
                        last_event_id: self.last_event_id.clone(),
                    };
                    (true, Event::Message(message))
                }
            };
            if let (true, event) = told {
                events.push(event);
            }
        }
        events
    }
}

/// The entries of a part of a batch; each ends with a CR.
fn entries(part: &[u8]) -> impl Iterator<Item = &[u8]> {
    part.split(|byte| *byte == b'\r')
}

fn next<'a>(entries: &mut impl Iterator<Item = &'a [u8]>) -> String {
    String::from_utf8_lossy(entries.next().unwrap_or_default()).into_owned()
}
