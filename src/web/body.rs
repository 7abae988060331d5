//! A response's body, chunk by chunk.

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableStreamByobReader, ReadableStreamDefaultReader};

/// The sizes (bytes) of the buffer that is handed back and forth where the stream allows it: the first,
/// which an idle connection keeps, and the one that takes its place as soon as it was full.
const FIRST_SIZE: u32 = 1024;
const FULL_SIZE: u32 = 64 * 1024;

#[wasm_bindgen]
extern "C" {
    /// The result of a reader's `read()`.
    type ReadResult;

    #[wasm_bindgen(method, getter)]
    fn done(this: &ReadResult) -> bool;

    #[wasm_bindgen(method, getter)]
    fn value(this: &ReadResult) -> Option<Uint8Array>;
}

enum Reader {
    /// Reads into a buffer of ours: half the cost, where the stream is a byte stream.
    Byob(ReadableStreamByobReader),
    Default(ReadableStreamDefaultReader),
}

/// Reads a body. A read is always pending, so that bytes that arrive right before a broken end are
/// not lost with it.
pub struct Body {
    reader: Reader,
    pending: Option<JsFuture>,
    buffer_size: u32,
}

impl Body {
    /// # Errors
    ///
    /// The stream is locked.
    pub fn new(stream: &ReadableStream) -> Result<Self, JsValue> {
        // A TypeError tells that the stream is not a byte stream, a ReferenceError that there are none.
        let reader = match ReadableStreamByobReader::new(stream) {
            Ok(reader) => Reader::Byob(reader),
            Err(_) => Reader::Default(ReadableStreamDefaultReader::new(stream)?),
        };
        let buffer_size = FIRST_SIZE;
        let pending = Some(reader.read(|| Uint8Array::new_with_length(buffer_size)));
        Ok(Self {
            reader,
            pending,
            buffer_size,
        })
    }

    /// The next chunk, or `None` at the end of the body, be it clean or by an error.
    ///
    /// The chunk's bytes have to be copied out before [`read_on`](Self::read_on).
    pub async fn chunk(&mut self) -> Option<Uint8Array> {
        let pending = self.pending.take()?;
        let result: ReadResult = pending.await.ok()?.unchecked_into();
        if result.done() { None } else { result.value() }
    }

    /// Starts the next read, into the buffer of the last chunk where possible. It has to be called
    /// after each chunk.
    pub fn read_on(&mut self, chunk: &Uint8Array) {
        let grows = self.buffer_size < FULL_SIZE && chunk.length() == self.buffer_size;
        if grows {
            self.buffer_size = FULL_SIZE;
        }
        self.pending = Some(self.reader.read(|| {
            if grows {
                Uint8Array::new_with_length(FULL_SIZE)
            } else {
                Uint8Array::new(&chunk.buffer())
            }
        }));
    }
}

impl Reader {
    fn read(&self, buffer: impl FnOnce() -> Uint8Array) -> JsFuture {
        let promise: Promise = match self {
            Self::Byob(reader) => reader
                .read_with_array_buffer_view(&buffer())
                .unchecked_into(),
            Self::Default(reader) => reader.read().unchecked_into(),
        };
        JsFuture::from(promise)
    }
}
