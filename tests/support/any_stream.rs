//! Any stream in any chunks, and what holds for every one. Properties, fuzzing and the replay of its corpus
//! differ only in where the streams come from.

use std::fmt;

use arbitrary::{Arbitrary, Result, Unstructured};
use eventsource_wasm::parser::DEFAULT_LIMIT;

use super::naive::naive;
use super::{Item, Stream};

/// A stream, how it arrives, and the parser that it arrives at.
#[derive(Clone)]
pub struct AnyStream {
    pub stream: Vec<u8>,
    /// The lengths of its chunks, over and over. With none, or nothing but zeros, it arrives byte by byte.
    pub lengths: Vec<u8>,
    pub limit: usize,
    pub tells_extras: bool,
    pub last_event_id: &'static str,
}

impl Arbitrary<'_> for AnyStream {
    /// Whatever the bytes, they are a case; most of them are the stream as it stands.
    fn arbitrary(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let limit = match bytes.arbitrary()? {
            limit @ 0..128_u8 => limit.into(),
            _ => DEFAULT_LIMIT,
        };
        let tells_extras = bytes.arbitrary()?;
        let last_event_id = bytes.choose(&["", "7", "é… \u{1F600}"])?;
        let count = bytes.int_in_range(0..=7)?;
        let lengths = bytes.bytes(bytes.len().min(count))?.to_vec();
        Ok(Self {
            stream: bytes.bytes(bytes.len())?.to_vec(),
            lengths,
            limit,
            tells_extras,
            last_event_id,
        })
    }
}

impl fmt::Debug for AnyStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AnyStream")
            .field(
                "stream",
                &format_args!("b\"{}\"", self.stream.escape_ascii()),
            )
            .field("lengths", &self.lengths)
            .field("limit", &self.limit)
            .field("tells_extras", &self.tells_extras)
            .field("last_event_id", &self.last_event_id)
            .finish()
    }
}

impl AnyStream {
    /// Panics where a rule does not hold.
    pub fn check(&self) {
        let mut in_chunks = self.parser();
        for chunk in self.chunks() {
            in_chunks.push(chunk);
        }
        in_chunks.assert_is_what_comes_of(&self.stream);

        let mut at_once = self.parser();
        at_once.push(&self.stream);
        at_once.assert_is_what_comes_of(&self.stream);

        // The line that is still coming in may be over the limit in one of the two only.
        in_chunks.push(b"\n");
        at_once.push(b"\n");
        in_chunks.assert_is_what_comes_of(&[&self.stream[..], b"\n"].concat());
        assert_eq!(
            in_chunks.stream.outcome, at_once.stream.outcome,
            "the chunks do not matter"
        );
    }

    fn parser(&self) -> Watched<'_> {
        let mut stream = Stream::with(self.last_event_id, self.limit);
        if self.tells_extras {
            stream.parser.tell_extras();
        }
        Watched {
            case: self,
            stream,
            received: 0,
            longest_chunk: 0,
        }
    }

    fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let moves = self.lengths.iter().any(|length| *length > 0);
        let lengths = if moves { &self.lengths[..] } else { &[1] };
        lengths
            .iter()
            .cycle()
            .scan(&self.stream[..], |rest, length| {
                if rest.is_empty() {
                    return None;
                }
                let (chunk, after) = rest
                    .split_at_checked((*length).into())
                    .unwrap_or((rest, b""));
                *rest = after;
                Some(chunk)
            })
    }
}

/// A parser whose memory is looked at after every chunk.
struct Watched<'a> {
    case: &'a AnyStream,
    stream: Stream,
    received: usize,
    longest_chunk: usize,
}

impl Watched<'_> {
    fn push(&mut self, chunk: &[u8]) {
        self.stream.push(chunk);
        self.received += chunk.len();
        self.longest_chunk = self.longest_chunk.max(chunk.len());
        // Two chunks, because the one that exceeds the limit is forgotten only when the next one comes; and
        // a few bytes that may still become the name of a field.
        let needed = self.case.limit.min(self.received) + 2 * self.longest_chunk + 6;
        let capacity = self.stream.parser.capacity();
        assert!(
            capacity <= needed + needed / 4,
            "{capacity} bytes are held where {needed} are needed"
        );
    }

    fn assert_is_what_comes_of(&self, stream: &[u8]) {
        let Self { case, .. } = self;
        let mut outcome = self.stream.outcome.clone();
        forget_repeated_ids(&mut outcome.items, case.last_event_id);
        let mut expected = naive(stream, case.last_event_id);
        if !case.tells_extras {
            expected.items.retain(|item| matches!(item, Item::Event(_)));
        }
        if outcome.limit_exceeded {
            assert!(
                stream.len() + case.last_event_id.len() > case.limit,
                "so few bytes are within the limit"
            );
            assert!(
                expected.items.starts_with(&outcome.items),
                "{:?} is the start of {:?}",
                outcome.items,
                expected.items
            );
        } else {
            assert_eq!(outcome, expected);
        }
        for item in &outcome.items {
            let text = match item {
                Item::Event(event) => &event.data,
                Item::Comment(text) | Item::Id(text) | Item::Retry(text) => text,
            };
            // One character for each byte at most, valid or not.
            assert!(
                text.chars().count() <= case.limit,
                "{item:?} is over the limit"
            );
        }
    }
}

/// Ids that differ in invalid bytes alone are two to the parser, and one as text.
fn forget_repeated_ids(items: &mut Vec<Item>, last_event_id: &str) {
    let mut last = last_event_id.to_owned();
    items.retain(|item| {
        let Item::Id(id) = item else {
            return true;
        };
        let is_new = *id != last;
        last.clone_from(id);
        is_new
    });
}
