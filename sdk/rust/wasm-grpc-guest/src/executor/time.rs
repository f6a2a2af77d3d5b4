//! Waiting for time to pass.

use super::state;
use crate::abi;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use core::time::Duration;

/// The times that tasks of one call wait for. There are few.
#[derive(Default)]
pub(super) struct Timers {
    timers: Vec<Timer>, // the first that goes off at its end
    last: u64,
    told: Option<u64>, // the time that the host was told
}

struct Timer {
    at: u64,
    number: u64,
    waker: Waker,
}

impl Timers {
    pub(super) fn add(&mut self, at: u64, waker: &Waker) -> u64 {
        self.last += 1;
        let place = self.timers.iter().take_while(|timer| timer.at > at).count();
        self.timers.insert(place, Timer { at, number: self.last, waker: waker.clone() });
        self.last
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Waker> {
        let place = self.timers.iter().position(|timer| timer.number == number)?;
        Some(self.timers.remove(place).waker)
    }

    /// Takes out those whose time has come, the first of them first.
    pub(super) fn take_due(&mut self) -> Vec<Waker> {
        if self.timers.is_empty() {
            return Vec::new();
        }
        let now = abi::now();
        self.told = self.told.filter(|told| *told > now); // else it has gone off
        let mut due = Vec::new();
        while self.timers.last().is_some_and(|timer| timer.at <= now) {
            due.extend(self.timers.pop().map(|timer| timer.waker));
        }
        due
    }

    fn first(&self) -> Option<u64> {
        self.timers.last().map(|timer| timer.at)
    }

    /// Nanoseconds until the first of them.
    pub(super) fn next_in(&self) -> Option<i64> {
        self.first().map(|at| i64::try_from(at.saturating_sub(abi::now())).unwrap_or(i64::MAX))
    }

    /// Whether the host is to be told of the first. A later one than was told need not be: it goes off for nothing then.
    pub(super) fn first_has_changed(&mut self) -> bool {
        let Some(first) = self.first() else { return false };
        let changed = self.told.is_none_or(|told| first < told);
        if changed {
            self.told = Some(first);
        }
        changed
    }
}

/// Waits that long. Other tasks, and other calls of the instance, go on meanwhile.
pub fn sleep(time: Duration) -> Sleep {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    Sleep { at: abi::now().saturating_add(nanoseconds), timer: None }
}

/// What [`sleep`] gives. Its time begins when it is made, not when it is awaited.
#[derive(Debug)]
#[must_use = "it does nothing unless it is awaited"]
pub struct Sleep {
    at: u64,
    timer: Option<(i32, u64)>,
}

impl Sleep {
    fn forget(&mut self) {
        if let Some((call, number)) = self.timer.take() {
            state::remove_timer(call, number);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.forget();
        if abi::now() >= self.at {
            return Poll::Ready(());
        }
        let call = state::current("sleep");
        self.timer = state::add_timer(call, self.at, context.waker()).map(|number| (call, number));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.forget();
    }
}

/// It took longer than it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time has elapsed")
    }
}

impl core::error::Error for Elapsed {}

impl From<Elapsed> for crate::Status {
    fn from(_: Elapsed) -> Self {
        crate::Status::deadline_exceeded("the time that it was given has elapsed")
    }
}

/// What `work` gives, or an error when it takes longer than `time`; it is then dropped.
pub async fn timeout<F: Future>(time: Duration, work: F) -> Result<F::Output, Elapsed> {
    let mut work = pin!(work);
    let mut end = pin!(sleep(time));
    core::future::poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(done));
        }
        end.as_mut().poll(context).map(|()| Err(Elapsed))
    })
    .await
}
