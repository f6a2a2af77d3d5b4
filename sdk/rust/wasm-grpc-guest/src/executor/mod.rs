//! What runs the `async` methods of an instance: tasks, each part of a call, woken by what the host tells.
//!
//! There is one thread. In handler style an instance has one call, whose tasks run until all of them wait, and then the host's
//! `wait` does for all of them. In event style the host's events wake the tasks of thousands of calls. When a call ends its
//! tasks are dropped where they wait, so that the destructors of their variables run.

pub(crate) mod begun;
mod join;
pub(crate) mod made;
mod state;
mod tasks;
mod time;

pub use join::{Either, JoinHandle, TaskEnded, join, join3, select, spawn, yield_now};
pub use time::{Elapsed, Sleep, sleep, timeout};

use crate::abi::{self, client, event};
use crate::call::Call;
use crate::instance;
use crate::status::{Code, Status};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::future::Future;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};

use state::Work;
pub(crate) use state::{Interest, close_later, current_or_none, enter, is_async, listen};

/// What serves a call, to its end.
pub(crate) type Serving = Pin<Box<dyn Future<Output = Result<(), Status>>>>;

/// Serves a call of handler style to its end; its status code. What serves it is no task: most are done once they have run.
pub(crate) fn serve(call: Call, serving: Serving) -> i32 {
    let code = match block_on(call, serving) {
        Some(result) => end_of(call, result),
        None => Code::Cancelled as i32,
    };
    enter(0);
    code
}

/// Suspends the guest until one of the tasks of a call need not wait any more. False when the call has ended.
fn wait(call: Call) -> bool {
    let (interests, timeout) = state::waits_for(call.id());
    let ready = match made::wait() {
        Some(wait) => wait(call.id(), interests, timeout),
        None => abi::wait(call.id(), interests, timeout),
    };
    state::heard(call.id(), ready.max(0));
    ready >= 0
}

/// Runs `work` in a handler that blocks, with what it spawns, to its end. None when the call ended before.
pub(crate) fn block_on<F: Future>(call: Call, work: F) -> Option<F::Output> {
    struct Woken(AtomicBool);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut work = pin!(work);
    state::open_blocking(call.id());
    let output = loop {
        if woken.0.swap(false, Ordering::Relaxed) {
            enter(call.id());
            if let Poll::Ready(output) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                break Some(output);
            }
        }
        run();
        if !woken.0.load(Ordering::Relaxed) && !wait(call) {
            break None;
        }
    };
    state::close(call.id());
    enter(call.id()); // the handler goes on
    output
}

/// What `wasm_grpc_call` returns for how a handler ended. The host needs to be told more only where there is more.
pub(crate) fn end_of(call: Call, result: Result<(), Status>) -> i32 {
    let Err(status) = result else { return Code::Ok as i32 };
    call.give_metadata(&status);
    if !status.message().is_empty() {
        abi::finish(call.id(), status.code() as i32, status.message());
    }
    status.code() as i32
}

/// Begins a call of event style.
pub(crate) fn open(call: Call, serving: Serving) {
    state::open(call.id(), Work::Serving(serving));
    run();
}

/// Whether the task that runs is of a call in event style.
pub(crate) fn waits_by_events() -> bool {
    state::in_events(state::current_or_none())
}

/// Takes an event of a call that is open, of what one has begun, or of the instance.
pub(crate) fn hear(call: i32, event: i32, value: i32) {
    match event {
        client::EVENT => made::heard(call, value),
        abi::begun::EVENT => begun::heard(call),
        event::MESSAGE | event::HALF_CLOSE => state::heard(call, abi::READABLE),
        event::WRITABLE => state::heard(call, abi::WRITABLE),
        event::TIMER => state::heard(call, 0),
        event::CANCELLED => state::close(call),
        event::ALARM => instance::alarm(),
        event::ENDING => instance::ending(),
        _ => {}
    }
    run();
}

/// Runs the tasks that were woken, and those that these wake, until all of them wait.
fn run() {
    loop {
        state::close_all();
        let Some(mut running) = state::next() else { return };
        let mut context = Context::from_waker(&running.waker);
        match &mut running.work {
            Work::Serving(serving) => match serving.as_mut().poll(&mut context) {
                Poll::Pending => state::put_back(running),
                Poll::Ready(result) => {
                    let call = Call::new(running.call);
                    drop(state::remove(running));
                    call.give(&result.err().unwrap_or_else(|| Status::ok("")));
                    state::close(call.id());
                }
            },
            Work::Task(task) => match task.as_mut().poll(&mut context) {
                Poll::Pending => state::put_back(running),
                Poll::Ready(()) => drop(state::remove(running)),
            },
        }
    }
}

/// Waits until a step of a call need not: `step` is tried now, and each time the host tells of `interest`. None: not yet.
pub(crate) async fn retry<T>(call: i32, interest: Interest, mut step: impl FnMut() -> Option<T>) -> T {
    core::future::poll_fn(|context| match step() {
        Some(done) => Poll::Ready(done),
        None => {
            state::listen(call, interest, context.waker());
            Poll::Pending
        }
    })
    .await
}
