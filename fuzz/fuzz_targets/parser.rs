//! Any stream in any chunks, against a naive parser.
#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use support::any_stream::AnyStream;

libfuzzer_sys::fuzz_target!(|case: AnyStream| case.check());
