//! What the built class does in a real browser. The files follow the parts of the standard.
//!
//! The page of these tests comes from the test runner, so every source in here is a cross-origin
//! one. What takes the same origin is tested in `tests/browser`.

pub mod dispatch;
pub mod interface;
pub mod life;
pub mod parsing;
pub mod reconnection;
pub mod request;
pub mod response;
pub mod support;
