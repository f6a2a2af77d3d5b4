//! What other crates know: the facades `log` and `tracing`.

#[cfg(feature = "log")]
mod log;
#[cfg(feature = "tracing")]
mod tracing;

#[cfg(feature = "log")]
pub use self::log::init_log;
#[cfg(feature = "tracing")]
pub use self::tracing::init_tracing;

use crate::executor;
use crate::logging::{self, Level};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{Debug, Display};

/// Keys and values of a line, as they are gathered.
#[derive(Clone, Default)]
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn add(&mut self, key: &str, value: String) {
        self.0.push((key.into(), value));
    }

    fn add_debug(&mut self, key: &str, value: &dyn Debug) {
        self.add(key, alloc::format!("{value:?}"));
    }
}

/// Writes a line, of the call that is served just now where there is one.
fn write(level: Level, text: &str, pairs: &Pairs) {
    let pairs: Vec<(&str, &dyn Display)> =
        pairs.0.iter().map(|(key, value)| (key.as_str(), value as &dyn Display)).collect();
    logging::write(executor::current_or_none(), level, text, &pairs);
}
