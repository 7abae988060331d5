//! A response's body, chunk by chunk.

use js_sys::{ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableStreamByobReader, ReadableStreamDefaultReader, Response};

use super::timeout::within;

/// The size (bytes) of the buffer that is handed back and forth while a stream is fast.
const BUFFER_SIZE: u32 = 256 * 1024;
/// The size (bytes) of a chunk after which a stream is taken to be fast, and of two in a row after which to be slow.
const FAST: u32 = 4 * 1024;
const SLOW: u32 = 1024;

/// How much (bytes) of the body of a refused response is kept, and how long (ms) it is waited for.
const START_SIZE: usize = 4 * 1024;
const START_TIME: u32 = 1_000;

#[wasm_bindgen]
extern "C" {
    /// The result of a reader's `read()`.
    type ReadResult;

    #[wasm_bindgen(method, getter)]
    fn done(this: &ReadResult) -> bool;

    #[wasm_bindgen(method, getter)]
    fn value(this: &ReadResult) -> JsValue;
}

enum Reader {
    /// Reads into a buffer of ours: half the cost where much comes at once, but more where little does.
    Byob(ReadableStreamByobReader),
    Default(ReadableStreamDefaultReader),
}

/// Reads a body. A read is always pending, so that bytes that arrive right before a broken end are
/// not lost with it.
pub struct Body {
    stream: ReadableStream,
    /// Whether it can be read into a buffer of ours.
    is_byte_stream: bool,
    reader: Reader,
    was_small: bool,
    pending: Option<JsFuture>,
}

impl Body {
    /// # Errors
    ///
    /// The stream is locked.
    pub fn new(stream: ReadableStream) -> Result<Self, JsValue> {
        // A TypeError tells that the stream is not a byte stream, a ReferenceError that there are none.
        let byob = ReadableStreamByobReader::new(&stream);
        if let Ok(byob) = &byob {
            byob.release_lock();
        }
        let reader = Reader::Default(ReadableStreamDefaultReader::new(&stream)?);
        let pending = Some(reader.read(None));
        Ok(Self {
            stream,
            is_byte_stream: byob.is_ok(),
            reader,
            was_small: false,
            pending,
        })
    }

    /// The next chunk, or `None` at the end of the body.
    ///
    /// The chunk's bytes have to be copied out before [`read_on`](Self::read_on).
    ///
    /// # Errors
    ///
    /// What the body broke with.
    pub async fn chunk(&mut self) -> Result<Option<Uint8Array>, JsValue> {
        let Some(pending) = self.pending.take() else {
            return Ok(None);
        };
        let result: ReadResult = pending.await?.unchecked_into();
        if result.done() {
            return Ok(None);
        }
        // A body that the application made up may hold anything.
        let chunk = result.value().dyn_into().map_err(|chunk| {
            JsValue::from(js_sys::TypeError::new(&format!(
                "The body of the response holds {chunk:?} instead of a Uint8Array"
            )))
        });
        chunk.map(Some)
    }

    /// Starts the next read, into the buffer of the last chunk where possible. It has to be called
    /// after each chunk.
    pub fn read_on(&mut self, chunk: &Uint8Array) {
        let is_small = chunk.length() < SLOW;
        let is_fast = match self.reader {
            Reader::Byob(_) => !(is_small && self.was_small),
            Reader::Default(_) => self.is_byte_stream && chunk.length() >= FAST,
        };
        self.was_small = is_small;
        let read = match (&self.reader, is_fast) {
            (Reader::Byob(_), true) => Ok(self.reader.read(Some(chunk.buffer()))),
            (Reader::Default(_), false) => Ok(self.reader.read(None)),
            (Reader::Byob(reader), false) => {
                reader.release_lock();
                ReadableStreamDefaultReader::new(&self.stream).map(|reader| {
                    self.reader = Reader::Default(reader);
                    self.reader.read(None)
                })
            }
            (Reader::Default(reader), true) => {
                reader.release_lock();
                ReadableStreamByobReader::new(&self.stream).map(|reader| {
                    self.reader = Reader::Byob(reader);
                    self.reader.read(None)
                })
            }
        };
        self.pending = Some(read.unwrap_or_else(|error| JsFuture::from(Promise::reject(&error))));
    }
}

impl Reader {
    fn read(&self, buffer: Option<ArrayBuffer>) -> JsFuture {
        let promise: Promise = match self {
            Self::Byob(reader) => {
                let buffer = buffer.unwrap_or_else(|| ArrayBuffer::new(BUFFER_SIZE));
                reader
                    .read_with_array_buffer_view(&Uint8Array::new(&buffer))
                    .unchecked_into()
            }
            Self::Default(reader) => reader.read().unchecked_into(),
        };
        JsFuture::from(promise)
    }
}

/// How the body of a refused response begins, for those who look for the reason.
pub async fn start_of_body(response: &Response) -> Option<String> {
    let mut body = Body::new(response.body()?).ok()?;
    let mut start = Vec::new();
    // What has come until the time is over is good enough.
    let _ = within(Some(START_TIME), async {
        while start.len() < START_SIZE
            && let Ok(Some(chunk)) = body.chunk().await
        {
            let rest = START_SIZE - start.len();
            let part = chunk.subarray(0, rest.try_into().unwrap_or(u32::MAX));
            start.extend(part.to_vec());
            body.read_on(&chunk);
        }
    })
    .await;
    // A character that was cut in two is no part of it.
    let end = start.utf8_chunks().last().map_or(0, |last| {
        if start.len() == START_SIZE {
            last.invalid().len()
        } else {
            0
        }
    });
    start.truncate(start.len() - end);
    Some(String::from_utf8_lossy(&start).into_owned())
}
