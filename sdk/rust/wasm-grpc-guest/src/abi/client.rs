//! The numbers of `wasm_grpc_client_1`, of calls that a guest makes.

/// What they may be waited for.
pub(crate) const READABLE: i32 = 1;
pub(crate) const WRITABLE: i32 = 2;
pub(crate) const HEADERS: i32 = 4;
pub(crate) const ENDED: i32 = 8;

pub(crate) const UNSUPPORTED: i32 = -7;
pub(crate) const NO_TIMEOUT: i64 = -1;

/// The event of such a call.
pub(crate) const EVENT: i32 = 8;

/// What `client_info` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Info {
    StatusMessage = 0,
    StatusDetails = 1,
}

/// What `client_wait_any` waits for, in any call of the guest, and what it answers of it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct WaitEntry {
    pub(crate) call: i32,
    pub(crate) interests: i32,
    pub(crate) ready: i32,
}
