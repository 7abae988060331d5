//! The EventSource class in a window, against the test server.
#![cfg(target_arch = "wasm32")]

pub mod web;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
