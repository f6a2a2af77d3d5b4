//! Counters that all instances of the module share (docs/host-modules.md, `wasm_grpc_atomics_1`).

use crate::abi;
use crate::status::Status;

/// A named counter, shared by all instances of the module, on all workers, for as long as the server runs. All that it does
/// is atomic, and sequentially consistent; sums wrap around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter(i32);

impl Counter {
    /// The counter of that name, which has 1 to 256 bytes; it is made, and is 0, where it is not there. An error when there
    /// are too many (`--max-counters`).
    pub fn named(name: &str) -> Result<Self, Status> {
        match abi::counter(name) {
            number @ 0.. => Ok(Self(number)),
            abi::INVALID => Err(Status::internal("a counter's name has 1 to 256 bytes")),
            _ => Err(Status::resource_exhausted("there are as many counters as there may be")),
        }
    }

    /// Its value.
    pub fn load(self) -> i64 {
        abi::counter_load(self.0)
    }

    /// Sets its value.
    pub fn store(self, value: i64) {
        abi::counter_store(self.0, value);
    }

    /// Adds to it; the value after it.
    pub fn add(self, by: i64) -> i64 {
        abi::counter_add(self.0, by)
    }

    /// Sets its value; the value before.
    pub fn swap(self, value: i64) -> i64 {
        abi::counter_exchange(self.0, value)
    }

    /// Sets its value where that is `expected`, which it then gives; else an error with what it is.
    pub fn compare_exchange(self, expected: i64, value: i64) -> Result<i64, i64> {
        let before = abi::counter_compare_exchange(self.0, expected, value);
        if before == expected { Ok(before) } else { Err(before) }
    }
}
