//! Calls a function of an instance again and again, on a fiber each time: src/wasm/prepared_function.h declares the
//! same. The C API's wasmtime_func_call_async looks up the function's type in a table of the engine twice for each call,
//! under a lock that all threads share, and allocates its future and its values; here the type is checked once, and what
//! a call takes is kept for the next.
use std::future::Future;
use std::mem::{align_of, size_of};
use std::pin::Pin;
use std::ptr;
use std::slice;
use std::task::{Context, Poll, Waker};

use wasmtime_c_api::wasmtime::{Error, Func, Result, TypedFunc, WasmParams, WasmResults};
use wasmtime_c_api::{wasm_trap_t, WasmtimeStoreContextMut};

/// More parameters no function has that is called so.
const MAX_ARGUMENTS: usize = 4;

type Arguments = [i32; MAX_ARGUMENTS];

/// A function with its type, for calls that follow each other.
trait Function {
    /// Makes the next call. The one before has ended.
    fn begin(self: Pin<&mut Self>, arguments: Arguments);
    /// Runs it on until it ends or stops.
    fn poll(self: Pin<&mut Self>) -> Poll<Result<i32>>;
    /// Ends it where it is.
    fn end(self: Pin<&mut Self>);
}

/// A function of this type, by a future that is made anew in the same place for each call.
struct Typed<M, F> {
    make: M,
    call: Option<F>,
}

impl<M, F> Typed<M, F> {
    fn call(self: Pin<&mut Self>) -> Pin<&mut Option<F>> {
        // It is pinned with the struct that it is a part of, and nothing moves it out.
        unsafe { self.map_unchecked_mut(|me| &mut me.call) }
    }
}

impl<M: Fn(Arguments) -> F, F: Future<Output = Result<i32>>> Function for Typed<M, F> {
    fn begin(mut self: Pin<&mut Self>, arguments: Arguments) {
        let next = (self.as_ref().get_ref().make)(arguments);
        self.as_mut().call().set(Some(next));
    }
    fn poll(mut self: Pin<&mut Self>) -> Poll<Result<i32>> {
        let mut call = self.as_mut().call();
        let Some(running) = call.as_mut().as_pin_mut() else {
            return Poll::Ready(Err(Error::msg("no call was begun")));
        };
        let polled = running.poll(&mut Context::from_waker(Waker::noop()));
        if polled.is_ready() {
            call.set(None);
        }
        polled
    }
    fn end(mut self: Pin<&mut Self>) {
        self.as_mut().call().set(None);
    }
}

/// A function that has another type than it is to be called by: each call says so.
struct Mismatched(String);

impl Function for Mismatched {
    fn begin(self: Pin<&mut Self>, _: Arguments) {}
    fn poll(self: Pin<&mut Self>) -> Poll<Result<i32>> {
        Poll::Ready(Err(Error::msg(self.0.clone())))
    }
    fn end(self: Pin<&mut Self>) {}
}

/// A context of the C API: one that outlives what is made of it, which is the caller's to see to.
#[derive(Clone, Copy)]
struct Store(*mut std::ffi::c_void);

// The context is a reference and nothing else, as the C API's functions take it.
const _: () = assert!(size_of::<WasmtimeStoreContextMut>() == size_of::<*mut std::ffi::c_void>());

impl Store {
    /// # Safety
    /// The store is there, and nothing else uses it while this is used.
    unsafe fn context(self) -> WasmtimeStoreContextMut<'static> {
        unsafe { std::mem::transmute(self.0) }
    }
}

/// # Safety
/// As of wasm_grpc_function_prepare().
unsafe fn prepare_typed<P, R>(
    store: Store,
    func: &Func,
    parameters: fn(Arguments) -> P,
    result: fn(R) -> i32,
) -> Pin<Box<dyn Function>>
where
    P: WasmParams + Sync + 'static,
    R: WasmResults + Sync + 'static,
{
    let typed: TypedFunc<P, R> = match func.typed(unsafe { store.context() }) {
        Ok(typed) => typed,
        Err(error) => return Box::pin(Mismatched(format!("{error:?}"))),
    };
    let typed = std::rc::Rc::new(typed);
    let make = move |arguments| {
        let typed = typed.clone();
        async move {
            let store = unsafe { store.context() };
            typed.call_async(store, parameters(arguments)).await.map(result)
        }
    };
    Box::pin(Typed { make, call: None })
}

