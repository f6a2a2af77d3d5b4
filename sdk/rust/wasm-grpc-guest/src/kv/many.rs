//! Several pairs at once.

use super::{Entry, Error, SetOptions};
use crate::abi;
use crate::status::Status;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// A pair, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The key; where it is no UTF-8, which keys that this crate sets are, with replacement characters.
    pub key: String,
    /// How long the value is.
    pub value_bytes: usize,
    /// Its version.
    pub version: u64,
    /// How long it has; None where it stays.
    pub left: Option<Duration>,
}

/// Some of the pairs that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The pairs, in the order of their keys' bytes.
    pub pairs: Vec<Listed>,
    /// After which key the next page comes; None: this was the last, and has nothing.
    pub next: Option<Vec<u8>>,
}

/// The pairs whose keys begin with `prefix` and come after the key `after`, which may be empty: `most` of them, 1 to 1000.
///
/// ```
/// use wasm_grpc_guest::kv;
///
/// # fn main() -> Result<(), kv::Error> {
/// let mut page = kv::list("session/", "", 100)?;
/// while let Some(next) = page.next {
///     page.pairs.iter().for_each(|pair| println!("{}", pair.key));
///     page = kv::list("session/", next, 100)?;
/// }
/// # Ok(())
/// # }
/// ```
pub fn list(prefix: &str, after: impl AsRef<[u8]>, most: u32) -> Result<Page, Error> {
    let most = i32::try_from(most).unwrap_or(i32::MAX);
    let mut page = vec![0; 65536.min(2048 + most.max(1) as usize * 128)];
    let length = abi::kv_list(prefix.as_bytes(), after.as_ref(), most, &mut page);
    let length = usize::try_from(length).map_err(|_| Error::of(length.into()))?;
    Ok(read_page(&page[..length]))
}

/// The values of 1 to 100 keys, in their order, each as it was at some moment; None where there is none.
/// [`Error::TooLarge`]: ask for fewer at once.
pub fn get_many<K: AsRef<str>>(keys: &[K]) -> Result<Vec<Option<Entry>>, Error> {
    const MOST: usize = 9 << 20; // what the host gives at most, and more
    let request = request_of_keys(keys);
    let mut pairs = vec![0; 4096];
    loop {
        match abi::kv_get_many(&request, &mut pairs) {
            abi::TOO_LARGE if pairs.len() < MOST => pairs.resize(MOST.min(pairs.len() * 16), 0),
            length => {
                let length = usize::try_from(length).map_err(|_| Error::of(length.into()))?;
                return Ok(read_pairs(&pairs[..length]));
            }
        }
    }
}

/// 1 to 100 changes, for [`change_each`] or [`change_all`], of 8 MiB together.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub(super) bytes: Vec<u8>,
    count: usize,
}

impl Changes {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one that sets the value of a key.
    #[must_use]
    pub fn set(self, key: &str, value: impl AsRef<[u8]>, options: SetOptions) -> Self {
        self.with(key, Some(value.as_ref()), options)
    }

    /// Adds one that removes a key, if it has this version, where one is given.
    #[must_use]
    pub fn remove(self, key: &str, if_version: Option<u64>) -> Self {
        self.with(key, None, SetOptions { if_version, ..SetOptions::default() })
    }

    pub(super) fn with(mut self, key: &str, value: Option<&[u8]>, options: SetOptions) -> Self {
        self.bytes.extend((key.len() as u32).to_le_bytes());
        self.bytes.extend(value.map_or(u32::MAX, |value| value.len() as u32).to_le_bytes());
        self.bytes.extend(options.ttl_ns().to_le_bytes());
        self.bytes.extend(options.if_version().to_le_bytes());
        self.bytes.extend(key.as_bytes());
        self.bytes.extend(value.unwrap_or_default());
        self.count += 1;
        self
    }
}

/// Makes changes in their order, each for itself: its new version, 0 of one that removes, or why it was not made.
pub fn change_each(changes: &Changes) -> Result<Vec<Result<u64, Error>>, Error> {
    let mut results = vec![0; changes.count * 8];
    read_each(abi::kv_change_each(&changes.bytes, &mut results).into(), &results)
}

/// Makes changes together, all or none, each of another key: their new versions, as of [`change_each`].
pub fn change_all(changes: &Changes) -> Result<Vec<u64>, NotChanged> {
    let mut results = vec![0; changes.count * 8];
    read_all(abi::kv_change_all(&changes.bytes, &mut results).into(), &results)
}

/// None of the changes was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotChanged {
    /// Why.
    pub error: Error,
    /// With [`Error::Conflict`], which of the changes have found another version.
    pub conflicts: Vec<usize>,
}

/// What a swap has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Old {
    /// Its version.
    pub version: u64,
    /// The value; None where it has more than 64 KiB, and the guest waits for the store as a whole.
    pub value: Option<Vec<u8>>,
}

/// It was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swapped {
    /// The new version.
    pub version: u64,
    /// What was there before.
    pub old: Option<Old>,
}

