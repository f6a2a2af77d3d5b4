//! The imports of a guest.
//!
//! SAFETY, of all calls here: the host checks every pointer and length against the guest's memory, reads what is given
//! by shared references and writes only what is given by exclusive ones, and keeps neither after it has returned.

mod host {
    #[link(wasm_import_module = "wasm_grpc_1")]
    unsafe extern "C" {
        pub(super) fn method(path: *const u8, path_len: usize, kind: i32, style: i32, tag: i32) -> i32;
        pub(super) fn placement(place: i32, key: *const u8, key_len: usize) -> i32;
        pub(super) fn health_set(service: *const u8, service_len: usize, serving: i32) -> i32;
        pub(super) fn recv(call: i32, buffer: *mut u8, capacity: usize) -> i32;
        pub(super) fn send(call: i32, message: *const u8, message_len: usize) -> i32;
        pub(super) fn compress(call: i32, on: i32) -> i32;
        pub(super) fn wait(call: i32, interests: i32, timeout_ns: i64) -> i32;
        pub(super) fn timer(call: i32, timeout_ns: i64) -> i32;
        pub(super) fn finish(call: i32, code: i32, message: *const u8, message_len: usize) -> i32;
        pub(super) fn metadata_get(
            call: i32,
            key: *const u8,
            key_len: usize,
            index: i32,
            value: *mut u8,
            capacity: usize,
        ) -> i32;
        pub(super) fn metadata_list(call: i32, buffer: *mut u8, capacity: usize) -> i32;
        pub(super) fn metadata_add(
            call: i32,
            place: i32,
            key: *const u8,
            key_len: usize,
            value: *const u8,
            value_len: usize,
        ) -> i32;
        pub(super) fn headers_send(call: i32) -> i32;
        pub(super) fn http_status(call: i32, status: i32) -> i32;
        pub(super) fn info(call: i32, what: i32, buffer: *mut u8, capacity: usize) -> i32;
        pub(super) fn deadline(call: i32) -> i64;
        pub(super) fn log(level: i32, text: *const u8, text_len: usize);
        pub(super) fn log_call(
            call: i32,
            level: i32,
            text: *const u8,
            text_len: usize,
            pairs: *const u8,
            pairs_len: usize,
        ) -> i32;
    }

    // A host that does not have them has no alarms, and tells of no end.
    #[link(wasm_import_module = "wasm_grpc_1_optional")]
    unsafe extern "C" {
        pub(super) fn alarm(timeout_ns: i64) -> i32;
        pub(super) fn ending(wanted: i32) -> i32;
    }

    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(super) fn clock_time_get(clock: i32, precision: i64, time: *mut u64) -> i32;
    }
}

use super::{Info, Kind, Style};

pub(crate) fn method(path: &str, kind: Kind, style: Style, tag: i32) -> i32 {
    unsafe { host::method(path.as_ptr(), path.len(), kind as i32, style as i32, tag) }
}

pub(crate) fn placement(place: i32, key: &str) -> i32 {
    unsafe { host::placement(place, key.as_ptr(), key.len()) }
}

pub(crate) fn health_set(service: &str, serving: bool) -> i32 {
    unsafe { host::health_set(service.as_ptr(), service.len(), i32::from(serving)) }
}

pub(crate) fn recv(call: i32, buffer: &mut [u8]) -> i32 {
    unsafe { host::recv(call, buffer.as_mut_ptr(), buffer.len()) }
}

pub(crate) fn send(call: i32, message: &[u8]) -> i32 {
    unsafe { host::send(call, message.as_ptr(), message.len()) }
}

pub(crate) fn compress(call: i32, on: bool) -> i32 {
    unsafe { host::compress(call, i32::from(on)) }
}

pub(crate) fn wait(call: i32, interests: i32, timeout_ns: i64) -> i32 {
    unsafe { host::wait(call, interests, timeout_ns) }
}

pub(crate) fn timer(call: i32, timeout_ns: i64) -> i32 {
    unsafe { host::timer(call, timeout_ns) }
}

pub(crate) fn finish(call: i32, code: i32, message: &str) -> i32 {
    unsafe { host::finish(call, code, message.as_ptr(), message.len()) }
}

pub(crate) fn metadata_get(call: i32, key: &str, index: i32, value: &mut [u8]) -> i32 {
    unsafe { host::metadata_get(call, key.as_ptr(), key.len(), index, value.as_mut_ptr(), value.len()) }
}

pub(crate) fn metadata_list(call: i32, buffer: &mut [u8]) -> i32 {
    unsafe { host::metadata_list(call, buffer.as_mut_ptr(), buffer.len()) }
}

pub(crate) fn metadata_add(call: i32, place: i32, key: &str, value: &[u8]) -> i32 {
    unsafe { host::metadata_add(call, place, key.as_ptr(), key.len(), value.as_ptr(), value.len()) }
}

pub(crate) fn headers_send(call: i32) -> i32 {
    unsafe { host::headers_send(call) }
}

pub(crate) fn http_status(call: i32, status: i32) -> i32 {
    unsafe { host::http_status(call, status) }
}

pub(crate) fn info(call: i32, what: Info, buffer: &mut [u8]) -> i32 {
    unsafe { host::info(call, what as i32, buffer.as_mut_ptr(), buffer.len()) }
}

pub(crate) fn deadline(call: i32) -> i64 {
    unsafe { host::deadline(call) }
}

pub(crate) fn log(level: i32, text: &str) {
    unsafe { host::log(level, text.as_ptr(), text.len()) }
}

pub(crate) fn log_call(call: i32, level: i32, text: &str, pairs: &[u8]) -> i32 {
    unsafe { host::log_call(call, level, text.as_ptr(), text.len(), pairs.as_ptr(), pairs.len()) }
}

pub(crate) fn alarm(timeout_ns: i64) -> i32 {
    unsafe { host::alarm(timeout_ns) }
}

pub(crate) fn ending(wanted: bool) -> i32 {
    unsafe { host::ending(i32::from(wanted)) }
}

/// Nanoseconds of a clock that only goes forward.
pub(crate) fn now() -> u64 {
    const MONOTONIC: i32 = 1;
    let mut time = 0;
    unsafe { host::clock_time_get(MONOTONIC, 1, &mut time) };
    time
}

/// Exports what the host calls, by the function that declares the guest's services.
#[doc(hidden)]
#[macro_export]
macro_rules! __exports {
    ($declare:path) => {
        const _: () = {
            unsafe extern "C" {
                fn __wasm_call_ctors();
            }
            // As crt1-reactor.o of wasi-libc has it: the module is a library, whose constructors run once.
            #[unsafe(export_name = "_initialize")]
            extern "C" fn initialize() {
                unsafe { __wasm_call_ctors() }
            }
            #[unsafe(export_name = "wasm_grpc_start")]
            extern "C" fn start() {
                $crate::__start($declare);
            }
            #[unsafe(export_name = "wasm_grpc_call")]
            extern "C" fn call(call: i32, tag: i32) -> i32 {
                $crate::__call(call, tag)
            }
            #[unsafe(export_name = "wasm_grpc_event")]
            extern "C" fn event(call: i32, event: i32, value: i32) {
                $crate::__event(call, event, value);
            }
        };
    };
}
