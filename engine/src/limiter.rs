//! Asks C++ whether the memory and the table of a store may grow: src/wasm/store_limiter.h declares the same. The C
//! API's own limits are numbers, and a budget that many stores share is more than a number.
use std::ffi::c_void;
use std::mem::{align_of, size_of};

use wasmtime_c_api::wasmtime::{Error, ResourceLimiter, Result};
use wasmtime_c_api::{wasmtime_store_t, WasmtimeStore};

/// Whom to ask. Sizes are bytes of a memory and elements of a table; a maximum is `usize::MAX` where there is none.
#[repr(C)]
pub struct StoreLimiter {
    env: *mut c_void,
    memory_growing: extern "C" fn(env: *mut c_void, current: usize, desired: usize, maximum: usize) -> bool,
    memory_grow_failed: extern "C" fn(env: *mut c_void),
    table_growing: extern "C" fn(env: *mut c_void, current: usize, desired: usize, maximum: usize) -> bool,
    table_grow_failed: extern "C" fn(env: *mut c_void),
}

// Asked on the thread that runs the store.
unsafe impl Send for StoreLimiter {}

impl ResourceLimiter for StoreLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        Ok((self.memory_growing)(self.env, current, desired, maximum.unwrap_or(usize::MAX)))
    }
    fn memory_grow_failed(&mut self, _: Error) -> Result<()> {
        (self.memory_grow_failed)(self.env);
        Ok(())
    }
    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        Ok((self.table_growing)(self.env, current, desired, maximum.unwrap_or(usize::MAX)))
    }
    fn table_grow_failed(&mut self, _: Error) -> Result<()> {
        (self.table_grow_failed)(self.env);
        Ok(())
    }
    // A store has one instance, and modules have one memory and one table.
    fn instances(&self) -> usize {
        1
    }
    fn tables(&self) -> usize {
        1
    }
    fn memories(&self) -> usize {
        1
    }
}

struct Place(*mut StoreLimiter);

unsafe impl Send for Place {}
unsafe impl Sync for Place {}

impl Place {
    fn get(&self) -> *mut StoreLimiter {
        self.0
    }
}

// The C API's store is a Rust store and nothing else, in a struct of C's layout; its field is private.
const _: () = assert!(
    size_of::<wasmtime_store_t>() == size_of::<WasmtimeStore>()
        && align_of::<wasmtime_store_t>() == align_of::<WasmtimeStore>()
);

/// Has the store ask `limiter` from now on.
///
/// # Safety
/// `limiter` stays where it is and as it is until the store is deleted, and its functions may be called with its `env`
/// until then, on any thread that uses the store.
#[no_mangle]
pub unsafe extern "C" fn wasm_grpc_store_set_limiter(store: *mut wasmtime_store_t, limiter: *mut StoreLimiter) {
    let store = unsafe { &mut *store.cast::<WasmtimeStore>() };
    let place = Place(limiter);
    store.limiter(move |_| unsafe { &mut *place.get() });
}
