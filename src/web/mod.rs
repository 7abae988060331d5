//! The shell: does what the connection decides, with the means of the web.
//!
//! - [`source`]: one EventSource: inputs to the connection, its actions carried out;
//! - [`request`]: the requests that a source makes;
//! - [`body`]: a response's body, chunk by chunk;
//! - [`page`]: what the shell asks of the TypeScript class around it.
//!
//! The page's code runs inside calls of [`page`], and wherever it has replaced a function of the web
//! that we call. No borrow of ours is alive at such a call: the page may call back into the source at
//! any point. Nothing that it throws may leave the call: it would end the tasks of other sources.

mod body;
mod page;
mod request;
mod source;
