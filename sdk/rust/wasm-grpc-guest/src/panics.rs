//! A panic ends its call with INTERNAL; what it was and where is in the host's log. The instance is lost.

use crate::call::Call;
use crate::executor;
use crate::logging::{Level, log};
use crate::status::Status;
use std::panic::PanicHookInfo;

/// Has panics told of.
pub(crate) fn tell() {
    std::panic::set_hook(Box::new(|panic| {
        let text = format!("{}panicked{}", line_begin(panic), message(panic));
        match executor::enter(0) {
            0 => log(Level::Error, &text),
            call => {
                let call = Call::new(call);
                call.log(Level::Error, &text, &[]);
                call.give(&Status::internal("the handler panicked"));
            }
        }
    }));
}

fn line_begin(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map(|place| format!("{place}: ")).unwrap_or_default()
}

fn message(panic: &PanicHookInfo<'_>) -> String {
    panic.payload_as_str().map(|text| format!(": {text}")).unwrap_or_default()
}
