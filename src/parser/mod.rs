//! The parser: the bytes of one event stream in, batches of events out.
//!
//! It follows "[Interpreting an event stream]" of the HTML standard. One parser serves one
//! connection. There is no error type: every byte sequence is defined behaviour.
//!
//! # Theory of operation
//!
//! An event stream is mostly data, so the parser works in place. The stream's bytes are written
//! into its buffer once; parsing moves the values of `data` lines together, towards the front, and
//! drops everything else. Output is never longer than the input that it came from, so nothing is
//! allocated for an event:
//!
//! ```text
//!    0            finished       data_end        line_start     scanned        end
//!    | data of the   | data buffer   | (dropped       | unfinished line          | room for
//!    | finished      | of the        |  names, line   | (no line end before      | the next
//!    | events        | next event    |  ends, …)      |  `scanned`)              | chunk
//! ```
//!
//! The data of finished events stand one after the other, each ended by a CR: no data can hold a
//! CR, since the standard joins data lines with LF. So whoever reads a batch decodes it once and
//! cuts it at the CRs. Bytes stay bytes here: a decoder that replaces invalid UTF-8 gives the same
//! text before and after parsing, because only whole lines and ASCII prefixes are taken out.
//!
//! Time is linear in the bytes received, whatever the chunks: the search for a line's end goes on
//! where it stopped, and what is moved to the front at the start of a chunk came with the chunk
//! before.
//!
//! [Interpreting an event stream]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

mod bytes;

use bytes::{BLOCK, append, assign, find_line_ends, is_same_id};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// No field that the standard knows has a longer name with its colon than `event:` and `retry:`.
const LONGEST_PREFIX: usize = 6;

/// The default of [`Parser::new`]'s `limit`: 128 MiB.
pub const DEFAULT_LIMIT: usize = 128 * 1024 * 1024;

/// Set in [`Batch::changes`] where an event's type is the next entry of [`Batch::types`].
pub const TYPE_CHANGED: u8 = 1;
/// Set in [`Batch::changes`] where the last event ID is the next entry of [`Batch::ids`].
pub const ID_CHANGED: u8 = 2;
/// In [`Batch::changes`] instead of an event: the next entry of [`Batch::extras`] is a comment.
pub const COMMENT: u8 = 4;
/// In [`Batch::changes`] instead of an event: the next entry of [`Batch::extras`] is the last event ID
/// string, whose bytes have changed.
pub const ID: u8 = 8;
/// In [`Batch::changes`] instead of an event: the next entry of [`Batch::extras`] is what a `retry`
/// field says, in ASCII digits.
pub const RETRY: u8 = 16;

/// A buffer that has grown past this (bytes) is given back once it is mostly unused.
const KEPT_CAPACITY: usize = 256 * 1024;

/// Parses the event stream of one connection.
///
/// ```
/// use eventsource_wasm::parser::{DEFAULT_LIMIT, ID_CHANGED, Parser};
///
/// let mut parser = Parser::new(b"", DEFAULT_LIMIT);
/// let chunk = b"id: 7\ndata: Hello\n\ndata: unfin";
/// parser.room(chunk.len()).unwrap().copy_from_slice(chunk);
/// let batch = parser.parse();
/// assert_eq!(batch.data, b"Hello\r");
/// assert_eq!(batch.ids, b"7\r");
/// assert_eq!(batch.changes, [ID_CHANGED]);
/// ```
#[derive(Debug)]
pub struct Parser {
    /// See the picture above; the bytes past `end` are room for the next chunk.
    buffer: Vec<u8>,
    finished: usize,
    data_end: usize,
    line_start: usize,
    scanned: usize,
    end: usize,
    limit: usize,
    /// Comments, ids and `retry` fields are told, too.
    tells_extras: bool,

    at_start: bool,
    /// The last byte was a CR: an LF that follows belongs to the same line end.
    skip_line_feed: bool,
    /// The unfinished line means nothing (a comment, an unknown field) and is not kept.
    ignore_line: bool,
    limit_exceeded: bool,

    /// The standard's event type buffer.
    event_type: Vec<u8>,
    /// The type of the event that was finished last.
    finished_type: Vec<u8>,
    /// The standard's last event ID buffer.
    last_event_id_buffer: Vec<u8>,
    /// The buffer was set since the last blank line.
    id_was_set: bool,
    /// The standard's last event ID string.
    last_event_id: Vec<u8>,
    /// The string was set since the last event was finished.
    id_is_new: bool,
    reconnection_time: Option<u64>,

