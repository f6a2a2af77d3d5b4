//! A store that all instances of the module share, on all workers, for as long as the server runs, or longer
//! (docs/host-modules.md, `wasm_grpc_kv_1`). Natively it is the test's own, and without limits.
//!
//! ```
//! use wasm_grpc_guest::kv;
//!
//! # fn main() -> Result<(), kv::Error> {
//! let version = kv::set("greeting", b"hello")?;
//! assert_eq!(kv::get("greeting").unwrap().value, b"hello");
//! assert_eq!(kv::set_if("greeting", b"hi", version + 1), Err(kv::Error::Conflict));
//! # Ok(())
//! # }
//! ```

mod many;
pub mod tasks;

pub use many::{
    Changes, Listed, NotChanged, NotSwapped, Old, Page, Swapped, change_all, change_each, get_many, list, swap,
};

use crate::abi;
use crate::status::Status;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// There is no such key.
    Absent,
    /// A key has 1 to 1024 bytes, and a time to live is more than 0.
    Invalid,
    /// The version is another one: somebody else has changed it.
    Conflict,
    /// There is no room in the store (`--max-kv-bytes`).
    Full,
    /// The value is larger than values may be (`--max-kv-value`).
    TooLarge,
    /// The store does not answer, as one on disk or elsewhere may: a change may be done or not.
    Unavailable,
}

/// A value of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: Vec<u8>,
    /// Changes with each `set` of the key, and is more than 0.
    pub version: u64,
}

/// How a key is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetOptions {
    /// How long the value lives; without, for as long as the store does.
    pub ttl: Option<Duration>,
    /// The version there has to be, 0 for none at all; without, any.
    pub if_version: Option<u64>,
}

impl SetOptions {
    fn ttl_ns(&self) -> i64 {
        self.ttl.map_or(-1, |ttl| i64::try_from(ttl.as_nanos()).unwrap_or(i64::MAX))
    }
    fn if_version(&self) -> i64 {
        self.if_version.map_or(-1, |version| version as i64)
    }
}

/// The value of a key; None where there is none, or its time has passed, or the store does not answer.
pub fn get(key: &str) -> Option<Entry> {
    find(key).ok()
}

/// The value of a key, for who must tell one that is [`Error::Absent`] from a store that is [`Error::Unavailable`].
pub fn find(key: &str) -> Result<Entry, Error> {
    let mut value = vec![0; 256];
    let mut version = 0;
    loop {
        let answer = abi::kv_get(key, &mut value, &mut version);
        let length = usize::try_from(answer).map_err(|_| Error::of(answer.into()))?;
        if length <= value.len() {
            value.truncate(length);
            return Ok(Entry { value, version });
        }
        value.resize(length, 0); // another instance may replace it by a larger one meanwhile
    }
}

/// Sets the value of a key; its version.
pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<u64, Error> {
    set_with(key, value, SetOptions::default())
}

/// Sets the value of a key if it has this version, 0 for none at all; its new version, or [`Error::Conflict`].
pub fn set_if(key: &str, value: impl AsRef<[u8]>, version: u64) -> Result<u64, Error> {
    set_with(key, value, SetOptions { if_version: Some(version), ..SetOptions::default() })
}

/// Sets the value of a key, with all there is to say; its version.
pub fn set_with(key: &str, value: impl AsRef<[u8]>, options: SetOptions) -> Result<u64, Error> {
    let answer = abi::kv_set(key, value.as_ref(), options.ttl_ns(), options.if_version());
    u64::try_from(answer).map_err(|_| Error::of(answer))
}

/// Removes a key.
pub fn remove(key: &str) -> Result<(), Error> {
    remove_version(key, -1)
}

/// Removes a key if it has this version, else [`Error::Conflict`].
pub fn remove_if(key: &str, version: u64) -> Result<(), Error> {
    remove_version(key, version as i64)
}

fn remove_version(key: &str, version: i64) -> Result<(), Error> {
    match abi::kv_remove(key, version) {
        abi::OK.. => Ok(()),
        answer => Err(Error::of(answer.into())),
    }
}

impl Error {
    fn of(answer: i64) -> Self {
        match i32::try_from(answer) {
            Ok(abi::ABSENT) => Self::Absent,
            Ok(abi::CONFLICT) => Self::Conflict,
            Ok(abi::FULL) => Self::Full,
            Ok(abi::TOO_LARGE) => Self::TooLarge,
            Ok(abi::UNAVAILABLE) => Self::Unavailable,
            _ => Self::Invalid,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "there is no such key",
            Self::Invalid => "a key has 1 to 1024 bytes, and a time to live is more than 0",
            Self::Conflict => "the version is another one",
            Self::Full => "there is no room in the store",
            Self::TooLarge => "the value is larger than values may be",
            Self::Unavailable => "the store does not answer",
        })
    }
}

impl core::error::Error for Error {}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let text = alloc::format!("kv: {error}");
        match error {
            Error::Absent => Status::not_found(text),
            Error::Invalid => Status::internal(text),
            Error::Conflict => Status::aborted(text),
            Error::Full | Error::TooLarge => Status::resource_exhausted(text),
            Error::Unavailable => Status::unavailable(text),
        }
    }
}
