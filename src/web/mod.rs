//! The shell: does what the connection decides, with the means of the web.
//!
//! - [`source`]: one EventSource: inputs to the connection, its actions carried out;
//! - [`request`]: the requests that a source makes;
//! - [`body`]: a response's body, chunk by chunk;
//! - [`page`]: what the shell asks of the TypeScript class around it.
//!
//! The page's code runs only inside calls of [`page`], and no borrow of ours is alive then: it may
//! call back into the source at any point.

mod body;
mod page;
mod request;
mod source;