pub struct PreparedFunction(Pin<Box<dyn Function>>);

/// Prepares calls of a function that takes so many i32 and returns one or nothing. Where it has another type, each call
/// fails and says so.
///
/// # Safety
/// `context` is of the store of `func`, which outlives what is returned. Nothing else runs functions of that store while
/// a call of this one has not ended; one that has stopped may be polled by any thread.
#[no_mangle]
pub unsafe extern "C" fn wasm_grpc_function_prepare(
    context: *mut std::ffi::c_void,
    func: &Func,
    parameters: usize,
    has_result: bool,
) -> Box<PreparedFunction> {
    let store = Store(context);
    let one = |result: i32| result;
    let none = |_: ()| 0;
    let prepared = unsafe {
        match (parameters, has_result) {
            (0, false) => prepare_typed(store, func, |_| (), none),
            (0, true) => prepare_typed(store, func, |_| (), one),
            (1, false) => prepare_typed(store, func, |[a, ..]| (a,), none),
            (1, true) => prepare_typed(store, func, |[a, ..]| (a,), one),
            (2, false) => prepare_typed(store, func, |[a, b, ..]| (a, b), none),
            (2, true) => prepare_typed(store, func, |[a, b, ..]| (a, b), one),
            (3, false) => prepare_typed(store, func, |[a, b, c, _]| (a, b, c), none),
            (3, true) => prepare_typed(store, func, |[a, b, c, _]| (a, b, c), one),
            (4, false) => prepare_typed(store, func, |[a, b, c, d]| (a, b, c, d), none),
            (4, true) => prepare_typed(store, func, |[a, b, c, d]| (a, b, c, d), one),
            _ => Box::pin(Mismatched(format!("{parameters} arguments are more than {MAX_ARGUMENTS}"))),
        }
    };
    Box::new(PreparedFunction(prepared))
}

/// A call that has not ended is ended.
#[no_mangle]
pub extern "C" fn wasm_grpc_function_delete(_: Option<Box<PreparedFunction>>) {}

/// Makes a call, which poll() runs. None is in progress.
///
/// # Safety
/// There are as many arguments as the function was prepared for.
#[no_mangle]
pub unsafe extern "C" fn wasm_grpc_function_begin(function: &mut PreparedFunction, arguments: *const i32, count: usize) {
    let mut all = Arguments::default();
    if count > 0 {
        let given = unsafe { slice::from_raw_parts(arguments, count.min(MAX_ARGUMENTS)) };
        all[..given.len()].copy_from_slice(given);
    }
    function.0.as_mut().begin(all);
}

// A trap of the C API is an error and nothing else, in a struct of C's layout; its field is private.
const _: () =
    assert!(size_of::<wasm_trap_t>() == size_of::<Error>() && align_of::<wasm_trap_t>() == align_of::<Error>());

/// Runs a call until it is done, which is true, or stops. Done, it has its result, 0 where it has none, or a trap, which
/// is the caller's, for whatever it failed by.
#[no_mangle]
pub extern "C" fn wasm_grpc_function_poll(
    function: &mut PreparedFunction,
    result: &mut i32,
    trap: &mut *mut wasm_trap_t,
) -> bool {
    match function.0.as_mut().poll() {
        Poll::Pending => return false,
        Poll::Ready(Ok(value)) => {
            *result = value;
            *trap = ptr::null_mut();
        }
        Poll::Ready(Err(error)) => *trap = Box::into_raw(Box::new(error)).cast(),
    }
    true
}

/// Ends a call that has stopped, which unwinds its stack; nothing happens when there is none.
#[no_mangle]
pub extern "C" fn wasm_grpc_function_end(function: &mut PreparedFunction) {
    function.0.as_mut().end();
}
