//! The same in `async` methods of a shared service: other tasks, and the other calls of the instance, go on while one waits for
//! the store. In one that has its instance to itself they are the functions of [`kv`](super), which wait as a whole.
//!
//! ```no_run
//! use wasm_grpc_guest::{Status, kv};
//!
//! async fn visit(name: &str) -> Result<u64, Status> {
//!     let before = kv::tasks::get(name).await.map_or(0, |entry| entry.version);
//!     let options = kv::SetOptions { if_version: Some(before), ..Default::default() };
//!     Ok(kv::tasks::set(name, b"seen", options).await?)
//! }
//! ```

use super::many::{self, take, take_bytes};
use super::{Changes, Entry, Error, NotChanged, NotSwapped, Page, SetOptions, Swapped};
use crate::abi::{self, begun};
use crate::executor;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;

/// [`get`](super::get).
pub async fn get(key: &str) -> Option<Entry> {
    find(key).await.ok()
}

/// [`find`](super::find).
pub async fn find(key: &str) -> Result<Entry, Error> {
    let Some(answer) = ask(begun::GET, key.as_bytes()).await else { return super::find(key) };
    match u64::try_from(answer.result()) {
        Ok(version) => Ok(Entry { value: answer.written().to_vec(), version }),
        Err(_) => Err(Error::of(answer.result())),
    }
}

/// [`set_with`](super::set_with).
pub async fn set(key: &str, value: impl AsRef<[u8]>, options: SetOptions) -> Result<u64, Error> {
    let change = Changes::new().set(key, &value, options);
    let Some(answer) = ask(begun::SET, &change.bytes).await else { return super::set_with(key, value, options) };
    u64::try_from(answer.result()).map_err(|_| Error::of(answer.result()))
}

/// [`remove`](super::remove), or, with a version, [`remove_if`](super::remove_if).
pub async fn remove(key: &str, if_version: Option<u64>) -> Result<(), Error> {
    let change = Changes::new().remove(key, if_version);
    let Some(answer) = ask(begun::REMOVE, &change.bytes).await else {
        return if_version.map_or_else(|| super::remove(key), |version| super::remove_if(key, version));
    };
    if answer.result() < 0 { Err(Error::of(answer.result())) } else { Ok(()) }
}

/// [`list`](super::list).
pub async fn list(prefix: &str, after: impl AsRef<[u8]>, most: u32) -> Result<Page, Error> {
    let mut request = Vec::from(i32::try_from(most).unwrap_or(i32::MAX).to_le_bytes());
    request.extend((prefix.len() as u32).to_le_bytes());
    request.extend(prefix.as_bytes());
    request.extend(after.as_ref());
    let Some(answer) = ask(begun::LIST, &request).await else { return super::list(prefix, after, most) };
    if answer.result() < 0 { Err(Error::of(answer.result())) } else { Ok(many::read_page(answer.written())) }
}

/// [`get_many`](super::get_many).
pub async fn get_many<K: AsRef<str>>(keys: &[K]) -> Result<Vec<Option<Entry>>, Error> {
    let request = many::request_of_keys(keys);
    let Some(answer) = ask(begun::GET_MANY, &request).await else { return super::get_many(keys) };
    if answer.result() < 0 { Err(Error::of(answer.result())) } else { Ok(many::read_pairs(answer.written())) }
}

/// [`change_each`](super::change_each).
pub async fn change_each(changes: &Changes) -> Result<Vec<Result<u64, Error>>, Error> {
    let Some(answer) = ask(begun::CHANGE_EACH, &changes.bytes).await else { return super::change_each(changes) };
    many::read_each(answer.result(), answer.written())
}

/// [`change_all`](super::change_all).
pub async fn change_all(changes: &Changes) -> Result<Vec<u64>, NotChanged> {
    let Some(answer) = ask(begun::CHANGE_ALL, &changes.bytes).await else { return super::change_all(changes) };
    many::read_all(answer.result(), answer.written())
}

