//! Reads an event stream as the page does: batches, decoded and cut into events.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod any_connection;
pub mod any_stream;
pub mod naive;

use std::borrow::Cow;

use eventsource_wasm::parser::{
    Batch, COMMENT, DEFAULT_LIMIT, ID, ID_CHANGED, Parser, RETRY, TYPE_CHANGED,
};

/// An event as a page sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub kind: String,
    pub data: String,
    pub last_event_id: String,
}

/// What a stream says, in its order, where the parser was asked to tell all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Event(Event),
    Comment(String),
    Id(String),
    Retry(String),
}

/// What a whole stream comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub events: Vec<Event>,
    /// The events once more, and between them what else was told.
    pub items: Vec<Item>,
    /// The last event ID string at the end, as the page knows it.
    pub last_event_id: String,
    /// The reconnection time at the end, if the stream set one.
    pub reconnection_time: Option<u64>,
    pub limit_exceeded: bool,
}

/// A parser, and the state that the page keeps beside it.
pub struct Stream {
    pub parser: Parser,
    pub outcome: Outcome,
    kind: String,
    last_event_id: String,
}

impl Stream {
    pub fn new() -> Self {
        Self::with("", DEFAULT_LIMIT)
    }

    pub fn with(last_event_id: &str, limit: usize) -> Self {
        Self {
            parser: Parser::new(last_event_id.as_bytes(), limit),
            outcome: Outcome {
                last_event_id: last_event_id.into(),
                ..Outcome::default()
            },
            kind: String::new(),
            last_event_id: String::new(),
        }
    }

    /// A parser that tells comments, ids and `retry` fields, too.
    pub fn telling(limit: usize) -> Self {
        let mut stream = Self::with("", limit);
        stream.parser.tell_extras();
        stream
    }

    /// Takes in one chunk and gives the events that it finished.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Event> {
        self.parser
            .room(chunk.len())
            .expect("memory")
            .copy_from_slice(chunk);
        let batch = self.parser.parse();
        let items = read_batch(&batch, &mut self.kind, &mut self.last_event_id);
        let events: Vec<Event> = items.iter().filter_map(Item::event).collect();
        if batch.reconnection_time.is_some() {
            self.outcome.reconnection_time = batch.reconnection_time;
        }
        self.outcome.limit_exceeded = batch.limit_exceeded;
        let trailing_id = batch.trailing_id.map(String::from_utf8_lossy);
        self.outcome.last_event_id =
            trailing_id.map_or_else(|| self.last_event_id.clone(), Cow::into_owned);
        assert_eq!(
            self.outcome.last_event_id,
            String::from_utf8_lossy(self.parser.last_event_id())
        );
        self.outcome.events.extend(events.clone());
        self.outcome.items.extend(items);
        events
    }
}

impl Item {
    fn event(&self) -> Option<Event> {
        match self {
            Self::Event(event) => Some(event.clone()),
            _ => None,
        }
    }
}

fn read_batch(batch: &Batch<'_>, kind: &mut String, last_event_id: &mut String) -> Vec<Item> {
    let mut data = entries(batch.data);
    let mut types = entries(batch.types);
    let mut ids = entries(batch.ids);
    let mut extras = entries(batch.extras);
    let items = batch
        .changes
        .iter()
        .map(|change| {
            let mut extra = || extras.next().expect("an entry for each extra");
            match *change {
                COMMENT => return Item::Comment(extra()),
                ID => return Item::Id(extra()),
                RETRY => return Item::Retry(extra()),
                change => assert_eq!(
                    change & !(TYPE_CHANGED | ID_CHANGED),
                    0,
                    "flags of an event"
                ),
            }
            if change & TYPE_CHANGED != 0 {
                *kind = types.next().expect("a type for each change of type");
            }
            if change & ID_CHANGED != 0 {
                *last_event_id = ids.next().expect("an id for each change of id");
            }
            Item::Event(Event {
                kind: if kind.is_empty() {
                    "message".into()
                } else {
                    kind.clone()
                },
                data: data.next().expect("data for each event"),
                last_event_id: last_event_id.clone(),
            })
        })
        .collect();
    assert_eq!(
        (data.next(), types.next(), ids.next(), extras.next()),
        (None, None, None, None),
        "nothing is left over"
    );
    items
}

/// Decodes a region at once and cuts it at its separators, as the page does.
fn entries(region: &[u8]) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(region).into_owned();
    assert!(text.is_empty() || text.ends_with('\r'));
    let entries: Vec<String> = text.split_terminator('\r').map(str::to_owned).collect();
    entries.into_iter()
}

/// Parses a stream that arrives in the given chunks.
pub fn parse_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut stream = Stream::new();
    for chunk in chunks {
        stream.push(chunk);
    }
    stream.outcome
}

/// Parses a stream that arrives at once.
pub fn parse(stream: impl AsRef<[u8]>) -> Outcome {
    parse_chunks([stream.as_ref()])
}

pub fn event(kind: &str, data: &str, last_event_id: &str) -> Event {
    Event {
        kind: kind.into(),
        data: data.into(),
        last_event_id: last_event_id.into(),
    }
}

/// A message without an id.
pub fn message(data: &str) -> Event {
    event("message", data, "")
}
