//! What holds for every stream: the chunks don't matter, and a naive parser agrees.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use eventsource_wasm::parser::DEFAULT_LIMIT;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use support::{Event, Item, Outcome, Stream, parse_chunks};

/// The standard's text, step by step, on the whole stream at once; and what else the stream says.
fn naive(stream: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.pop();

    let mut outcome = Outcome::default();
    let (mut data, mut kind, mut id) = (String::new(), String::new(), String::new());
    for line in lines {
        if line.is_empty() {
            if outcome.last_event_id != id {
                outcome.last_event_id.clone_from(&id);
                outcome.items.push(Item::Id(id.clone()));
            }
            if !data.is_empty() {
                data.pop();
                let event = Event {
                    kind: if kind.is_empty() {
                        "message".into()
                    } else {
                        kind
                    },
                    data,
                    last_event_id: id.clone(),
                };
                outcome.events.push(event.clone());
                outcome.items.push(Item::Event(event));
            }
            (data, kind) = (String::new(), String::new());
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => outcome.items.push(Item::Comment(value.into())),
            "data" => data = data + value + "\n",
            "event" => kind = value.into(),
            "id" if !value.contains('\0') => id = value.into(),
            "retry"
                if !value.is_empty()
                    && value.chars().all(|character| character.is_ascii_digit()) =>
            {
                outcome.reconnection_time = Some(value.parse().unwrap_or(u64::MAX));
                outcome.items.push(Item::Retry(value.into()));
            }
            _ => {}
        }
    }
    outcome
}

/// Streams made of the pieces that matter, so that random ones meet every rule.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"data",
        b"data:",
        b"data: ",
        b"event:",
        b"event",
        b"id: ",
        b"id:",
        b"id",
        b"retry:",
        b"retry",
        b":",
        b": ",
        b"\n",
        b"\n",
        b"\n\n",
        b"\r",
        b"\r",
        b"\r\n",
        b"\r\n\r\n",
        b" ",
        b"\0",
        b"x",
        b"Data:",
        b"unknown: value",
        b"12",
        b"99999999999999999999999",
        b"+1",
        b"\xC3\xA9\xE2\x80\xA6",
        b"\xF0\x9F\x98\x80",
        b"\xEF\xBB\xBF",
        b"\xEF",
        b"\xBB",
        b"\xBF",
        b"\xE2\x82",
        b"\xFF",
        b"\xC3",
    ];
    vec(select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

/// Cuts a stream at some of its positions.
fn cut<'a>(stream: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut positions: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    positions.extend([0, stream.len()]);
    positions.sort_unstable();
    positions
        .windows(2)
        .map(|pair| &stream[pair[0]..pair[1]])
        .collect()
}

/// What a parser that tells all of it makes of a stream in these chunks.
fn told<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut stream = Stream::telling(DEFAULT_LIMIT);
    for chunk in chunks {
        stream.push(chunk);
    }
    // Ids that differ in invalid bytes alone are two to the parser, and one as text.
    let mut last_id = String::new();
    stream.outcome.items.retain(|item| match item {
        Item::Id(id) if *id == last_id => false,
        Item::Id(id) => {
            last_id.clone_from(id);
            true
        }
        _ => true,
    });
    stream.outcome
}

fn with_limit(limit: usize, tells: bool) -> Stream {
    if tells {
        Stream::telling(limit)
    } else {
        Stream::with("", limit)
    }
}

/// The naive parser's result without what was not asked for.
fn events_of(stream: &[u8]) -> Outcome {
    let mut outcome = naive(stream);
    outcome.items.retain(|item| matches!(item, Item::Event(_)));
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_naive_parser_agrees(stream in stream()) {
        prop_assert_eq!(told([&stream[..]]), naive(&stream));
        prop_assert_eq!(parse_chunks([&stream[..]]), events_of(&stream));
    }

    #[test]
    fn any_chunks_give_the_same_events(stream in stream(), cuts in vec(any::<Index>(), 0..12)) {
        prop_assert_eq!(told(cut(&stream, &cuts)), naive(&stream));
        prop_assert_eq!(parse_chunks(cut(&stream, &cuts)), events_of(&stream));
    }

    #[test]
    fn single_bytes_give_the_same_events(stream in stream()) {
        prop_assert_eq!(told(stream.chunks(1)), naive(&stream));
        prop_assert_eq!(parse_chunks(stream.chunks(1)), events_of(&stream));
    }

    #[test]
    fn any_bytes_at_all_are_parsed(stream in vec(any::<u8>(), 0..400), cuts in vec(any::<Index>(), 0..12)) {
        prop_assert_eq!(told(cut(&stream, &cuts)), naive(&stream));
        prop_assert_eq!(parse_chunks(cut(&stream, &cuts)), events_of(&stream));
    }

    #[test]
    fn memory_stays_within_the_unfinished_event_and_a_chunk(
        stream in stream(), limit in 0_usize..200, tells: bool,
    ) {
        let mut parser = with_limit(limit, tells);
        let longest = stream.len().max(1);
        for chunk in stream.chunks(7) {
            parser.push(chunk);
            prop_assert!(parser.parser.capacity() <= (limit.min(longest) + 2 * 7) * 2);
        }
    }

    #[test]
    fn whether_the_limit_is_reached_does_not_depend_on_the_chunks(
        stream in stream(), limit in 0_usize..60, tells: bool, cuts in vec(any::<Index>(), 0..12),
    ) {
        let run = |chunks: Vec<&[u8]>| {
            let mut parser = with_limit(limit, tells);
            for chunk in chunks {
                parser.push(chunk);
            }
            // The line that is still coming in may be over the limit in one of the two only.
            parser.push(b"\n");
            (parser.outcome.items, parser.outcome.limit_exceeded)
        };
        prop_assert_eq!(run(vec![&stream]), run(cut(&stream, &cuts)));
    }
}

#[test]
fn the_default_limit_is_128_mebibytes() {
    assert_eq!(DEFAULT_LIMIT, 134_217_728);
}