/// [`swap`](super::swap); the old value is there however large it is.
pub async fn swap(key: &str, value: impl AsRef<[u8]>, options: SetOptions) -> Result<Swapped, NotSwapped> {
    let change = Changes::new().set(key, &value, options);
    let Some(answer) = ask(begun::SWAP, &change.bytes).await else { return super::swap(key, value, options) };
    let (about, old) = answer.written().split_at(16.min(answer.written().len()));
    many::read_swap(answer.result(), about, old)
}

/// What has changed since it was told last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The keys, each once.
    pub keys: Vec<String>,
    /// Any may have changed, more than are told: look at all.
    pub all: bool,
}

/// Tells which keys are set or removed, by whichever instance of the module in this process, and, where the store
/// tells, by others, and those whose time passes (docs/host-modules.md).
/// It ends when it is dropped.
#[derive(Debug)]
pub struct Watch(Operation);

/// Watches a key. [`Error::Invalid`] where the instance serves one call at a time; [`Error::Full`] where it has 64 watches.
pub fn watch(key: &str) -> Result<Watch, Error> {
    watch_by(0, key)
}

/// Watches all keys that begin so.
pub fn watch_prefix(prefix: &str) -> Result<Watch, Error> {
    watch_by(1, prefix)
}

fn watch_by(what: u32, key: &str) -> Result<Watch, Error> {
    if !executor::waits_by_events() {
        return Err(Error::Invalid);
    }
    let request = [&what.to_le_bytes(), key.as_bytes()].concat();
    Operation::begin(begun::WATCH, &request).map(Watch)
}

impl Watch {
    /// Waits for a change. What happens before it is told is told once.
    pub async fn next(&mut self) -> Result<Changed, Error> {
        let answer = self.0.answer().await;
        if answer.result() < 0 {
            return Err(Error::of(answer.result()));
        }
        let mut changed = Changed { keys: Vec::new(), all: answer.result() > 0 };
        let mut from = answer.written();
        while !from.is_empty() {
            let size = u32::from_le_bytes(take(&mut from)) as usize;
            changed.keys.push(String::from_utf8_lossy(take_bytes(&mut from, size)).into_owned());
        }
        Ok(changed)
    }
}

/// What a function would have answered, and what it would have written.
struct Answer(Vec<u8>);

impl Answer {
    fn result(&self) -> i64 {
        i64::from_le_bytes(take(&mut &self.0[..]))
    }
    fn written(&self) -> &[u8] {
        self.0.get(8..).unwrap_or_default()
    }
}

/// Waits for what is begun. None where it is not, so that the function itself is to be called, which waits as a whole, and says
/// what was wrong.
async fn ask(action: i32, request: &[u8]) -> Option<Answer> {
    if !executor::waits_by_events() {
        return None;
    }
    let operation = Operation::begin(action, request).ok()?;
    Some(operation.answer().await)
}

/// Something begun. Dropped before its answer was taken, a change may be made or not.
#[derive(Debug)]
struct Operation(i32);

impl Operation {
    fn begin(action: i32, request: &[u8]) -> Result<Self, Error> {
        match abi::kv_begin(action, request) {
            number @ 1.. => Ok(Self(number)),
            refused => Err(Error::of(refused.into())),
        }
    }

    async fn answer(&self) -> Answer {
        poll_fn(|context| match self.taken() {
            Some(answer) => Poll::Ready(answer),
            None => {
                executor::begun::listen(self.0, context.waker());
                Poll::Pending
            }
        })
        .await
    }

    fn taken(&self) -> Option<Answer> {
        let mut answer = vec![0; 256];
        loop {
            let length = abi::kv_take(self.0, &mut answer);
            match usize::try_from(length) {
                Err(_) if length == abi::AGAIN => return None,
                Err(_) => return Some(Answer(i64::from(length).to_le_bytes().to_vec())),
                Ok(length) if length > answer.len() => answer.resize(length, 0),
                Ok(length) => {
                    answer.truncate(length);
                    return Some(Answer(answer));
                }
            }
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        executor::begun::forget(self.0);
        abi::kv_close(self.0);
    }
}