    changes: Vec<u8>,
    types: Vec<u8>,
    ids: Vec<u8>,
    extras: Vec<u8>,
}

/// The events that one chunk finished, in order.
///
/// An entry of `data`, `types`, `ids` and `extras` is UTF-8 as the server sent it, possibly invalid, and ends
/// with a CR; it holds no other CR.
#[derive(Debug)]
pub struct Batch<'a> {
    /// One entry for each event: its data.
    pub data: &'a [u8],
    /// An entry for each event with [`TYPE_CHANGED`]. It holds for the events that follow, too, in
    /// this batch and in later ones. Before the first entry the type is empty. An empty type means
    /// `message`.
    pub types: &'a [u8],
    /// An entry for each event with [`ID_CHANGED`]; it holds for the events that follow, too, in this
    /// batch and in later ones. Before the first entry the last event ID is empty.
    pub ids: &'a [u8],
    /// One byte for each event: [`TYPE_CHANGED`] and [`ID_CHANGED`], or 0; and one for each entry of
    /// `extras`.
    pub changes: &'a [u8],
    /// What else the stream said, if [`Parser::tell_extras`] asked for it: an entry for each [`COMMENT`],
    /// [`ID`] and [`RETRY`].
    pub extras: &'a [u8],
    /// The last event ID string, where it was set after the last event: no entry of `ids` has it yet.
    pub trailing_id: Option<&'a [u8]>,
    /// The reconnection time (ms) that the chunk set last, if any. Values past 64 bits are
    /// `u64::MAX`.
    pub reconnection_time: Option<u64>,
    /// The unfinished event is larger than the limit. The parser is of no use any more.
    pub limit_exceeded: bool,
}

