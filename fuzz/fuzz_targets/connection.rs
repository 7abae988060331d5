//! Any order of inputs, under any policy, against what a shell has to be able to rely on.
#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use support::any_connection::AnyConnection;

libfuzzer_sys::fuzz_target!(|case: AnyConnection| case.check());
