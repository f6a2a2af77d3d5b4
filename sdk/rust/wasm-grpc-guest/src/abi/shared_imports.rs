//! The imports of counters and of the store (docs/host-modules.md). SAFETY: as in imports.rs.

mod host {
    #[link(wasm_import_module = "wasm_grpc_atomics_1")]
    unsafe extern "C" {
        pub(super) fn counter(name: *const u8, name_len: usize) -> i32;
        pub(super) fn load(counter: i32) -> i64;
        pub(super) fn store(counter: i32, value: i64);
        pub(super) fn add(counter: i32, by: i64) -> i64;
        pub(super) fn exchange(counter: i32, value: i64) -> i64;
        pub(super) fn compare_exchange(counter: i32, expected: i64, desired: i64) -> i64;
    }

    #[link(wasm_import_module = "wasm_grpc_kv_1")]
    unsafe extern "C" {
        pub(super) fn get(key: *const u8, key_len: usize, value: *mut u8, capacity: usize, version: *mut u64) -> i32;
        pub(super) fn set(
            key: *const u8,
            key_len: usize,
            value: *const u8,
            value_len: usize,
            ttl_ns: i64,
            if_version: i64,
        ) -> i64;
        pub(super) fn remove(key: *const u8, key_len: usize, if_version: i64) -> i32;
        pub(super) fn list(
            prefix: *const u8,
            prefix_len: usize,
            after: *const u8,
            after_len: usize,
            most: i32,
            page: *mut u8,
            capacity: usize,
        ) -> i32;
        pub(super) fn get_many(keys: *const u8, keys_len: usize, pairs: *mut u8, capacity: usize) -> i32;
        pub(super) fn change_each(changes: *const u8, changes_len: usize, results: *mut u8, capacity: usize) -> i32;
        pub(super) fn change_all(changes: *const u8, changes_len: usize, results: *mut u8, capacity: usize) -> i32;
        pub(super) fn swap(
            key: *const u8,
            key_len: usize,
            value: *const u8,
            value_len: usize,
            ttl_ns: i64,
            if_version: i64,
            old: *mut u8,
            capacity: usize,
            about: *mut u8,
        ) -> i64;
    }

    // A host that does not have them has the guest wait.
    #[link(wasm_import_module = "wasm_grpc_kv_1_optional")]
    unsafe extern "C" {
        pub(super) fn begin(action: i32, request: *const u8, request_len: usize) -> i32;
        pub(super) fn take(number: i32, answer: *mut u8, capacity: usize) -> i32;
        pub(super) fn close(number: i32) -> i32;
    }
}

pub(crate) fn counter(name: &str) -> i32 {
    unsafe { host::counter(name.as_ptr(), name.len()) }
}

pub(crate) fn counter_load(counter: i32) -> i64 {
    unsafe { host::load(counter) }
}

pub(crate) fn counter_store(counter: i32, value: i64) {
    unsafe { host::store(counter, value) }
}

pub(crate) fn counter_add(counter: i32, by: i64) -> i64 {
    unsafe { host::add(counter, by) }
}

pub(crate) fn counter_exchange(counter: i32, value: i64) -> i64 {
    unsafe { host::exchange(counter, value) }
}

pub(crate) fn counter_compare_exchange(counter: i32, expected: i64, desired: i64) -> i64 {
    unsafe { host::compare_exchange(counter, expected, desired) }
}

pub(crate) fn kv_get(key: &str, value: &mut [u8], version: &mut u64) -> i32 {
    unsafe { host::get(key.as_ptr(), key.len(), value.as_mut_ptr(), value.len(), version) }
}

pub(crate) fn kv_set(key: &str, value: &[u8], ttl_ns: i64, if_version: i64) -> i64 {
    unsafe { host::set(key.as_ptr(), key.len(), value.as_ptr(), value.len(), ttl_ns, if_version) }
}

pub(crate) fn kv_remove(key: &str, if_version: i64) -> i32 {
    unsafe { host::remove(key.as_ptr(), key.len(), if_version) }
}

pub(crate) fn kv_list(prefix: &[u8], after: &[u8], most: i32, page: &mut [u8]) -> i32 {
    let (to, capacity) = (page.as_mut_ptr(), page.len());
    unsafe { host::list(prefix.as_ptr(), prefix.len(), after.as_ptr(), after.len(), most, to, capacity) }
}

pub(crate) fn kv_get_many(keys: &[u8], pairs: &mut [u8]) -> i32 {
    unsafe { host::get_many(keys.as_ptr(), keys.len(), pairs.as_mut_ptr(), pairs.len()) }
}

pub(crate) fn kv_change_each(changes: &[u8], results: &mut [u8]) -> i32 {
    unsafe { host::change_each(changes.as_ptr(), changes.len(), results.as_mut_ptr(), results.len()) }
}

pub(crate) fn kv_change_all(changes: &[u8], results: &mut [u8]) -> i32 {
    unsafe { host::change_all(changes.as_ptr(), changes.len(), results.as_mut_ptr(), results.len()) }
}

pub(crate) fn kv_swap(
    key: &str,
    value: &[u8],
    ttl_ns: i64,
    if_version: i64,
    old: &mut [u8],
    about: &mut [u8; 16],
) -> i64 {
    let (to, capacity) = (old.as_mut_ptr(), old.len());
    let (value, value_len) = (value.as_ptr(), value.len());
    unsafe {
        host::swap(key.as_ptr(), key.len(), value, value_len, ttl_ns, if_version, to, capacity, about.as_mut_ptr())
    }
}

pub(crate) fn kv_begin(action: i32, request: &[u8]) -> i32 {
    unsafe { host::begin(action, request.as_ptr(), request.len()) }
}

pub(crate) fn kv_take(number: i32, answer: &mut [u8]) -> i32 {
    unsafe { host::take(number, answer.as_mut_ptr(), answer.len()) }
}

pub(crate) fn kv_close(number: i32) {
    unsafe { host::close(number) };
}
