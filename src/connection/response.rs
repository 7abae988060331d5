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
/// assert_eq!(check_response(200, Some("text/event-stream; charset=utf-8")), Ok(()));
/// assert_eq!(check_response(204, None), Err(Failure::Status(204)));
/// ```
pub fn check_response(status: u16, content_type: Option<&str>) -> Result<(), Failure> {
    if status != 200 {
        Err(Failure::Status(status))
    } else if !content_type.is_some_and(is_event_stream) {
        Err(Failure::ContentType(content_type.map(str::to_owned)))
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
pub fn is_event_stream(content_type: &str) -> bool {
    split_at_commas(content_type)
        .filter_map(essence)
        .filter(|essence| *essence != "*/*")
        .last()
        .is_some_and(|essence| essence.eq_ignore_ascii_case("text/event-stream"))
}

/// The values of a header, split at the commas outside of quoted strings.
fn split_at_commas(header: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    header.split(move |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => return true,
            _ => {}
        }
        false
    })
}

/// The type and subtype of a MIME type, or `None` where it is not valid.
fn essence(mime_type: &str) -> Option<&str> {
    let essence = mime_type
        .split(';')
        .next()?
        .trim_matches(is_http_whitespace);
    let (kind, subtype) = essence.split_once('/')?;
    let is_token = |text: &str| !text.is_empty() && text.chars().all(is_token_character);
    (is_token(kind) && is_token(subtype)).then_some(essence)
}

fn is_http_whitespace(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}
