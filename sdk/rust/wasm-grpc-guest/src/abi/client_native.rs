//! The same natively.

use super::client::{Info, WaitEntry};
use super::native::{ask, give};
use super::{ABSENT, AGAIN, CLOSED, Kind, OK};
use std::vec::Vec;

/// The part of a host in memory that calls are made by.
pub(crate) trait ClientHost {
    fn client_open(&self, target: &str, path: &str, kind: Kind, timeout_ns: i64, parent: i32, metadata: &[u8]) -> i32;
    fn client_send(&self, call: i32, message: &[u8], last: bool) -> i32;
    fn client_half_close(&self, call: i32) -> i32;
    fn client_recv(&self, call: i32, buffer: &mut [u8]) -> i32;
    /// AGAIN, or CLOSED, where it is not there.
    fn client_metadata(&self, call: i32, place: i32) -> Result<Vec<u8>, i32>;
    fn client_status(&self, call: i32) -> i32;
    fn client_info(&self, call: i32, what: Info) -> Option<Vec<u8>>;
    fn client_cancel(&self, call: i32) -> i32;
    fn client_close(&self, call: i32) -> i32;
    fn client_wait_any(&self, entries: &mut [WaitEntry], timeout_ns: i64) -> i32;
}

pub(crate) fn client_require(_target: &str) -> i32 {
    OK // a test grants what it answers
}

pub(crate) fn client_open(target: &str, path: &str, kind: Kind, timeout_ns: i64, parent: i32, metadata: &[u8]) -> i32 {
    ask(|host| host.client_open(target, path, kind, timeout_ns, parent, metadata))
}

pub(crate) fn client_send(call: i32, message: &[u8], last: bool) -> i32 {
    ask(|host| host.client_send(call, message, last))
}

pub(crate) fn client_half_close(call: i32) -> i32 {
    ask(|host| host.client_half_close(call))
}

pub(crate) fn client_recv(call: i32, buffer: &mut [u8]) -> i32 {
    ask(|host| host.client_recv(call, buffer))
}

pub(crate) fn client_metadata_list(call: i32, place: i32, buffer: &mut [u8]) -> i32 {
    ask(|host| host.client_metadata(call, place).map_or_else(|answer| answer, |list| give(&list, buffer)))
}

pub(crate) fn client_status(call: i32) -> i32 {
    ask(|host| host.client_status(call))
}

pub(crate) fn client_info(call: i32, what: Info, buffer: &mut [u8]) -> i32 {
    ask(|host| match host.client_status(call) {
        CLOSED => CLOSED,
        AGAIN => AGAIN,
        _ => host.client_info(call, what).map_or(ABSENT, |value| give(&value, buffer)),
    })
}

pub(crate) fn client_cancel(call: i32) -> i32 {
    ask(|host| host.client_cancel(call))
}

pub(crate) fn client_close(call: i32) -> i32 {
    ask(|host| host.client_close(call))
}

pub(crate) fn client_wait_any(entries: &mut [WaitEntry], timeout_ns: i64) -> i32 {
    ask(|host| host.client_wait_any(entries, timeout_ns))
}
