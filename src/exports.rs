//! What the TypeScript class (`src/npm`) calls: the parser and the connection, in numbers, because every
//! other type costs JavaScript around it.
//!
//! Addresses are of this module's memory, and hold until the next call.

use wasm_bindgen::prelude::*;

use crate::connection::{self, Action, Failure, Input, Options, Repeat, Retry};
use crate::parser::{self, DEFAULT_LIMIT};

/// A third of the size of the standard library's.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// [`parser::Parser`].
#[wasm_bindgen]
pub struct Parser {
    parser: parser::Parser,
    table: [f64; 14],
}

#[wasm_bindgen]
impl Parser {
    /// A parser for a new connection; `last_event_id` is UTF-8.
    #[wasm_bindgen(constructor)]
    pub fn new(last_event_id: &[u8]) -> Self {
        Self {
            parser: parser::Parser::new(last_event_id, DEFAULT_LIMIT),
            table: [0.0; 14],
        }
    }

    /// See [`parser::Parser::tell_extras`].
    #[wasm_bindgen(js_name = tellExtras)]
    pub fn tell_extras(&mut self) {
        self.parser.tell_extras();
    }

    /// Where the next `length` bytes are to be written; 0 where there is no memory.
    pub fn room(&mut self, length: usize) -> usize {
        self.parser
            .room(length)
            .map_or(0, |room| room.as_ptr() as usize)
    }

    /// Parses them, and gives the address of a table of numbers: address and length of data, types, ids,
    /// extras, changes and last event ID, the reconnection time (-1 where it was not set), and flags: 1
    /// has_trailing_id, 2 limit_exceeded.
    pub fn parse(&mut self) -> usize {
        let batch = self.parser.parse();
        let time = batch.reconnection_time.map_or(-1.0, |time| time as f64);
        let flags = u8::from(batch.has_trailing_id) + 2 * u8::from(batch.limit_exceeded);
        let mut table = [0.0; 14];
        let texts = [
            batch.data,
            batch.types,
            batch.ids,
            batch.extras,
            batch.changes,
        ];
        let write = |table: &mut [f64; 14], index: usize, text: &[u8]| {
            table[2 * index] = text.as_ptr() as usize as f64;
            table[2 * index + 1] = text.len() as f64;
        };
        for (index, text) in texts.into_iter().enumerate() {
            write(&mut table, index, text);
        }
        write(&mut table, 5, self.parser.last_event_id());
        table[12] = time;
        table[13] = f64::from(flags);
        self.table = table;
        self.table.as_ptr() as usize
    }
}

/// [`connection::Connection`].
#[wasm_bindgen]
pub struct Connection(connection::Connection);

#[wasm_bindgen]
impl Connection {
    /// `repeat` is 0 for always, 1 until an event was delivered, 2 for never. `retry` is empty or has the
    /// members of [`Retry`] in their order, with -1 for no time of health.
    #[wasm_bindgen(constructor)]
    pub fn new(cross_origin: bool, repeat: u8, retry: &[f64]) -> Self {
        let retry = match *retry {
            [delay, factor, max_delay, jitter, attempts, reset_after] => Some(Retry {
                delay,
                factor,
                max_delay,
                jitter,
                attempts: attempts as u32,
                reset_after: (reset_after >= 0.0).then_some(reset_after),
            }),
            _ => None,
        };
        let repeat = match repeat {
            0 => Repeat::Always,
            1 => Repeat::UntilDelivered,
            _ => Repeat::Never,
        };
        Self(connection::Connection::new(Options {
            cross_origin,
            retry,
            repeat,
        }))
    }

    /// `input` is a member of `Input` in `src/npm/connection.ts`, `value` what comes with it. The actions
    /// are packed into one number, four bits each, the first one lowest.
    pub fn input(&mut self, input: u8, value: f64) -> u32 {
        let input = match input {
            0 => Input::Construct,
            1 => Input::Opened,
            2 => Input::Refused {
                temporary: false,
                retry_after: None,
            },
            3 => Input::Refused {
                temporary: true,
                retry_after: (value >= 0.0).then_some(value),
            },
            4 => Input::Reached,
            5 => Input::Unreachable,
            6 => Input::Delivered,
            7 => Input::ReconnectionTime(value as u64),
            8 => Input::Retry(value),
            9 => Input::GiveUp,
            10 => Input::Elapsed,
            11 => Input::Close,
            12 => Input::Reconnect,
            13 => Input::BeforeLeave,
            14 => Input::Stay,
            15 => Input::Leave,
            16 => Input::Return,
            17 => Input::Hide,
            18 => Input::Show,
            19 => Input::Offline,
            20 => Input::Online,
            21 => Input::Wake,
            22 => Input::Stale,
            failure => Input::Failed {
                failure: match failure {
                    101 => Failure::ContentType,
                    103 => Failure::Limit,
                    104 => Failure::Network,
                    105 => Failure::Ended,
                    106 => Failure::Timeout,
                    107 => Failure::Aborted,
                    108 => Failure::Callback,
                    _ => Failure::Validation,
                },
                open_for: value,
            },
        };
        let pack = |packed: u32, action: &Action| packed << 4 | *action as u32;
        self.0.input(input).iter().rev().fold(0, pack)
    }

    /// Whether there is to be another attempt.
    #[wasm_bindgen(js_name = retries)]
    pub fn retries(&self) -> bool {
        self.0.decision(0.0).is_some_and(|decision| decision.retry)
    }

    /// After which time (ms).
    pub fn delay(&self, random: f64) -> u32 {
        self.0.decision(random).map_or(0, |decision| decision.delay)
    }

    /// The how manieth in a row it would be.
    pub fn attempt(&self) -> u32 {
        self.0.decision(0.0).map_or(0, |decision| decision.attempt)
    }

    /// The standard's reconnection time (ms).
    #[wasm_bindgen(js_name = reconnectionTime)]
    pub fn reconnection_time(&self) -> f64 {
        self.0.reconnection_time()
    }

    /// See [`Action::Wait`].
    pub fn wait(&self) -> u32 {
        self.0.wait()
    }
}

/// See [`connection::is_event_stream`]; `content_type` are the header's bytes.
#[wasm_bindgen(js_name = isEventStream)]
pub fn is_event_stream(content_type: &[u8]) -> bool {
    connection::is_event_stream(content_type)
}
