//! The EventSource of the WHATWG HTML standard, as WebAssembly.
//!
//! Three rings, and dependencies point inward only:
//!
//! 1. [`parser`]: the bytes of an event stream in, batches of events out.
//! 2. [`connection`]: the life of an EventSource as data: states, inputs, actions.
//! 3. `web`: the shell that acts: fetch, timers, and the batches handed to the page. It is the only
//!    place that knows JavaScript, and exists on `wasm32` alone.
//!
//! Parser and connection are pure Rust: no JavaScript, no clock, no IO. They build and are tested
//! natively. The class `EventSource` that pages use stands around the third ring, in TypeScript
//! (`src/npm`).

#![deny(missing_docs)]
// From the network any bytes are defined behaviour: nothing here may panic.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[forbid(unsafe_code)]
pub mod connection;
#[forbid(unsafe_code)]
pub mod parser;
#[cfg(target_arch = "wasm32")]
mod web;
