//! The cases that fuzzing found worth keeping (`fuzz/corpus`), through the checks that it makes.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::fs;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use support::any_connection::AnyConnection;
use support::any_stream::AnyStream;

/// Checks every case of a target's corpus; the last one named is the one that fails.
fn replay<Case: for<'a> Arbitrary<'a>>(target: &str, check: impl Fn(&Case)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(&folder).expect("the corpus is there");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    for path in paths {
        println!("{}", path.display());
        let bytes = fs::read(&path).expect("a file of the corpus");
        check(&Case::arbitrary_take_rest(Unstructured::new(&bytes)).expect("any bytes will do"));
    }
}

#[test]
fn the_parser_keeps_its_rules_for_every_stream_that_fuzzing_found() {
    replay("parser", AnyStream::check);
}

#[test]
fn the_connection_keeps_its_rules_in_every_life_that_fuzzing_found() {
    replay("connection", AnyConnection::check);
}
