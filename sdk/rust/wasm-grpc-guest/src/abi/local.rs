//! What an instance keeps for itself.

use core::cell::RefCell;

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
compile_error!("wasm-grpc has no threads: build without the target feature atomics, for wasm32-wasip1");

/// A value of the instance, in a guest; natively of the thread, so that tests may run side by side.
///
/// Made by `local!`, used by `with`, which must not be used inside itself for the same value.
pub(crate) struct Local<T>(RefCell<T>);

// SAFETY: in a guest there is one thread (see the error above). Natively it is only ever in a thread_local!.
unsafe impl<T> Sync for Local<T> {}

impl<T> Local<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    pub(crate) fn borrowed<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.0.borrow_mut())
    }
}

/// `local! { fn name() -> Type = value; }` makes `name(|value| ...)`, which lends the value.
macro_rules! local {
    ($(#[$meta:meta])* fn $name:ident() -> $type:ty = $value:expr;) => {
        $(#[$meta])*
        fn $name<R>(work: impl FnOnce(&mut $type) -> R) -> R {
            #[cfg(target_arch = "wasm32")]
            {
                static VALUE: $crate::abi::Local<$type> = $crate::abi::Local::new($value);
                VALUE.borrowed(work)
            }
            #[cfg(not(target_arch = "wasm32"))]
            {
                std::thread_local! {
                    static VALUE: $crate::abi::Local<$type> = const { $crate::abi::Local::new($value) };
                }
                VALUE.with(|value| value.borrowed(work))
            }
        }
    };
}
pub(crate) use local;
