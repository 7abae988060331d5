//! The parser against the rules of "Interpreting an event stream".
#![cfg(not(target_arch = "wasm32"))]

mod support;

use eventsource_wasm::parser::DEFAULT_LIMIT;
use support::{Item, Stream, event, message, parse, parse_chunks};

/// The data of all events of a stream.
fn data(stream: impl AsRef<[u8]>) -> Vec<String> {
    parse(stream)
        .events
        .into_iter()
        .map(|event| event.data)
        .collect()
}

#[test]
fn a_blank_line_dispatches_what_the_data_lines_gave() {
    assert_eq!(
        parse("data: a\n\ndata: b\n\n").events,
        [message("a"), message("b")]
    );
}

#[test]
fn several_data_lines_are_joined_by_line_feeds() {
    assert_eq!(data("data: a\ndata: b\ndata\ndata:c\n\n"), ["a\nb\n\nc"]);
}

#[test]
fn a_block_without_data_dispatches_nothing() {
    assert_eq!(
        data("event: x\nid: 1\nretry: 5\n: comment\n\n\n\n"),
        [""; 0]
    );
}

#[test]
fn empty_data_is_data() {
    assert_eq!(
        data("data\n\ndata:\n\ndata: \n\ndata:\ndata:\n\n"),
        ["", "", "", "\n"]
    );
}

#[test]
fn lines_end_with_lf_cr_or_crlf_in_any_mixture() {
    assert_eq!(
        data("data:1\r\rdata:2\r\n\r\ndata:3\n\ndata:4\r\n\ndata:5\n\rdata:6\r\n\r"),
        ["1", "2", "3", "4", "5", "6"]
    );
    assert_eq!(data("data:1\r\n\ndata:2\n\r\n"), ["1", "2"]);
}

#[test]
fn a_carriage_return_ends_the_line_without_waiting_for_the_next_byte() {
    let mut stream = Stream::new();
    assert_eq!(stream.push(b"data: now\r\r"), [message("now")]);
    assert_eq!(stream.push(b"data: then\r"), []);
    assert_eq!(stream.push(b"\r"), [message("then")]);
}

#[test]
fn a_crlf_split_over_chunks_is_one_line_end() {
    let mut stream = Stream::new();
    assert_eq!(stream.push(b"data: a\r"), []);
    assert_eq!(stream.push(b""), []);
    assert_eq!(stream.push(b"\n"), []);
    assert_eq!(stream.push(b"data: b\r"), []);
    assert_eq!(stream.push(b"\n\r"), [message("a\nb")]);
    assert_eq!(stream.push(b"\ndata: c\n\n"), [message("c")]);
}

#[test]
fn only_an_lf_right_behind_a_split_cr_is_skipped() {
    let mut stream = Stream::new();
    stream.push(b"data: a\r");
    stream.push(b"data: b\n");
    assert_eq!(stream.push(b"\n"), [message("a\nb")]);
}

#[test]
fn exactly_one_space_after_the_colon_is_dropped() {
    assert_eq!(
        data("data:  a\n\ndata:\ta\n\ndata: a \n\n"),
        [" a", "\ta", "a "]
    );
}

#[test]
fn a_value_may_hold_colons() {
    assert_eq!(data("data: a:b: c\n\ndata::\n\n"), ["a:b: c", ":"]);
}

#[test]
fn comments_are_ignored_also_empty_and_long_ones() {
    let long = format!(":{}\n", "x".repeat(5_000));
    assert_eq!(
        data(format!(
            ":\n: data: no\n:data:no\n{long}data: yes\n{long}\n"
        )),
        ["yes"]
    );
}

#[test]
fn field_names_are_compared_to_the_letter() {
    let unknown = [
        "Data", "DATA", " data", "data ", "dat", "datas", "d", "data\0", "\0data", "da-ta",
        "data_5", "dätä",
    ];
    for name in unknown {
        assert_eq!(data(format!("{name}:no\n{name}\n\n")), [""; 0], "{name:?}");
    }
    let outcome =
        parse("Event:no\neven:no\nID:no\ni:no\nids:no\nRetry:1\nretri:1\nretry :1\ndata:yes\n\n");
    assert_eq!(outcome.events, [message("yes")]);
    assert_eq!(outcome.reconnection_time, None);
}

#[test]
fn event_names_the_type_for_its_own_block_only() {
    assert_eq!(
        parse("event: add\ndata: 1\n\ndata: 2\n\nevent: x\n\ndata: 3\n\n").events,
        [event("add", "1", ""), message("2"), message("3")],
    );
}

