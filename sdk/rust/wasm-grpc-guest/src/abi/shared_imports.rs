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
