//! The cases that fuzzing found worth keeping, through the checks that it makes: a line of `fuzz/corpus` for
//! each, in hexadecimals.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arbitrary::{Arbitrary, Unstructured};
use support::any_connection::AnyConnection;
use support::any_stream::AnyStream;

fn replay<Case: Debug + for<'a> Arbitrary<'a>>(target: &str, check: impl Fn(&Case)) {
    let path = format!("{}/fuzz/corpus/{target}.txt", env!("CARGO_MANIFEST_DIR"));
    let corpus = std::fs::read_to_string(&path).expect("there is a corpus");
    assert!(!corpus.trim().is_empty(), "{path} holds no case");
    for (index, line) in corpus.lines().enumerate() {
        let bytes = bytes_of(line);
        let case = Case::arbitrary_take_rest(Unstructured::new(&bytes)).expect("any bytes will do");
        let result = catch_unwind(AssertUnwindSafe(|| check(&case)));
        assert!(result.is_ok(), "{path}:{}: {case:?}", index + 1);
    }
}

fn bytes_of(line: &str) -> Vec<u8> {
    let digits: Vec<char> = line.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16);
    digits
        .chunks(2)
        .map(|pair| byte(pair).expect("two digits"))
        .collect()
}

#[test]
fn the_parser_keeps_its_rules_for_every_stream_that_fuzzing_found() {
    replay("parser", AnyStream::check);
}

#[test]
fn the_connection_keeps_its_rules_in_every_life_that_fuzzing_found() {
    replay("connection", AnyConnection::check);
}
