//! Counters and the store natively: the thread's, without limits. Time is that of the host in memory.

use super::native::{give, now};
use super::shared_native_many::Begun;
use super::{ABSENT, CONFLICT, INVALID, OK};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

#[derive(Default)]
pub(super) struct Shared {
    counters: Vec<(String, i64)>,
    pub(super) pairs: BTreeMap<String, Pair>,
    last_version: u64,
    pub(super) begun: Begun,
}

pub(super) struct Pair {
    pub(super) value: Vec<u8>,
    pub(super) version: u64,
    pub(super) until: Option<u64>,
}

thread_local! {
    pub(super) static SHARED: RefCell<Shared> = RefCell::default();
}

/// Forgets all, for the next test.
pub(crate) fn forget_shared() {
    SHARED.take();
}

pub(crate) fn counter(name: &str) -> i32 {
    if name.is_empty() || name.len() > 256 {
        return INVALID;
    }
    SHARED.with_borrow_mut(|shared| {
        let known = shared.counters.iter().position(|(other, _)| other == name);
        known.unwrap_or_else(|| {
            shared.counters.push((name.into(), 0));
            shared.counters.len() - 1
        }) as i32
    })
}

fn change(counter: i32, change: impl FnOnce(i64) -> i64) -> (i64, i64) {
    SHARED.with_borrow_mut(|shared| {
        let value = &mut shared.counters[counter as usize].1;
        let before = *value;
        *value = change(before);
        (before, *value)
    })
}

pub(crate) fn counter_load(counter: i32) -> i64 {
    change(counter, |value| value).0
}

pub(crate) fn counter_store(counter: i32, value: i64) {
    change(counter, |_| value);
}

pub(crate) fn counter_add(counter: i32, by: i64) -> i64 {
    change(counter, |value| value.wrapping_add(by)).1
}

pub(crate) fn counter_exchange(counter: i32, value: i64) -> i64 {
    change(counter, |_| value).0
}

pub(crate) fn counter_compare_exchange(counter: i32, expected: i64, desired: i64) -> i64 {
    change(counter, |value| if value == expected { desired } else { value }).0
}

impl Shared {
    /// The pair of a key, whose time has not passed.
    pub(super) fn find(&mut self, key: &str) -> Option<&Pair> {
        if self.pairs.get(key)?.until.is_some_and(|until| until <= now()) {
            self.pairs.remove(key);
        }
        self.pairs.get(key)
    }

    pub(super) fn version_of(&mut self, key: &str) -> u64 {
        self.find(key).map_or(0, |pair| pair.version)
    }

    pub(super) fn conflicts(&mut self, key: &str, if_version: i64) -> bool {
        if_version >= 0 && self.version_of(key) != if_version as u64
    }
}

pub(crate) fn kv_get(key: &str, value: &mut [u8], version: &mut u64) -> i32 {
    SHARED.with_borrow_mut(|shared| {
        shared.find(key).map_or(ABSENT, |pair| {
            *version = pair.version;
            give(&pair.value, value)
        })
    })
}

impl Shared {
    pub(super) fn set(&mut self, key: &str, value: &[u8], ttl_ns: i64, if_version: i64) -> i64 {
        if key.is_empty() || key.len() > 1024 || ttl_ns == 0 {
            return i64::from(INVALID);
        }
        if self.conflicts(key, if_version) {
            return i64::from(CONFLICT);
        }
        self.last_version += 1;
        let until = u64::try_from(ttl_ns).ok().map(|ttl| now() + ttl);
        self.pairs.insert(key.into(), Pair { value: value.to_vec(), version: self.last_version, until });
        self.begun.changed(key);
        self.last_version as i64
    }

    pub(super) fn remove(&mut self, key: &str, if_version: i64) -> i32 {
        if self.conflicts(key, if_version) {
            return CONFLICT;
        }
        if self.version_of(key) == 0 {
            return ABSENT;
        }
        self.pairs.remove(key);
        self.begun.changed(key);
        OK
    }
}

pub(crate) fn kv_set(key: &str, value: &[u8], ttl_ns: i64, if_version: i64) -> i64 {
    SHARED.with_borrow_mut(|shared| shared.set(key, value, ttl_ns, if_version))
}

pub(crate) fn kv_remove(key: &str, if_version: i64) -> i32 {
    SHARED.with_borrow_mut(|shared| shared.remove(key, if_version))
}