#[test]
fn the_last_event_line_of_a_block_counts_and_empty_means_message() {
    assert_eq!(
        parse("event: a\nevent: b\ndata: 1\n\nevent: a\nevent\ndata: 2\n\nevent: a\nevent: \ndata: 3\n\nevent:  \ndata: 4\n\n").events,
        [event("b", "1", ""), message("2"), message("3"), event(" ", "4", "")],
    );
}

#[test]
fn types_alternate_and_repeat_as_the_stream_says() {
    let kinds: Vec<_> =
        parse("event:a\ndata\n\nevent:b\ndata\n\nevent:a\ndata\n\nevent:a\ndata\n\ndata\n\n")
            .events
            .into_iter()
            .map(|event| event.kind)
            .collect();
    assert_eq!(kinds, ["a", "b", "a", "a", "message"]);
}

#[test]
fn an_id_holds_for_the_events_that_follow_until_it_is_reset() {
    assert_eq!(
        parse("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: 2\ndata: d\n\nid:\ndata: e\n\n")
            .events,
        [
            event("message", "a", "1"),
            event("message", "b", "1"),
            event("message", "c", ""),
            event("message", "d", "2"),
            event("message", "e", ""),
        ],
    );
}

#[test]
fn an_id_without_data_still_counts() {
    let outcome = parse("id: 7\n\n");
    assert_eq!(outcome.last_event_id, "7");
    assert_eq!(
        parse("id: 7\n\ndata: a\n\n").events,
        [event("message", "a", "7")]
    );
}

#[test]
fn an_id_counts_only_from_its_blank_line_on() {
    assert_eq!(parse("id: 1\n\nid: 2\n").last_event_id, "1");
}

#[test]
fn an_id_is_looked_at_only_where_it_is_set() {
    let mut stream = Stream::new();
    stream.push(b"id: 1\n\n");
    for (chunk, changed) in [
        (&b"\n\ndata: a\n\n\n"[..], false),
        (b"id: 1\n\n", false),
        (b"id: 2\n\n", true),
        (b"id: 3\n", true),
        (b"data: b\n\n", false),
        (b"data: c\n\nid: 4\n\n", true),
        (b"id: 5\ndata: d\n\n", false),
    ] {
        stream
            .parser
            .room(chunk.len())
            .unwrap()
            .copy_from_slice(chunk);
        assert_eq!(
            stream.parser.parse().trailing_id.is_some(),
            changed,
            "{chunk:?}"
        );
    }
}

#[test]
fn a_long_id_costs_nothing_at_the_many_lines_that_follow() {
    let mut stream = Stream::new();
    stream.push(format!("id: {}\n\n", "x".repeat(1 << 20)).as_bytes());
    // Work that grows with both would take minutes.
    stream.push(&b"\n".repeat(1 << 20));
    stream.push(&b"data\n\n".repeat(10));
    assert_eq!(stream.outcome.events.len(), 10);
}

#[test]
fn an_id_with_a_null_is_ignored() {
    assert_eq!(
        parse("id: 1\nid: a\0b\nid:\0\ndata: a\n\n").events,
        [event("message", "a", "1")]
    );
}

#[test]
fn ids_may_be_any_other_text() {
    let outcome = parse("id: …é\u{1F600} \ndata: a\n\n");
    assert_eq!(outcome.events, [event("message", "a", "…é\u{1F600} ")]);
}

#[test]
fn the_last_event_id_is_kept_over_connections() {
    let mut stream = Stream::with("old", DEFAULT_LIMIT);
    assert_eq!(stream.parser.last_event_id(), b"old");
    assert_eq!(stream.push(b"data: a\n\n"), [event("message", "a", "old")]);
    assert_eq!(
        stream.push(b"id: new\ndata: b\n\n"),
        [event("message", "b", "new")]
    );
}

#[test]
fn retry_takes_ascii_digits_only() {
    for valid in ["0", "5", "03000", "18446744073709551615"] {
        assert_eq!(
            parse(format!("retry:{valid}\n")).reconnection_time,
            valid.parse().ok(),
            "{valid}"
        );
    }
    for invalid in [
        "", " ", "  1", "1 ", "+1", "-1", "1.5", "1e3", "0x10", "1000x", "x", "１", "1_000",
    ] {
        assert_eq!(
            parse(format!("retry:{invalid}\n")).reconnection_time,
            None,
            "{invalid:?}"
        );
    }
}

#[test]
fn retry_past_64_bits_is_the_longest_time() {
    assert_eq!(
        parse("retry: 99999999999999999999999\n").reconnection_time,
        Some(u64::MAX)
    );
}

