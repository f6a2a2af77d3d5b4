//! The crate `log`.

use super::{Pairs, write};
use crate::logging::Level;
use alloc::string::ToString;
use log::kv::{Error, Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record, SetLoggerError};

struct HostLog;

/// Has what is logged by the crate `log`, of this level and above, written to the host's log; keys and values as those of
/// the line. In a service's function `serve`, or anywhere else once.
///
/// # Errors
/// When another logger was set before.
pub fn init_log(most: LevelFilter) -> Result<(), SetLoggerError> {
    log::set_logger(&HostLog)?;
    log::set_max_level(most);
    Ok(())
}

impl Log for HostLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true // what is not is left out before
    }

    fn log(&self, record: &Record<'_>) {
        let mut pairs = Pairs::default();
        // Gathering them does not fail.
        let _ = record.key_values().visit(&mut pairs);
        let level = match record.level() {
            log::Level::Error => Level::Error,
            log::Level::Warn => Level::Warn,
            log::Level::Info => Level::Info,
            log::Level::Debug => Level::Debug,
            log::Level::Trace => Level::Trace,
        };
        write(level, &record.args().to_string(), &pairs);
    }

    fn flush(&self) {}
}

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        self.add(key.as_str(), value.to_string());
        Ok(())
    }
}
