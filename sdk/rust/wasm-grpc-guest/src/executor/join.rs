//! Several things at once.

use super::state::{self, Work};
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::RefCell;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

/// Begins a task beside the one that runs: it goes on when that waits, and is dropped when its call ends. There is one
/// thread, so `work` need not be `Send`.
///
/// # Panics
/// When it is not used in an `async` method, or in a task that one spawned.
pub fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    let end = Rc::new(RefCell::new(End { value: None, over: false, waiting: None }));
    let ending = Ending(Rc::clone(&end));
    let work = async move {
        let value = work.await;
        ending.0.borrow_mut().value = Some(value);
        drop(ending);
    };
    JoinHandle { task: state::add(state::current("spawn"), Work::Task(Box::pin(work))), end }
}

struct End<T> {
    value: Option<T>,
    over: bool,
    waiting: Option<Waker>,
}

/// Tells who waits for the task that it is over, however that came about.
struct Ending<T>(Rc<RefCell<End<T>>>);

impl<T> Drop for Ending<T> {
    fn drop(&mut self) {
        let mut end = self.0.borrow_mut();
        end.over = true;
        if let Some(waker) = end.waiting.take() {
            waker.wake();
        }
    }
}

/// Awaited, it gives what the task did. Dropped, it lets the task go on.
pub struct JoinHandle<T> {
    task: u64,
    end: Rc<RefCell<End<T>>>,
}

impl<T> JoinHandle<T> {
    /// Drops the task where it waits.
    pub fn abort(&self) {
        state::abort(self.task);
    }

    /// Whether it is over.
    pub fn is_finished(&self) -> bool {
        self.end.borrow().over
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, TaskEnded>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut end = self.end.borrow_mut();
        if !end.over {
            end.waiting = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(end.value.take().ok_or(TaskEnded))
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("task", &self.task).finish_non_exhaustive()
    }
}

/// The task gave nothing: it was aborted, or its call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskEnded;

impl fmt::Display for TaskEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task was aborted, or its call ended")
    }
}

impl core::error::Error for TaskEnded {}

impl From<TaskEnded> for crate::Status {
    fn from(_: TaskEnded) -> Self {
        crate::Status::cancelled("a task of the call was aborted")
    }
}

/// Which of two came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first of them.
    Left(A),
    /// The second.
    Right(B),
}

/// What comes first of two, the first of them where both are there; the other is dropped. The streams of this crate lose
/// nothing by that.
pub async fn select<A: Future, B: Future>(first: A, second: B) -> Either<A::Output, B::Output> {
    let mut first = pin!(first);
    let mut second = pin!(second);
    poll_fn(|context| {
        if let Poll::Ready(done) = first.as_mut().poll(context) {
            return Poll::Ready(Either::Left(done));
        }
        second.as_mut().poll(context).map(Either::Right)
    })
    .await
}

/// What two things give, which go on together.
pub async fn join<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (first, second, ()) = join3(first, second, async {}).await;
    (first, second)
}

/// What three things give, which go on together.
pub async fn join3<A: Future, B: Future, C: Future>(
    first: A,
    second: B,
    third: C,
) -> (A::Output, B::Output, C::Output) {
    let (mut first, mut second, mut third) = (pin!(first), pin!(second), pin!(third));
    let (mut one, mut two, mut three) = (None, None, None);
    poll_fn(|context| {
        step(&mut one, first.as_mut(), context);
        step(&mut two, second.as_mut(), context);
        step(&mut three, third.as_mut(), context);
        match (one.take(), two.take(), three.take()) {
            (Some(one), Some(two), Some(three)) => Poll::Ready((one, two, three)),
            some => {
                (one, two, three) = some;
                Poll::Pending
            }
        }
    })
    .await
}

/// Goes on with what has not given anything.
fn step<F: Future>(output: &mut Option<F::Output>, work: Pin<&mut F>, context: &mut Context<'_>) {
    if output.is_none() {
        if let Poll::Ready(done) = work.poll(context) {
            *output = Some(done);
        }
    }
}

/// Lets the other tasks that are ready go on before this one does.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
