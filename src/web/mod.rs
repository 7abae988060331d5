//! The shell: does what the connection decides, with the means of the web.
//!
//! - [`source`]: one EventSource: inputs to the connection, its actions carried out;
//! - [`body`]: a response's body, chunk by chunk;
//! - [`page`]: what the shell asks of the TypeScript class around it.
//!
//! The page's code runs inside calls of [`page`], and wherever it has replaced a function of the web
//! that we call. No borrow of ours is alive at such a call: the page may call back into the source at
//! any point. Nothing that it throws may leave the call: it would end the tasks of other sources.

mod body;
mod page;
mod source;

/// Half the size of the standard library's. A Rust application chooses its own.
#[cfg(feature = "npm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
