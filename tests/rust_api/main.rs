//! The Rust API in a window, against the test server.
//!
//! The page of these tests comes from the test runner, so every source in here is a cross-origin one.
#![cfg(target_arch = "wasm32")]

mod options;
mod request;
mod retry;
mod stream;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
