//! Parsing allocates nothing for an event.
#![cfg(not(target_arch = "wasm32"))]

use eventsource_wasm::parser::{DEFAULT_LIMIT, Parser};

fn parse(parser: &mut Parser, chunk: &[u8]) -> usize {
    parser.room(chunk.len()).unwrap().copy_from_slice(chunk);
    parser.parse().changes.len()
}

#[test]
fn once_its_buffers_have_grown_the_parser_allocates_nothing() {
    let chunk: String = (0..1_000)
        .map(|number| {
            format!(": comment\r\nevent: add\nid: {number}\ndata: one\ndata: two\n\ndata\n\n")
        })
        .collect();
    let (start, end) = chunk.as_bytes().split_at(chunk.len() / 2);
    let mut parser = Parser::new(b"", DEFAULT_LIMIT);
    let mut events = 0;
    let mut parse_all = || events += parse(&mut parser, start) + parse(&mut parser, end);
    parse_all();
    let allocations = allocation_counter::measure(&mut parse_all);
    assert_eq!(events, 4_000);
    assert_eq!(allocations.count_total, 0);
}
