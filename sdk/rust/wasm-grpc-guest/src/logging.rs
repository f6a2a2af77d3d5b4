//! The host's log.

use crate::abi;
use crate::metadata::put_pair;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum Level {
    /// For who follows each step.
    Trace = 0,
    /// For who looks for a fault.
    Debug = 1,
    /// What is good to know.
    Info = 2,
    /// What may become a fault.
    Warn = 3,
    /// A fault.
    Error = 4,
}

/// Writes a line to the host's log, with the module's name. Of a text, 8 KiB are kept. What is printed comes out there too.
pub fn log(level: Level, text: &str) {
    abi::log(level as i32, text);
}

/// A line with keys and values, of the call where there is one: else, and where the host does not take them, in the text.
pub(crate) fn write(call: i32, level: Level, text: &str, pairs: &[(&str, &dyn fmt::Display)]) {
    let mut list = Vec::new();
    for (key, value) in pairs {
        put_pair(&mut list, &key.to_ascii_lowercase(), value.to_string().as_bytes());
    }
    if call != 0 && abi::log_call(call, level as i32, text, &list) == abi::OK {
        return;
    }
    let mut line = String::from(text);
    for (key, value) in pairs {
        let value = value.to_string();
        let plain = !value.is_empty() && !value.contains(|c: char| c <= ' ' || c == '"' || c == '=');
        // Writing to a String does not fail.
        let _ = if plain { write!(line, " {key}={value}") } else { write!(line, " {key}={value:?}") };
    }
    abi::log(level as i32, &line);
}
