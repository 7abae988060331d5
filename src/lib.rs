//! The EventSource of the WHATWG HTML standard, as WebAssembly.
//!
//! Three rings, and dependencies point inward only:
//!
//! 1. [`parser`]: the bytes of an event stream in, batches of events out.
//! 2. [`connection`]: the life of an EventSource as data: states, inputs, actions.
//! 3. The shells that act, with fetch and timers: `web` for Rust applications, whose `EventSource` stands
//!    here at the crate's root (the feature `web`, on by default), and `src/npm`, in TypeScript, for pages;
//!    it calls `exports`, which the feature `npm` adds. They exist on `wasm32` alone.
//!
//! Parser and connection are pure Rust: no JavaScript, no clock, no IO. They build and are tested
//! natively.

#![deny(missing_docs)]
// From the network any bytes are defined behaviour: nothing here may panic.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[forbid(unsafe_code)]
pub mod connection;
#[cfg(all(target_arch = "wasm32", feature = "npm"))]
mod exports;
#[forbid(unsafe_code)]
pub mod parser;
#[cfg(all(target_arch = "wasm32", feature = "web"))]
#[forbid(unsafe_code)]
mod web;

pub use connection::{Decision, Failure, Retry};
#[cfg(all(target_arch = "wasm32", feature = "web"))]
pub use web::*;