#[test]
fn retry_is_in_force_from_its_own_line_on() {
    let mut stream = Stream::new();
    stream.push(b"retry: 10");
    assert_eq!(stream.outcome.reconnection_time, None);
    stream.push(b"\n");
    assert_eq!(stream.outcome.reconnection_time, Some(10));
    stream.push(b"retry: bogus\nretry: 20\nretry: no\n");
    assert_eq!(stream.outcome.reconnection_time, Some(20));
}

#[test]
fn an_unfinished_last_event_is_not_dispatched() {
    assert_eq!(data("data: a\n\ndata: b\n"), ["a"]);
    assert_eq!(data("data: a\n\ndata: b"), ["a"]);
}

#[test]
fn one_byte_order_mark_at_the_start_is_dropped() {
    assert_eq!(data("\u{FEFF}data: a\n\n"), ["a"]);
    assert_eq!(data("\u{FEFF}\u{FEFF}data: a\n\ndata: b\n\n"), ["b"]);
    assert_eq!(
        data("data: a\n\n\u{FEFF}data: b\n\ndata: \u{FEFF}c\n\n"),
        ["a", "\u{FEFF}c"]
    );
    assert_eq!(data("\n\u{FEFF}data: a\n\n"), [""; 0]);
}

#[test]
fn a_byte_order_mark_split_over_chunks_is_dropped() {
    let chunks: [&[u8]; 5] = [b"", b"\xEF", b"\xBB", b"\xBFda", b"ta: a\n\n"];
    assert_eq!(parse_chunks(chunks).events, [message("a")]);
}

#[test]
fn the_start_of_a_byte_order_mark_alone_is_text() {
    let chunks: [&[u8]; 3] = [b"\xEF", b"\xBB\n", b"data: a\n\n"];
    assert_eq!(parse_chunks(chunks).events, [message("a")]);
    assert_eq!(data(b"\xEF\xBBdata: a\n\ndata: b\n\n"), ["b"]);
}

#[test]
fn invalid_utf8_becomes_replacement_characters() {
    assert_eq!(
        data(b"data: a\xFFb\n\ndata: \xE2\x82\ndata: \xAC\n\n"),
        ["a\u{FFFD}b", "\u{FFFD}\n\u{FFFD}"]
    );
    assert_eq!(
        parse(b"event: \xC3\ndata: \xF0\x9F\n\nid: \xC3\ndata\n\n").events,
        [
            event("\u{FFFD}", "\u{FFFD}", ""),
            event("message", "", "\u{FFFD}")
        ],
    );
}

#[test]
fn nulls_in_data_and_comments_are_kept_and_harmless() {
    assert_eq!(data("data: a\0b\n:\0\n\ndata:\0\n\n"), ["a\0b", "\0"]);
}

#[test]
fn characters_split_over_chunks_stay_whole() {
    let stream = "data: é…\u{1F600}\n\n".as_bytes();
    for at in 0..=stream.len() {
        let (start, end) = stream.split_at(at);
        assert_eq!(
            parse_chunks([start, end]).events,
            [message("é…\u{1F600}")],
            "split at {at}"
        );
    }
}

#[test]
fn an_unfinished_event_past_the_limit_ends_parsing_after_the_events_before_it() {
    let mut stream = Stream::with("", 20);
    let events = stream.push(b"data: ok\n\ndata: 0123456789\ndata: 0123456789\n\ndata: lost\n\n");
    assert_eq!(events, [message("ok")]);
    assert!(stream.outcome.limit_exceeded);
    assert_eq!(stream.push(b"\n\ndata: more\n\n"), []);
    assert!(stream.outcome.limit_exceeded);
}

#[test]
fn a_line_without_an_end_reaches_the_limit_too() {
    let mut stream = Stream::with("", 20);
    for _ in 0..3 {
        stream.push(b"data: 0");
    }
    assert!(stream.outcome.limit_exceeded);
}

#[test]
fn types_and_ids_reach_the_limit_too() {
    for field in ["event", "id"] {
        let mut stream = Stream::with("", 20);
        stream.push(format!("{field}: 0123456789\ndata: 0123456789\n\n").as_bytes());
        assert!(stream.outcome.limit_exceeded, "{field}");
    }
}

#[test]
fn the_limit_is_for_one_event_not_for_the_stream() {
    let mut stream = Stream::with("", 20);
    for _ in 0..100 {
        assert_eq!(
            stream.push(b"data: 0123456789\n\n"),
            [message("0123456789")]
        );
    }
    assert!(!stream.outcome.limit_exceeded);
}

