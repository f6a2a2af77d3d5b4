//! The tasks and calls of the instance. User code, destructors included, runs only while none of it is borrowed.

use super::Serving;
use super::tasks::{Task, Tasks};
use super::time::Timers;
use crate::abi::{self, local};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;

/// What a task does.
pub(crate) enum Work {
    /// It serves its call, of event style, and ends it.
    Serving(Serving),
    /// It was spawned beside.
    Task(Pin<Box<dyn Future<Output = ()>>>),
}

/// What a stream may become.
#[derive(Clone, Copy)]
pub(crate) enum Interest {
    /// A message has come, or the end.
    Readable,
    /// There is room for a message.
    Writable,
}

/// A task while it runs.
pub(crate) struct Running {
    pub(crate) call: i32,
    pub(crate) work: Work,
    pub(crate) waker: Waker,
    task: u64,
}

#[derive(Default)]
struct Calls {
    in_events: bool,
    tasks: Vec<u64>,
    readable: Vec<Waker>,
    writable: Vec<Waker>,
    timers: Timers,
}

struct State {
    tasks: Tasks<TaskWaker>,
    calls: BTreeMap<i32, Calls>,
}

local! {
    fn state() -> State = State { tasks: Tasks::new(), calls: BTreeMap::new() };
}
local! {
    /// The call that is served just now, 0 when none is. Apart, as a panic looks for it.
    fn serving() -> i32 = 0;
}
local! {
    fn closing() -> Vec<i32> = Vec::new();
}
local! {
    /// Tasks that were woken. Apart, as wakers are used while the state is borrowed.
    fn woken() -> VecDeque<u64> = VecDeque::new();
}

struct TaskWaker {
    task: u64,
    woken: AtomicBool,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Relaxed) {
            woken(|queue| queue.push_back(self.task));
        }
    }
}

/// The call whose task runs.
///
/// # Panics
/// When none does: `what` may be used in `async` methods, and in what they spawn.
pub(super) fn current(what: &str) -> i32 {
    match serving(|call| *call) {
        0 => panic!("{what} is of a call: use it in an async method of a service, or in a task that one spawned"),
        call => call,
    }
}

/// Opens a call of event style, and adds what serves it.
pub(super) fn open(call: i32, serving: Work) {
    state(|state| state.calls.insert(call, Calls { in_events: true, ..Calls::default() }));
    add(call, serving);
}

/// Opens a call that is served by what is no task.
pub(super) fn open_blocking(call: i32) {
    state(|state| state.calls.insert(call, Calls::default()));
}

/// The call that is served just now, 0 when none is.
pub(crate) fn current_or_none() -> i32 {
    serving(|call| *call)
}

/// Adds a task to a call that is open; the task's number.
pub(super) fn add(call: i32, work: Work) -> u64 {
    state(|state| {
        let task = state.tasks.add(|task| {
            let waker = Arc::new(TaskWaker { task, woken: AtomicBool::new(false) });
            waker.wake_by_ref();
            Task { call, work: Some(work), waker }
        });
        if let Some(of) = state.calls.get_mut(&call) {
            of.tasks.push(task);
        }
        task
    })
}

/// Drops a task, wherever it waits. One that runs is dropped when it comes to wait.
pub(super) fn abort(task: u64) {
    let dropped = state(|state| {
        let dropped = state.tasks.remove(task)?;
        forget_task(state, dropped.call, task);
        Some(dropped)
    });
    drop(dropped);
}

/// Ends a call: its tasks are dropped.
pub(super) fn close(call: i32) {
    let dropped: Vec<_> = state(|state| {
        let Some(closed) = state.calls.remove(&call) else { return Vec::new() };
        closed.tasks.iter().map(|task| state.tasks.remove(*task)).collect()
    });
    let before = enter(call);
    drop(dropped);
    enter(before);
}

/// Has the tasks of a call in event style dropped, which has its status, when the task that runs has come to wait.
pub(crate) fn close_later(call: i32) {
    if in_events(call) {
        closing(|calls| calls.push(call));
    }
}

/// Drops what was to be dropped later.
pub(super) fn close_all() {
    for call in closing(mem::take) {
        close(call);
    }
}

/// Makes `call` the one that is served; the one before.
pub(crate) fn enter(call: i32) -> i32 {
    serving(|current| mem::replace(current, call))
}

