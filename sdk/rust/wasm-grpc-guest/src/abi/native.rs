//! The same natively: the host is the test's, of the thread. Where there is none, no call is live.

use super::client_native::ClientHost;
use super::{ABSENT, CLOSED, Info, Kind, OK, Style};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A host in memory. One `Rc` of it may be at work in several calls of these at once, as `wait` may run other code.
pub(crate) trait Host: ClientHost {
    fn method(&self, path: &str, kind: Kind, style: Style, tag: i32) -> i32;
    fn health_set(&self, service: &str, serving: bool) -> i32;
    fn recv(&self, call: i32, buffer: &mut [u8]) -> i32;
    fn send(&self, call: i32, message: &[u8]) -> i32;
    fn wait(&self, call: i32, interests: i32, timeout_ns: i64) -> i32;
    fn timer(&self, call: i32, timeout_ns: i64) -> i32;
    fn finish(&self, call: i32, code: i32, message: &str) -> i32;
    fn metadata(&self, call: i32) -> Vec<(String, Vec<u8>)>;
    fn metadata_add(&self, call: i32, place: i32, key: &str, value: &[u8]) -> i32;
    fn headers_send(&self, call: i32) -> i32;
    fn http_status(&self, call: i32, status: i32) -> i32;
    /// None where there is none.
    fn info(&self, call: i32, what: Info) -> Option<Vec<u8>>;
    fn deadline(&self, call: i32) -> i64;
    /// Where `call` is 0, of none.
    fn log(&self, call: i32, level: i32, text: &str, pairs: Vec<(String, String)>) -> i32;
    /// Negative: none.
    fn alarm(&self, timeout_ns: i64) -> i32;
    fn now(&self) -> Duration;
}

thread_local! {
    static HOST: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
}

/// Makes `host` that of this thread; none for None.
pub(crate) fn set_host(host: Option<Rc<dyn Host>>) {
    HOST.with_borrow_mut(|current| *current = host);
}

fn host() -> Option<Rc<dyn Host>> {
    HOST.with_borrow(Clone::clone)
}

pub(super) fn ask(question: impl FnOnce(&dyn Host) -> i32) -> i32 {
    host().map_or(CLOSED, |host| question(&*host))
}

pub(super) fn give(value: &[u8], buffer: &mut [u8]) -> i32 {
    if let Some(room) = buffer.get_mut(..value.len()) {
        room.copy_from_slice(value);
    }
    value.len() as i32
}

pub(crate) fn method(path: &str, kind: Kind, style: Style, tag: i32) -> i32 {
    ask(|host| host.method(path, kind, style, tag))
}

pub(crate) fn placement(_place: i32, _key: &str) -> i32 {
    OK // there is one instance
}

pub(crate) fn health_set(service: &str, serving: bool) -> i32 {
    ask(|host| host.health_set(service, serving))
}

pub(crate) fn recv(call: i32, buffer: &mut [u8]) -> i32 {
    ask(|host| host.recv(call, buffer))
}

pub(crate) fn send(call: i32, message: &[u8]) -> i32 {
    ask(|host| host.send(call, message))
}

pub(crate) fn compress(_call: i32, _on: bool) -> i32 {
    0 // the client of a test accepts none
}

pub(crate) fn wait(call: i32, interests: i32, timeout_ns: i64) -> i32 {
    ask(|host| host.wait(call, interests, timeout_ns))
}

pub(crate) fn timer(call: i32, timeout_ns: i64) -> i32 {
    ask(|host| host.timer(call, timeout_ns))
}

pub(crate) fn finish(call: i32, code: i32, message: &str) -> i32 {
    ask(|host| host.finish(call, code, message))
}

pub(crate) fn metadata_get(call: i32, key: &str, index: i32, value: &mut [u8]) -> i32 {
    ask(|host| {
        let metadata = host.metadata(call);
        let mut of_key = metadata.iter().filter(|(name, _)| name == key);
        of_key.nth(index as usize).map_or(ABSENT, |(_, found)| give(found, value))
    })
}

pub(crate) fn metadata_list(call: i32, buffer: &mut [u8]) -> i32 {
    ask(|host| {
        let mut list = Vec::new();
        for (key, value) in host.metadata(call) {
            for length in [key.len(), value.len()] {
                list.extend_from_slice(&(length as u32).to_le_bytes());
            }
            list.extend_from_slice(key.as_bytes());
            list.extend_from_slice(&value);
        }
        give(&list, buffer)
    })
}

pub(crate) fn metadata_add(call: i32, place: i32, key: &str, value: &[u8]) -> i32 {
    ask(|host| host.metadata_add(call, place, key, value))
}

pub(crate) fn headers_send(call: i32) -> i32 {
    ask(|host| host.headers_send(call))
}

pub(crate) fn http_status(call: i32, status: i32) -> i32 {
    ask(|host| host.http_status(call, status))
}

pub(crate) fn info(call: i32, what: Info, buffer: &mut [u8]) -> i32 {
    ask(|host| host.info(call, what).map_or(ABSENT, |value| give(&value, buffer)))
}

pub(crate) fn deadline(call: i32) -> i64 {
    host().map_or(i64::from(CLOSED), |host| host.deadline(call))
}

pub(crate) fn log(level: i32, text: &str) {
    match host() {
        Some(host) => {
            host.log(0, level, text, Vec::new());
        }
        None => eprintln!("{text}"),
    }
}

pub(crate) fn log_call(call: i32, level: i32, text: &str, pairs: &[u8]) -> i32 {
    let pairs = crate::metadata::pairs(pairs)
        .map(|(key, value)| (key.to_owned(), String::from_utf8_lossy(value).into_owned()))
        .collect();
    ask(|host| host.log(call, level, text, pairs))
}

pub(crate) fn alarm(timeout_ns: i64) -> i32 {
    ask(|host| host.alarm(timeout_ns))
}

pub(crate) fn ending(_wanted: bool) -> i32 {
    OK // a test says when
}

/// Nanoseconds of the host's clock.
pub(crate) fn now() -> u64 {
    host().map_or(0, |host| host.now().as_nanos() as u64)
}

/// Natively the host calls what it was given.
#[doc(hidden)]
#[macro_export]
macro_rules! __exports {
    ($declare:path) => {};
}
