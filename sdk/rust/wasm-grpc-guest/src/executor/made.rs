//! Waiting for the calls that tasks make, besides those that they serve.
//!
//! Guests that make none need not have the host's functions for it: those are reached by `Wait` only, which the first such call
//! that is waited for sets.

use crate::abi::local;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::task::Waker;

/// Suspends the guest until one of what the served call, and those made for it, are waited for holds: what holds of the
/// served one, as `wait` answers. The rest is heard of.
pub(crate) type Wait = fn(served: i32, interests: i32, timeout_ns: i64) -> i32;

#[derive(Default)]
struct Made {
    served: i32,
    waiting: Vec<(i32, Waker)>, // with their interests
}

local! {
    fn made() -> BTreeMap<i32, Made> = BTreeMap::new();
}
local! {
    fn wait_by() -> Option<Wait> = None;
}

/// How the executor is to wait; None where no call was made that was waited for.
pub(super) fn wait() -> Option<Wait> {
    wait_by(|wait| *wait)
}

/// Has a task woken when one of the interests holds in a call that was made for `served`.
pub(crate) fn listen(call: i32, served: i32, interests: i32, waker: &Waker, wait: Wait) {
    wait_by(|by| *by = Some(wait));
    made(|made| {
        let of = made.entry(call).or_default();
        of.served = served;
        if !of.waiting.iter().any(|(other, by)| *other == interests && by.will_wake(waker)) {
            of.waiting.push((interests, waker.clone()));
        }
    });
}

/// The calls that were made for `served` and are waited for, each with its interests.
pub(crate) fn waited_for(served: i32) -> Vec<(i32, i32)> {
    made(|made| {
        let of_served = made.iter().filter(|(_, of)| of.served == served && !of.waiting.is_empty());
        of_served.map(|(call, of)| (*call, of.waiting.iter().fold(0, |all, (interests, _)| all | interests))).collect()
    })
}

/// Wakes who waits for what holds.
pub(crate) fn heard(call: i32, holding: i32) {
    let woken: Vec<Waker> = made(|made| {
        let Some(of) = made.get_mut(&call) else { return Vec::new() };
        let mut woken = Vec::new();
        of.waiting.retain(|(interests, waker)| {
            let holds = interests & holding != 0;
            if holds {
                woken.push(waker.clone());
            }
            !holds
        });
        woken
    });
    // Not while the state is borrowed: others' wakers may do whatever they like.
    woken.into_iter().for_each(Waker::wake);
}

/// Nobody waits for the call any more.
pub(crate) fn forget(call: i32) {
    drop(made(|made| made.remove(&call)));
}