/// The next task that was woken, to be run.
pub(super) fn next() -> Option<Running> {
    loop {
        let Some(number) = woken(VecDeque::pop_front) else {
            enter(0);
            return None;
        };
        let running = state(|state| {
            let task = state.tasks.get_mut(number)?; // it may be gone
            task.waker.woken.store(false, Ordering::Relaxed);
            Some(Running {
                call: task.call,
                work: task.work.take()?,
                waker: Waker::from(task.waker.clone()),
                task: number,
            })
        });
        if let Some(running) = running {
            enter(running.call);
            return Some(running);
        }
    }
}

/// Keeps a task that has come to wait; unless it is to be dropped.
pub(super) fn put_back(running: Running) {
    let dropped = state(|state| match state.tasks.get_mut(running.task) {
        Some(task) => {
            task.work = Some(running.work);
            None
        }
        None => Some(running.work),
    });
    drop(dropped);
}

/// Takes out a task that is done; what it was, to be dropped.
pub(super) fn remove(running: Running) -> Work {
    state(|state| {
        state.tasks.remove(running.task);
        forget_task(state, running.call, running.task);
    });
    running.work
}

fn forget_task(state: &mut State, call: i32, task: u64) {
    if let Some(of) = state.calls.get_mut(&call) {
        of.tasks.retain(|other| *other != task);
    }
}

/// Whether tasks serve the call.
pub(crate) fn is_async(call: i32) -> bool {
    state(|state| state.calls.contains_key(&call))
}

pub(super) fn in_events(call: i32) -> bool {
    state(|state| state.calls.get(&call).is_some_and(|of| of.in_events))
}

/// Has a task woken when the call's stream is so. At once where the call is over: then there is nothing to wait for.
pub(crate) fn listen(call: i32, interest: Interest, waker: &Waker) {
    let is_open = state(|state| {
        let Some(of) = state.calls.get_mut(&call) else { return false };
        let list = match interest {
            Interest::Readable => &mut of.readable,
            Interest::Writable => &mut of.writable,
        };
        if !list.iter().any(|other| other.will_wake(waker)) {
            list.push(waker.clone());
        }
        true
    });
    if !is_open {
        waker.wake_by_ref();
    }
}

/// The interests and the time for `wait`.
pub(super) fn waits_for(call: i32) -> (i32, i64) {
    state(|state| {
        let Some(of) = state.calls.get(&call) else { return (0, -1) };
        let mut interests = 0;
        if !of.readable.is_empty() {
            interests |= abi::READABLE;
        }
        if !of.writable.is_empty() {
            interests |= abi::WRITABLE;
        }
        (interests, of.timers.next_in().unwrap_or(-1))
    })
}

/// Wakes who waits for what has come about: interests, and times that have passed.
pub(super) fn heard(call: i32, ready: i32) {
    let lists = state(|state| {
        let of = state.calls.get_mut(&call)?;
        let take = |interest, list: &mut Vec<Waker>| if ready & interest != 0 { mem::take(list) } else { Vec::new() };
        let lists =
            [take(abi::READABLE, &mut of.readable), take(abi::WRITABLE, &mut of.writable), of.timers.take_due()];
        set_timer(call, of);
        Some(lists)
    });
    // Not while the state is borrowed: others' wakers may do whatever they like.
    lists.into_iter().flatten().flatten().for_each(Waker::wake);
}

/// Has a task woken at that time, in nanoseconds of the host's clock; the number of the timer.
pub(super) fn add_timer(call: i32, at: u64, waker: &Waker) -> Option<u64> {
    state(|state| {
        let of = state.calls.get_mut(&call)?;
        let number = of.timers.add(at, waker);
        set_timer(call, of);
        Some(number)
    })
}

pub(super) fn remove_timer(call: i32, number: u64) {
    // The host's may still go off: then it is for nothing.
    drop(state(|state| state.calls.get_mut(&call)?.timers.remove(number)));
}

/// The host's one timer of the call, in event style.
fn set_timer(call: i32, of: &mut Calls) {
    if of.in_events && of.timers.first_has_changed() {
        if let Some(time) = of.timers.next_in() {
            abi::timer(call, time);
        }
    }
}
