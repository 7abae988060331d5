//! What the TypeScript class (`src/npm`) calls: the parser and the connection, in numbers, because every
//! other type costs JavaScript around it.
//!
//! Addresses are of this module's memory, and hold until the next call.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::connection::{self, Action, Failure, Input, Options, Repeat, Retry};
use crate::parser::{self, DEFAULT_LIMIT};

/// How many numbers [`Parser::parse`] gives.
const TABLE_LENGTH: usize = 14;

/// Half the size of the standard library's.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

thread_local! {
    /// One for all parsers: it is read at once.
    static TABLE: RefCell<[f64; TABLE_LENGTH]> = const { RefCell::new([0.0; TABLE_LENGTH]) };
}

/// [`parser::Parser`].
#[wasm_bindgen]
pub struct Parser(parser::Parser);

#[wasm_bindgen]
impl Parser {
    /// A parser for a new connection; `last_event_id` is UTF-8.
    #[wasm_bindgen(constructor)]
    pub fn new(last_event_id: &[u8]) -> Self {
        Self(parser::Parser::new(last_event_id, DEFAULT_LIMIT))
    }

    /// See [`parser::Parser::tell_extras`].
    #[wasm_bindgen(js_name = tellExtras)]
    pub fn tell_extras(&mut self) {
        self.0.tell_extras();
    }

    /// Where the next `length` bytes are to be written; 0 where there is no memory.
    pub fn room(&mut self, length: usize) -> usize {
        self.0.room(length).map_or(0, |room| room.as_ptr() as usize)
    }

    /// Parses them, and gives the address of a table of numbers: address and length of data, types, ids,
    /// extras, changes and trailing id (address 0 where there is none), the reconnection time (-1 where it
    /// was not set), and whether the limit is exceeded (1 or 0).
    pub fn parse(&mut self) -> usize {
        let batch = self.0.parse();
        let texts = [
            Some(batch.data),
            Some(batch.types),
            Some(batch.ids),
            Some(batch.extras),
            Some(batch.changes),
            batch.trailing_id,
        ];
        TABLE.with_borrow_mut(|table| {
            for (entry, text) in table.chunks_exact_mut(2).zip(texts) {
                entry[0] = text.map_or(0.0, |text| text.as_ptr() as usize as f64);
                entry[1] = text.map_or(0.0, |text| text.len() as f64);
            }
            table[TABLE_LENGTH - 2] = batch.reconnection_time.map_or(-1.0, |time| time as f64);
            table[TABLE_LENGTH - 1] = f64::from(u8::from(batch.limit_exceeded));
            table.as_ptr() as usize
        })
    }
}

/// [`connection::Connection`].
#[wasm_bindgen]
pub struct Connection(connection::Connection);

#[wasm_bindgen]
impl Connection {
    /// `repeat` is 0 for always, 1 until an event was delivered, 2 for never. The others are the members of
    /// [`Retry`], with -1 for no time of health, or NaN where there is no policy.
    #[wasm_bindgen(constructor)]
    #[expect(
        clippy::too_many_arguments,
        reason = "a slice would have to be copied in"
    )]
    pub fn new(
        cross_origin: bool,
        repeat: u8,
        delay: f64,
        factor: f64,
        max_delay: f64,
        jitter: f64,
        attempts: f64,
        reset_after: f64,
    ) -> Self {
        let retry = (!delay.is_nan()).then_some(Retry {
            delay,
            factor,
            max_delay,
            jitter,
            attempts: attempts as u32,
            reset_after: (reset_after >= 0.0).then_some(reset_after),
        });
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
            2 | 3 => Input::Refused {
                temporary: input == 3,
                retry_after: (value >= 0.0).then_some(value),
            },
            4 => Input::Reached,
            5 => Input::Unreachable,
            6 => Input::Delivered,
            7 => Input::ReconnectionTime(value as u64),
            8 => Input::Retry(value),
            9 => Input::GiveUp,
            10 => Input::Elapsed,
            11 => Input::Reconnect,
            12 => Input::BeforeLeave,
            13 => Input::Stay,
            14 => Input::Leave,
            15 => Input::Return,
            16 => Input::Hide,
            17 => Input::Show,
            18 => Input::Offline,
            19 => Input::Online,
            20 => Input::Wake,
            21 => Input::Stale,
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
