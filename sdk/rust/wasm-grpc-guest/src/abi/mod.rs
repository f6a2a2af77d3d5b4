//! ABI 1 (docs/abi.md) as safe functions: the host's imports in a guest, and a host in memory natively, for tests.
//!
//! Nothing else in this crate is unsafe. What functions answer is as the ABI says: 0 or more, often a length, or one of
//! the negative results.

#![allow(dead_code, reason = "the features of this crate say what of it is used")]

pub(crate) mod client;
mod local;
pub(crate) use local::{Local, local};

#[cfg(target_arch = "wasm32")]
mod client_imports;
#[cfg(target_arch = "wasm32")]
mod imports;
#[cfg(target_arch = "wasm32")]
mod shared_imports;
#[cfg(target_arch = "wasm32")]
pub(crate) use {client_imports::*, imports::*, shared_imports::*};

#[cfg(not(target_arch = "wasm32"))]
mod client_native;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
mod shared_native;
#[cfg(not(target_arch = "wasm32"))]
mod shared_native_many;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use {client_native::*, native::*, shared_native::*, shared_native_many::*};

pub(crate) const OK: i32 = 0;
pub(crate) const END: i32 = -1;
pub(crate) const AGAIN: i32 = -2;
pub(crate) const CANCELLED: i32 = -3;
pub(crate) const ABSENT: i32 = -4;
pub(crate) const CLOSED: i32 = -5;
pub(crate) const INVALID: i32 = -6;
pub(crate) const CONFLICT: i32 = -8;
pub(crate) const FULL: i32 = -9;
pub(crate) const TOO_LARGE: i32 = -10;
pub(crate) const UNAVAILABLE: i32 = -11;

pub(crate) const READABLE: i32 = 1;
pub(crate) const WRITABLE: i32 = 2;

pub(crate) const HEADERS: i32 = 0;
pub(crate) const TRAILERS: i32 = 1;

/// What `deadline` answers where there is none.
pub(crate) const NO_DEADLINE: i64 = i64::MAX;

/// Kinds of methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Kind {
    Unary = 0,
    ClientStream = 1,
    ServerStream = 2,
    BidiStream = 3,
    Http = 4,
}

/// How the calls of a method are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Style {
    Handler = 0,
    Events = 1,
}

/// What `info` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Info {
    Path = 0,
    Authority = 1,
    Peer = 2,
    MessageEncoding = 4,
    HttpMethod = 5,
    End = 6,
    TlsNames = 7,
    ContentSubtype = 8,
    TokenSubject = 9,
    TokenClaims = 10,
    MaxRequest = 32,
    MaxResponse = 33,
    MaxMetadata = 34,
    MaxMemory = 35,
    MaxCpuTime = 36,
}

/// Events of what was begun with the store, and what may be begun.
pub(crate) mod begun {
    pub(crate) const EVENT: i32 = 9;
    pub(crate) const GET: i32 = 0;
    pub(crate) const SET: i32 = 1;
    pub(crate) const REMOVE: i32 = 2;
    pub(crate) const LIST: i32 = 3;
    pub(crate) const GET_MANY: i32 = 4;
    pub(crate) const CHANGE_EACH: i32 = 5;
    pub(crate) const CHANGE_ALL: i32 = 6;
    pub(crate) const SWAP: i32 = 7;
    pub(crate) const WATCH: i32 = 8;
}

/// Events of calls.
pub(crate) mod event {
    pub(crate) const OPEN: i32 = 0;
    pub(crate) const MESSAGE: i32 = 1;
    pub(crate) const HALF_CLOSE: i32 = 2;
    pub(crate) const WRITABLE: i32 = 3;
    pub(crate) const TIMER: i32 = 4;
    pub(crate) const CANCELLED: i32 = 5;
    /// Of the instance.
    pub(crate) const ALARM: i32 = 6;
    pub(crate) const ENDING: i32 = 7;
}