#[test]
fn comments_and_unknown_fields_take_no_memory_however_long() {
    let mut stream = Stream::with("", 1_000);
    for start in [&b":"[..], b"unknown: "] {
        stream.push(start);
        for _ in 0..1_000 {
            stream.push(&[b'x'; 1_000]);
        }
        stream.push(b"\n");
    }
    for _ in 0..10_000 {
        stream.push(b": keep-alive\n");
    }
    assert!(!stream.outcome.limit_exceeded);
    assert!(
        stream.parser.capacity() < 10_000,
        "{}",
        stream.parser.capacity()
    );
    assert_eq!(stream.push(b"data: a\n\n"), [message("a")]);
}

#[test]
fn the_memory_of_a_large_event_is_given_back() {
    let mut stream = Stream::new();
    stream.push(b"data: ");
    for _ in 0..1_024 {
        stream.push(&[b'x'; 8 * 1_024]);
    }
    assert!(
        stream.parser.capacity() < 13 * 1_024 * 1_024,
        "{}",
        stream.parser.capacity()
    );
    assert_eq!(stream.push(b"\n\n")[0].data.len(), 8 * 1_024 * 1_024);
    stream.push(b"data: small\n\n");
    assert!(
        stream.parser.capacity() <= 256 * 1_024,
        "{}",
        stream.parser.capacity()
    );
}

/// What a telling parser makes of a stream in these chunks, as text: `: comment`, `# id`, `~ retry` or an
/// event's data.
fn told<'a>(chunks: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut stream = Stream::telling(DEFAULT_LIMIT);
    for chunk in chunks {
        stream.push(chunk.as_bytes());
    }
    stream
        .outcome
        .items
        .into_iter()
        .map(|item| match item {
            Item::Event(event) => event.data,
            Item::Comment(text) => format!(": {text}"),
            Item::Id(id) => format!("# {id}"),
            Item::Retry(time) => format!("~ {time}"),
        })
        .collect()
}

#[test]
fn comments_ids_and_retry_fields_are_told_in_their_order_among_the_events() {
    assert_eq!(
        told([
            ": hello\nretry: 010\nid: 1\ndata: a\n: within\n\n:bye\n\nid: 2\n\ndata: b\nretry:5\n\n:end\n"
        ]),
        [
            ": hello", "~ 010", ": within", "# 1", "a", ": bye", "# 2", "~ 5", "b", ": end"
        ]
    );
}

#[test]
fn one_space_after_the_colon_is_not_part_of_a_comment() {
    assert_eq!(
        told([":\n: \n:  a \n:a:b\n:\u{1F600}\n"]),
        [": ", ": ", ":  a ", ": a:b", ": \u{1F600}"]
    );
}

#[test]
fn a_comment_over_several_chunks_is_told_once_and_whole() {
    assert_eq!(
        told([
            ":",
            " on",
            "e and ",
            "",
            "two\r",
            "\ndata: a\n",
            "\n:",
            "\r"
        ]),
        [": one and two", "a", ": "]
    );
}

#[test]
fn an_id_is_told_when_it_changes_and_before_the_event_that_has_it() {
    assert_eq!(
        told(["id: 1\ndata: a\n\nid: 1\ndata: b\n\nid\n\nid: x\0\ndata: c\n\nid: 3\n"]),
        ["# 1", "a", "b", "# ", "c"]
    );
}

#[test]
fn only_retry_fields_that_count_are_told() {
    assert_eq!(
        told(["retry: soon\nretry: 1\nretry\nretry: 1\n"]),
        ["~ 1", "~ 1"]
    );
}

#[test]
fn nothing_but_events_is_told_unless_asked() {
    let outcome = parse(": hello\nretry: 10\nid: 1\ndata: a\n\n");
    assert_eq!(outcome.items, [Item::Event(event("message", "a", "1"))]);
    assert_eq!(outcome.reconnection_time, Some(10));
}

#[test]
fn a_comment_that_is_told_has_the_same_limit_however_it_arrives() {
    let long = format!(":{}\n", "x".repeat(30));
    let mut stream = Stream::telling(20);
    stream.push(long.as_bytes());
    assert!(stream.outcome.limit_exceeded);
    assert_eq!(stream.outcome.items, []);

    let mut stream = Stream::telling(20);
    for byte in long.as_bytes().chunks(1) {
        stream.push(byte);
    }
    assert!(stream.outcome.limit_exceeded);

    let mut stream = Stream::telling(20);
    for _ in 0..100 {
        stream.push(b": 0123456789\n");
    }
    assert!(
        !stream.outcome.limit_exceeded,
        "it is for one comment, not for all"
    );

    let mut stream = Stream::with("", 20);
    stream.push(long.as_bytes());
    assert!(
        !stream.outcome.limit_exceeded,
        "one that is not told has none"
    );
}
