//! The imports of a guest that calls. SAFETY: as in `imports.rs`.

use super::Kind;
use super::client::{Info, WaitEntry};

mod host {
    use super::WaitEntry;

    #[link(wasm_import_module = "wasm_grpc_client_1")]
    unsafe extern "C" {
        pub(super) fn require(target: *const u8, target_len: usize) -> i32;
        pub(super) fn open(
            target: *const u8,
            target_len: usize,
            path: *const u8,
            path_len: usize,
            kind: i32,
            timeout_ns: i64,
            parent: i32,
            metadata: *const u8,
            metadata_len: usize,
        ) -> i32;
        #[link_name = "send"]
        pub(super) fn client_send(call: i32, message: *const u8, message_len: usize, last: i32) -> i32;
        pub(super) fn half_close(call: i32) -> i32;
        #[link_name = "recv"]
        pub(super) fn client_recv(call: i32, buffer: *mut u8, capacity: usize) -> i32;
        #[link_name = "metadata_list"]
        pub(super) fn client_metadata_list(call: i32, place: i32, buffer: *mut u8, capacity: usize) -> i32;
        pub(super) fn status(call: i32) -> i32;
        #[link_name = "info"]
        pub(super) fn client_info(call: i32, what: i32, buffer: *mut u8, capacity: usize) -> i32;
        pub(super) fn cancel(call: i32) -> i32;
        pub(super) fn close(call: i32) -> i32;
        pub(super) fn wait_any(entries: *mut WaitEntry, count: usize, timeout_ns: i64) -> i32;
    }
}

pub(crate) fn client_require(target: &str) -> i32 {
    unsafe { host::require(target.as_ptr(), target.len()) }
}

pub(crate) fn client_open(target: &str, path: &str, kind: Kind, timeout_ns: i64, parent: i32, metadata: &[u8]) -> i32 {
    unsafe {
        host::open(
            target.as_ptr(),
            target.len(),
            path.as_ptr(),
            path.len(),
            kind as i32,
            timeout_ns,
            parent,
            metadata.as_ptr(),
            metadata.len(),
        )
    }
}

pub(crate) fn client_send(call: i32, message: &[u8], last: bool) -> i32 {
    unsafe { host::client_send(call, message.as_ptr(), message.len(), i32::from(last)) }
}

pub(crate) fn client_half_close(call: i32) -> i32 {
    unsafe { host::half_close(call) }
}

pub(crate) fn client_recv(call: i32, buffer: &mut [u8]) -> i32 {
    unsafe { host::client_recv(call, buffer.as_mut_ptr(), buffer.len()) }
}

pub(crate) fn client_metadata_list(call: i32, place: i32, buffer: &mut [u8]) -> i32 {
    unsafe { host::client_metadata_list(call, place, buffer.as_mut_ptr(), buffer.len()) }
}

pub(crate) fn client_status(call: i32) -> i32 {
    unsafe { host::status(call) }
}

pub(crate) fn client_info(call: i32, what: Info, buffer: &mut [u8]) -> i32 {
    unsafe { host::client_info(call, what as i32, buffer.as_mut_ptr(), buffer.len()) }
}

pub(crate) fn client_cancel(call: i32) -> i32 {
    unsafe { host::cancel(call) }
}

pub(crate) fn client_close(call: i32) -> i32 {
    unsafe { host::close(call) }
}

pub(crate) fn client_wait_any(entries: &mut [WaitEntry], timeout_ns: i64) -> i32 {
    unsafe { host::wait_any(entries.as_mut_ptr(), entries.len(), timeout_ns) }
}
