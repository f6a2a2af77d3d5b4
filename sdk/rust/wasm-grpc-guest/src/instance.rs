//! What happens to an instance of shared services beside its calls: its alarm, and its end (docs/abi.md, "Of the instance").

use crate::abi::{self, local};
use alloc::rc::Rc;
use core::time::Duration;

/// What runs when that is told.
pub(crate) type Told = Rc<dyn Fn()>;

#[derive(Default)]
struct Handlers {
    alarm: Option<Told>,
    ending: Option<Told>,
}

local! {
    fn handlers() -> Handlers = Handlers { alarm: None, ending: None };
}

/// Sets the instance's one alarm, in place of when it was to be before: [`Services::on_alarm`](crate::Services::on_alarm) says
/// what runs then. It goes off with calls and without, and is lost with its instance. False where there is none: in a module
/// without shared services, and while it starts.
pub fn set_alarm(after: Duration) -> bool {
    abi::alarm(i64::try_from(after.as_nanos()).unwrap_or(i64::MAX)) >= 0
}

/// Takes the alarm back.
pub fn cancel_alarm() {
    abi::alarm(-1);
}

pub(crate) fn on_alarm(handler: Told) {
    handlers(|handlers| handlers.alarm = Some(handler));
}

pub(crate) fn on_ending(handler: Told) {
    handlers(|handlers| handlers.ending = Some(handler));
    abi::ending(true);
}

/// Forgets what a test before has said.
pub(crate) fn forget() {
    drop(handlers(core::mem::take));
}

pub(crate) fn alarm() {
    run(handlers(|handlers| handlers.alarm.clone()));
}

pub(crate) fn ending() {
    run(handlers(|handlers| handlers.ending.clone()));
}

/// Not while the handlers are borrowed: what runs may do whatever it likes.
fn run(handler: Option<Told>) {
    if let Some(handler) = handler {
        handler();
    }
}