/// It was not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSwapped {
    /// Why.
    pub error: Error,
    /// With [`Error::Conflict`], what is there.
    pub there: Option<Old>,
}

/// Sets the value of a key as [`set_with`](super::set_with) does, and tells what was there.
pub fn swap(key: &str, value: impl AsRef<[u8]>, options: SetOptions) -> Result<Swapped, NotSwapped> {
    let mut old = vec![0; 65536];
    let mut about = [0; 16];
    let answer = abi::kv_swap(key, value.as_ref(), options.ttl_ns(), options.if_version(), &mut old, &mut about);
    read_swap(answer, &about, &old)
}

// ---- As the host has them: numbers are little-endian, without gaps ----

pub(super) fn request_of_keys<K: AsRef<str>>(keys: &[K]) -> Vec<u8> {
    let mut request = Vec::new();
    for key in keys.iter().map(AsRef::as_ref) {
        request.extend((key.len() as u32).to_le_bytes());
        request.extend(key.as_bytes());
    }
    request
}

/// Takes the first bytes away; as many zeros where there are not so many, which no host gives.
pub(super) fn take<const SIZE: usize>(from: &mut &[u8]) -> [u8; SIZE] {
    let (bytes, rest) = from.split_at(SIZE.min(from.len()));
    *from = rest;
    bytes.try_into().unwrap_or([0; SIZE])
}

pub(super) fn take_bytes<'a>(from: &mut &'a [u8], size: usize) -> &'a [u8] {
    let (bytes, rest) = from.split_at(size.min(from.len()));
    *from = rest;
    bytes
}

pub(super) fn read_page(mut from: &[u8]) -> Page {
    let mut page = Page::default();
    while !from.is_empty() {
        let key_bytes = u32::from_le_bytes(take(&mut from)) as usize;
        let value_bytes = u32::from_le_bytes(take(&mut from)) as usize;
        let version = u64::from_le_bytes(take(&mut from));
        let left = u64::try_from(i64::from_le_bytes(take(&mut from))).ok().map(Duration::from_nanos);
        let key = take_bytes(&mut from, key_bytes);
        page.next = Some(key.to_vec());
        if version != 0 {
            let key = String::from_utf8_lossy(key).into_owned();
            page.pairs.push(Listed { key, value_bytes, version, left });
        } // else it only says how far was looked
    }
    page
}

pub(super) fn read_pairs(mut from: &[u8]) -> Vec<Option<Entry>> {
    let mut pairs = Vec::new();
    while !from.is_empty() {
        let length = i32::from_le_bytes(take(&mut from));
        let version = u64::from_le_bytes(take(&mut from));
        let entry = |length| Entry { value: take_bytes(&mut from, length).to_vec(), version };
        pairs.push(usize::try_from(length).ok().map(entry));
    }
    pairs
}

fn results(mut from: &[u8]) -> impl Iterator<Item = i64> {
    core::iter::from_fn(move || (!from.is_empty()).then(|| i64::from_le_bytes(take(&mut from))))
}

pub(super) fn read_each(result: i64, written: &[u8]) -> Result<Vec<Result<u64, Error>>, Error> {
    if result < 0 {
        return Err(Error::of(result));
    }
    Ok(results(written).map(|one| u64::try_from(one).map_err(|_| Error::of(one))).collect())
}

pub(super) fn read_all(result: i64, written: &[u8]) -> Result<Vec<u64>, NotChanged> {
    if result >= 0 {
        return Ok(results(written).map(|one| u64::try_from(one).unwrap_or(0)).collect());
    }
    let error = Error::of(result);
    let conflicting = |(at, one)| (one == i64::from(abi::CONFLICT)).then_some(at);
    let conflicts = match error {
        Error::Conflict => results(written).enumerate().filter_map(conflicting).collect(),
        _ => Vec::new(),
    };
    Err(NotChanged { error, conflicts })
}

pub(super) fn read_swap(result: i64, mut about: &[u8], old: &[u8]) -> Result<Swapped, NotSwapped> {
    let length = i32::from_le_bytes(take(&mut about));
    let _reserved: [u8; 4] = take(&mut about);
    let version = u64::from_le_bytes(take(&mut about));
    let there = |length| Old { version, value: old.get(..length).map(<[u8]>::to_vec) };
    let there = usize::try_from(length).ok().filter(|_| version != 0).map(there);
    match u64::try_from(result) {
        Ok(version) => Ok(Swapped { version, old: there }),
        Err(_) => {
            let error = Error::of(result);
            Err(NotSwapped { error, there: there.filter(|_| error == Error::Conflict) })
        }
    }
}

impl fmt::Display for NotChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl core::error::Error for NotChanged {}

impl From<NotChanged> for Status {
    fn from(not: NotChanged) -> Self {
        not.error.into()
    }
}

impl fmt::Display for NotSwapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl core::error::Error for NotSwapped {}

impl From<NotSwapped> for Status {
    fn from(not: NotSwapped) -> Self {
        not.error.into()
    }
}
