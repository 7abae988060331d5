//! Which responses open a stream.

use super::Failure;

/// Whether a response with this status and Content-Type header (all its values, joined by commas)
/// opens the stream.
///
/// # Errors
///
/// Why it does not.
///
/// ```
/// use eventsource_wasm::connection::{Failure, check_response};
///
/// assert_eq!(check_response(200, Some(b"text/event-stream; charset=utf-8")), Ok(()));
/// assert_eq!(check_response(204, None), Err(Failure::Status));
/// ```
pub fn check_response(status: u16, content_type: Option<&[u8]>) -> Result<(), Failure> {
    if status != 200 {
        Err(Failure::Status)
    } else if !content_type.is_some_and(is_event_stream) {
        Err(Failure::ContentType)
    } else {
        Ok(())
    }
}

/// Whether the MIME type that a Content-Type header gives is `text/event-stream`, whatever its
/// parameters.
///
/// It follows "[extract a MIME type]": of several values the last valid one counts.
///
/// [extract a MIME type]: https://fetch.spec.whatwg.org/#concept-header-extract-mime-type
#[must_use]
pub fn is_event_stream(content_type: &[u8]) -> bool {
    split_at_commas(content_type)
        .filter_map(essence)
        .filter(|essence| *essence != b"*/*")
        .last()
        .is_some_and(|essence| essence.eq_ignore_ascii_case(b"text/event-stream"))
}

/// The values of a header, split at the commas outside of quoted strings.
fn split_at_commas(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    header.split(move |byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return true,
            _ => {}
        }
        false
    })
}

/// The type and subtype of a MIME type, or `None` where it is not valid.
fn essence(mime_type: &[u8]) -> Option<&[u8]> {
    let mut essence = mime_type.split(|byte| *byte == b';').next()?;
    while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = essence {
        essence = rest;
    }
    while let [rest @ .., b' ' | b'\t' | b'\n' | b'\r'] = essence {
        essence = rest;
    }
    let mut parts = essence.split(|byte| *byte == b'/');
    let is_token = |part: &[u8]| !part.is_empty() && part.iter().all(is_token_character);
    let is_valid = parts.next().is_some_and(is_token)
        && parts.next().is_some_and(is_token)
        && parts.next().is_none();
    is_valid.then_some(essence)
}

fn is_token_character(byte: &u8) -> bool {
    // Graphic ASCII characters but for the separators.
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']' | b'{' | b'}')
}
