//! Streams that are large, to measure throughput and memory.

use std::iter;

use axum::response::IntoResponse;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};

use super::bytes;
use crate::params::{BadRequest, Params};

/// Size of the chunks of a flood, in bytes.
const BLOCK: usize = 64 * 1024;

/// `/events/flood?count=1000&size=100&type=NAME&ids=false`: events as fast as they go, in chunks of
/// 64 KiB that respect no borders of events. Then comes an event named `end`, whose data is the
/// count, and nothing more.
///
/// - `count`: 0 to 2,000,000, default 1,000
/// - `size`: bytes of data an event, 0 to 1,048,576, default 100
/// - `type`: their `event` field, at most 200 bytes; default none
/// - `ids`: whether they have ids, 1 to `count`; default false
pub async fn flood(params: Params) -> Result<impl IntoResponse, BadRequest> {
    let count = params.number("count", 1_000, 0..=2_000_000)?;
    let size = params.number("size", 100, 0..=1024 * 1024)?;
    let ids = params.flag("ids")?;
    let event_type = params.name("type")?;
    if event_type.is_some_and(|name| name.contains(['\r', '\n'])) {
        return Err(BadRequest("type must not have line breaks.".into()));
    }

    let field = event_type
        .map(|name| format!("event: {name}\n"))
        .unwrap_or_default();
    let rest = Bytes::from(
        [
            field.as_bytes(),
            b"data: ",
            &letters(size as usize),
            b"\n\n",
        ]
        .concat(),
    );

    let mut number = 0;
    let mut buffer = BytesMut::new();
    let blocks = iter::from_fn(move || {
        while buffer.len() < BLOCK && number <= count {
            number += 1;
            if number > count {
                buffer.extend_from_slice(format!("event: end\ndata: {count}\n\n").as_bytes());
                continue;
            }
            if ids {
                buffer.extend_from_slice(format!("id: {number}\n").as_bytes());
            }
            buffer.extend_from_slice(&rest);
        }
        let length = buffer.len().min(BLOCK);
        (length > 0).then(|| buffer.split_to(length).freeze())
    });
    Ok(bytes(stream::iter(blocks).chain(stream::pending())))
}

/// `/events/large?bytes=1048576&chunk=65536`: one event, then nothing more. Its data is the letters
/// from a to z over and over.
///
/// - `bytes`: length of the data, 0 to 536,870,912 (512 MiB), default 1 MiB
/// - `chunk`: bytes in each HTTP chunk, 1 to 16,777,216 (16 MiB), default 64 KiB
pub async fn large(params: Params) -> Result<impl IntoResponse, BadRequest> {
    let total = params.number("bytes", 1024 * 1024, 0..=512 * 1024 * 1024)? as usize;
    let chunk = params.number("chunk", 64 * 1024, 1..=16 * 1024 * 1024)? as usize;

    // One alphabet longer than a chunk, so that each chunk, whatever its first letter, is a slice.
    let letters = Bytes::from(letters(chunk + 26));
    let chunks = (0..total).step_by(chunk).map(move |start| {
        let first = start % 26;
        letters.slice(first..first + chunk.min(total - start))
    });
    let start = iter::once(Bytes::from_static(b"data: "));
    let end = iter::once(Bytes::from_static(b"\n\n"));
    Ok(bytes(
        stream::iter(start.chain(chunks).chain(end)).chain(stream::pending()),
    ))
}

fn letters(length: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(length).collect()
}
