//! The shell for Rust applications: does what the connection decides, with the means of the web.
//!
//! - [`options`]: what a source is told when it is made;
//! - [`source`]: one source: inputs to the connection, its actions carried out, the stream of events;
//! - [`request`]: the requests that it makes, and which of their responses open the stream;
//! - [`body`]: a response's body, chunk by chunk;
//! - [`events`]: what the stream yields;
//! - [`lifecycle`]: what the page, the network and the device tell a source;
//! - [`timeout`]: an end to waiting.
//!
//! A source is driven by whoever polls its stream: it has no task of its own, reads on only when all
//! that it has read was taken, and ends with its drop. Between two polls only the page's life and a
//! call of [`Handle`] reach it.
//!
//! The application's code runs in the functions that it gave as options, and in whatever listens to an
//! abort signal of ours. No borrow of a `RefCell` of ours is alive at such a call: it may call back into
//! the source at any point. What comes after such a call first asks whether its request is still the one.

mod body;
mod events;
mod lifecycle;
mod options;
mod request;
mod source;
mod timeout;

pub use events::{Error, Event, Message, Opened, Reconnecting};
pub use options::{Attempt, Builder, OptionError, Statuses};
pub use source::{EventSource, Handle, Messages, ReadyState};
