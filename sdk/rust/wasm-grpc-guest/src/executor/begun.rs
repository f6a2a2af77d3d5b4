//! Waiting for what tasks have begun with the store.

use crate::abi::local;
use alloc::collections::BTreeMap;
use core::task::Waker;

local! {
    /// Who waits, by the host's number of it.
    fn waiting() -> BTreeMap<i32, Waker> = BTreeMap::new();
}

/// Has a task woken when the host tells of it.
pub(crate) fn listen(number: i32, waker: &Waker) {
    drop(waiting(|waiting| waiting.insert(number, waker.clone())));
}

/// Wakes who waits for it.
pub(super) fn heard(number: i32) {
    if let Some(waker) = waiting(|waiting| waiting.remove(&number)) {
        waker.wake();
    }
}

/// Nobody waits for it any more.
pub(crate) fn forget(number: i32) {
    drop(waiting(|waiting| waiting.remove(&number)));
}
