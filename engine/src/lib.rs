//! Re-exports Wasmtime's C API so that its symbols land in one static library, beside the parser of HTTP/1.1, a
//! limiter of stores and calls of functions whose type is checked once.
pub use wasmtime_c_api::*;

mod http1;
mod limiter;
mod prepared;