impl Parser {
    /// A parser for a new connection.
    ///
    /// `last_event_id` is the last event ID string so far (UTF-8). `limit` is the size (bytes) that
    /// one unfinished event may reach: its data, type and id, and the line being received.
    ///
    /// `[ours]` The standard starts each connection with an empty last event ID buffer, by which a
    /// first event without an id would reset the last event ID string; like the browsers we keep it.
    #[must_use]
    pub fn new(last_event_id: &[u8], limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            finished: 0,
            data_end: 0,
            line_start: 0,
            scanned: 0,
            end: 0,
            limit,
            tells_extras: false,
            at_start: true,
            skip_line_feed: false,
            ignore_line: false,
            limit_exceeded: false,
            event_type: Vec::new(),
            finished_type: Vec::new(),
            last_event_id_buffer: last_event_id.to_vec(),
            id_was_set: false,
            last_event_id: last_event_id.to_vec(),
            id_is_new: !last_event_id.is_empty(),
            reconnection_time: None,
            changes: Vec::new(),
            types: Vec::new(),
            ids: Vec::new(),
            extras: Vec::new(),
        }
    }

    /// From now on, comments, ids and `retry` fields are told in [`Batch::extras`]. Otherwise they cost
    /// nothing.
    pub fn tell_extras(&mut self) {
        self.tells_extras = true;
    }

    /// The standard's last event ID string (UTF-8, possibly invalid).
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        &self.last_event_id
    }

    /// How much memory (bytes) the parser holds for the unfinished event and the last chunk.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Room for the next `length` bytes of the stream, to be written before [`parse`](Self::parse).
    /// The batch before is gone with this call. `None` where there is no memory for it.
    pub fn room(&mut self, length: usize) -> Option<&mut [u8]> {
        self.close_gaps();
        self.fit(self.end + length)?;
        let start = self.end;
        self.end += length;
        Some(&mut self.buffer[start..self.end])
    }

    /// Parses the bytes that were written into the [`room`](Self::room).
    pub fn parse(&mut self) -> Batch<'_> {
        self.changes.clear();
        self.types.clear();
        self.ids.clear();
        self.extras.clear();
        self.reconnection_time = None;
        if self.limit_exceeded {
            self.forget_unfinished_line();
        } else if self.is_past_start() {
            self.parse_lines();
        }
        Batch {
            data: &self.buffer[..self.finished],
            types: &self.types,
            ids: &self.ids,
            changes: &self.changes,
            extras: &self.extras,
            trailing_id: self.id_is_new.then_some(&self.last_event_id),
            reconnection_time: self.reconnection_time,
            limit_exceeded: self.limit_exceeded,
        }
    }

    /// Moves the data buffer and the unfinished line to the front, over what is no longer needed.
    /// What is moved came with the last chunk: an older part has no gap before it.
    fn close_gaps(&mut self) {
        if self.finished > 0 {
            self.buffer.copy_within(self.finished..self.data_end, 0);
            self.data_end -= self.finished;
            self.finished = 0;
        }
        let gap = self.line_start - self.data_end;
        if gap > 0 {
            self.buffer
                .copy_within(self.line_start..self.end, self.data_end);
            self.line_start -= gap;
            self.scanned -= gap;
            self.end -= gap;
        }
    }

    /// Makes the buffer hold `length` bytes. It grows by quarters, to keep both the number of copies
    /// and the unused part small, and shrinks after an unusually large event.
    fn fit(&mut self, length: usize) -> Option<()> {
        if length > self.buffer.len() {
            let grown = length.max(self.buffer.len() + self.buffer.len() / 4);
            self.buffer
                .try_reserve_exact(grown - self.buffer.len())
                .ok()?;
            self.buffer.resize(grown, 0);
        } else if self.buffer.len() > KEPT_CAPACITY && length < self.buffer.len() / 4 {
            self.buffer.truncate(length.max(KEPT_CAPACITY));
            self.buffer.shrink_to_fit();
        }
        Some(())
    }

    /// Drops one byte order mark at the start of the stream. False while the bytes so far could
    /// still become one.
    fn is_past_start(&mut self) -> bool {
        if self.at_start {
            let stream = &self.buffer[self.line_start..self.end];
            if stream.starts_with(BYTE_ORDER_MARK) {
                self.line_start += BYTE_ORDER_MARK.len();
                self.scanned = self.line_start;
            } else if BYTE_ORDER_MARK.starts_with(stream) {
                return false;
            }
            self.at_start = false;
        }
        true
    }

    fn parse_lines(&mut self) {
        let mut block = self.scanned;
        while block < self.end {
            let mut line_ends = find_line_ends(&self.buffer[block..self.end]);
            while line_ends != 0 {
                let line_end = block + line_ends.trailing_zeros() as usize;
                line_ends &= line_ends - 1;
                let is_line_feed = self.buffer[line_end] == b'\n';
                let is_skipped = is_line_feed && self.skip_line_feed && line_end == self.line_start;
                // [spec] A CR ends a line by itself: the line is not held back until the next byte has
                // shown whether it is an LF.
                self.skip_line_feed = !is_line_feed;
                if !is_skipped {
                    self.process_line(line_end);
                }
                if self.limit_exceeded {
                    self.scanned = line_end;
                    return;
                }
                self.line_start = line_end + 1;
            }
            block += BLOCK;
        }
        if self.line_start < self.end {
            // Part of it may be forgotten, and an LF then seem to follow the CR.
            self.skip_line_feed = false;
        }
        self.scanned = self.end;
        self.look_at_unfinished_line();
    }

    /// Forgets what there is of a line that will mean nothing, so that not even an endless comment
    /// takes memory, and holds any other to the limit.
    fn look_at_unfinished_line(&mut self) {
        let line = &self.buffer[self.line_start..self.end];
        let is_known = [&b"data:"[..], b"event:", b"id:", b"retry:"]
            .iter()
            .any(|prefix| line.starts_with(prefix))
            || (self.tells_extras && line.starts_with(b":"));
        if self.ignore_line || (line.len() >= LONGEST_PREFIX && !is_known) {
            self.ignore_line = true;
            self.forget_unfinished_line();
        } else if is_known {
            self.limit_exceeded = self.unfinished_size(self.end) > self.limit;
        }
    }

    fn forget_unfinished_line(&mut self) {
        self.end = self.line_start;
        self.scanned = self.line_start;
    }

    fn unfinished_size(&self, line_end: usize) -> usize {
        let data = self.data_end - self.finished;
        let line = line_end - self.line_start;
        data + line + self.event_type.len() + self.last_event_id_buffer.len()
    }

    /// Processes the line from `line_start` to `line_end`.
    fn process_line(&mut self, line_end: usize) {
        if self.ignore_line {
            self.ignore_line = false;
            return;
        }
        if self.line_start == line_end {
            self.dispatch();
            return;
        }
        let line = &self.buffer[self.line_start..line_end];
        let Some((field, start)) = parse_field(line) else {
            if self.tells_extras && line[0] == b':' {
                if self.unfinished_size(line_end) > self.limit {
                    self.limit_exceeded = true;
                    return;
                }
                let comment = &line[1..];
                tell(
                    &mut self.extras,
                    comment.strip_prefix(b" ").unwrap_or(comment),
                );
                self.changes.push(COMMENT);
            }
            return;
        };
        if self.unfinished_size(line_end) > self.limit {
            self.limit_exceeded = true;
            return;
        }
        let value = &line[start..];
        match field {
            Field::Data => self.append_data(self.line_start + start, line_end),
            Field::Event => assign(&mut self.event_type, value),
            // [spec] An id with a NULL is ignored. Byte by byte: a search for long texts is slower on ids.
            Field::Id if !value.iter().all(|byte| *byte != 0) => {}
            Field::Id => {
                assign(&mut self.last_event_id_buffer, value);
                self.id_was_set = true;
            }
            Field::Retry => {
                if let Some(time) = parse_digits(value) {
                    self.reconnection_time = Some(time);
                    if self.tells_extras {
                        tell(&mut self.extras, value);
                        self.changes.push(RETRY);
                    }
                }
            }
        }
    }

    /// Appends the bytes from `start` to `end` and an LF to the data buffer. There is always room:
    /// the field name was longer than the LF.
    fn append_data(&mut self, start: usize, end: usize) {
        self.buffer.copy_within(start..end, self.data_end);
        self.data_end += end - start;
        self.buffer[self.data_end] = b'\n';
        self.data_end += 1;
    }

    /// The standard's "dispatch the event", up to the event itself.
    fn dispatch(&mut self) {
        // [spec] The id counts even where there is no data and so no event.
        if self.id_was_set {
            self.id_was_set = false;
            if !is_same_id(&self.last_event_id, &self.last_event_id_buffer) {
                assign(&mut self.last_event_id, &self.last_event_id_buffer);
                self.id_is_new = true;
                if self.tells_extras {
                    tell(&mut self.extras, &self.last_event_id);
                    self.changes.push(ID);
                }
            }
        }
        if self.data_end == self.finished {
            self.event_type.clear();
            return;
        }
        self.buffer[self.data_end - 1] = b'\r';
        self.finished = self.data_end;

        let mut changes = 0;
        if self.event_type != self.finished_type {
            changes |= TYPE_CHANGED;
            tell(&mut self.types, &self.event_type);
            assign(&mut self.finished_type, &self.event_type);
        }
        if self.id_is_new {
            self.id_is_new = false;
            changes |= ID_CHANGED;
            tell(&mut self.ids, &self.last_event_id);
        }
        self.changes.push(changes);
        self.event_type.clear();
    }
}

/// Adds an entry.
fn tell(entries: &mut Vec<u8>, entry: &[u8]) {
    append(entries, entry);
    entries.push(b'\r');
}

/// The fields that the standard knows.
enum Field {
    Data,
    Event,
    Id,
    Retry,
}

/// The field of a line, and where its value starts; `None` for a comment or an unknown field.
fn parse_field(line: &[u8]) -> Option<(Field, usize)> {
    // Each in an arm of its own, where its length is known: that is one comparison of a number.
    let (field, rest) = match line.first()? {
        b'd' => (Field::Data, line.strip_prefix(b"data")?),
        b'e' => (Field::Event, line.strip_prefix(b"event")?),
        b'i' => (Field::Id, line.strip_prefix(b"id")?),
        b'r' => (Field::Retry, line.strip_prefix(b"retry")?),
        _ => return None,
    };
    let name = line.len() - rest.len();
    match rest {
        [] => Some((field, name)),
        // [spec] One space after the colon, and no more, is not part of the value.
        [b':', b' ', ..] => Some((field, name + 2)),
        [b':', ..] => Some((field, name + 1)),
        _ => None,
    }
}

/// The number that the ASCII digits stand for; `u64::MAX` where it is larger.
fn parse_digits(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0_u64, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    }))
}
