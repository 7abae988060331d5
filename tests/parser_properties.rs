//! What holds for every stream: the chunks don't matter, and a naive parser agrees.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use eventsource_wasm::parser::DEFAULT_LIMIT;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use support::any_stream::AnyStream;

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

/// Any chunks of a stream.
fn any_stream(stream: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = AnyStream> {
    let limit = prop_oneof![0_usize..200, Just(DEFAULT_LIMIT)];
    let lengths = prop_oneof![Just(vec![1]), vec(0_u8..20, 0..8), vec(any::<u8>(), 0..8)];
    let last_event_id = select(vec!["", "7"]);
    (stream, lengths, limit, any::<bool>(), last_event_id).prop_map(
        |(stream, lengths, limit, tells_extras, last_event_id)| AnyStream {
            stream,
            lengths,
            limit,
            tells_extras,
            last_event_id,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chunks_give_what_a_naive_parser_makes_of_the_whole_in_little_memory(case in any_stream(stream())) {
        case.check();
    }

    #[test]
    fn any_bytes_at_all_are_parsed(case in any_stream(vec(any::<u8>(), 0..400))) {
        case.check();
    }
}

#[test]
fn the_default_limit_is_128_mebibytes() {
    assert_eq!(DEFAULT_LIMIT, 134_217_728);
}
