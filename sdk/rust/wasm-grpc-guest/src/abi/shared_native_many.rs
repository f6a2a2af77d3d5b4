//! Several pairs of the store at once, and what is begun without waiting, natively. Requests are those that this crate makes.

use super::native::now;
use super::shared_native::{SHARED, Shared};
use super::{ABSENT, AGAIN, CLOSED, CONFLICT, INVALID, OK, TOO_LARGE, begun};
use std::collections::{BTreeMap, BTreeSet};
use std::string::String;
use std::vec::Vec;

/// Takes values from bytes, one after the other.
struct Reading<'a>(&'a [u8]);

impl<'a> Reading<'a> {
    fn bytes(&mut self, size: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(size);
        self.0 = rest;
        bytes
    }
    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes(4).try_into().unwrap_or_default())
    }
    fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.bytes(8).try_into().unwrap_or_default())
    }
    fn key(&mut self, size: u32) -> String {
        String::from_utf8_lossy(self.bytes(size as usize)).into_owned()
    }
}

struct Change<'a> {
    key: String,
    value: Option<&'a [u8]>,
    ttl_ns: i64,
    if_version: i64,
}

fn changes_of(bytes: &[u8]) -> Vec<Change<'_>> {
    let mut changes = Vec::new();
    let mut from = Reading(bytes);
    while !from.0.is_empty() {
        let (key, value) = (from.u32(), from.u32());
        let (ttl_ns, if_version) = (from.i64(), from.i64());
        let key = from.key(key);
        let value = (value != u32::MAX).then(|| from.bytes(value as usize));
        changes.push(Change { key, value, ttl_ns, if_version });
    }
    changes
}

impl Shared {
    /// The length of the value of a key, or ABSENT; its version, and the value.
    fn describe(&mut self, key: &str) -> (i32, u64, Vec<u8>) {
        let found = self.find(key);
        found.map_or((ABSENT, 0, Vec::new()), |pair| (pair.value.len() as i32, pair.version, pair.value.clone()))
    }

    fn change(&mut self, change: &Change<'_>) -> i64 {
        match change.value {
            Some(value) => self.set(&change.key, value, change.ttl_ns, change.if_version),
            None => i64::from(self.remove(&change.key, change.if_version)),
        }
    }

    fn list(&mut self, prefix: &[u8], after: &[u8], most: i32, room: usize) -> Result<Vec<u8>, i32> {
        let most = usize::try_from(most).ok().filter(|most| (1..=1000).contains(most)).ok_or(INVALID)?;
        self.pairs.retain(|_, pair| pair.until.is_none_or(|until| until > now()));
        let mut page = Vec::new();
        let fitting = self.pairs.iter().filter(|(key, _)| key.as_bytes().starts_with(prefix) && key.as_bytes() > after);
        for (key, pair) in fitting.take(most) {
            if page.len() + 24 + key.len() > room {
                break;
            }
            let left = pair.until.map_or(-1, |until| (until - now()) as i64);
            page.extend((key.len() as u32).to_le_bytes());
            page.extend((pair.value.len() as u32).to_le_bytes());
            page.extend(pair.version.to_le_bytes());
            page.extend(left.to_le_bytes());
            page.extend(key.as_bytes());
        }
        Ok(page)
    }

    fn get_many(&mut self, keys: &[u8]) -> Result<Vec<u8>, i32> {
        let (mut from, mut pairs, mut count) = (Reading(keys), Vec::new(), 0);
        while !from.0.is_empty() {
            let size = from.u32();
            let key = from.key(size);
            count += 1;
            let (length, version, value) = self.describe(&key);
            pairs.extend(length.to_le_bytes());
            pairs.extend(version.to_le_bytes());
            pairs.extend(value);
        }
        if (1..=100).contains(&count) { Ok(pairs) } else { Err(INVALID) }
    }

    /// OK or CONFLICT, and the results.
    fn change_many(&mut self, bytes: &[u8], all: bool) -> Result<(i32, Vec<u8>), i32> {
        let changes = changes_of(bytes);
        let keys: BTreeSet<_> = changes.iter().map(|change| &change.key).collect();
        if changes.is_empty() || changes.len() > 100 || all && keys.len() < changes.len() {
            return Err(INVALID);
        }
        let conflicts: Vec<_> = changes.iter().map(|one| self.conflicts(&one.key, one.if_version)).collect();
        let none = all && conflicts.contains(&true);
        let result = |(change, conflicts): (&Change<'_>, bool)| match none {
            true if conflicts => i64::from(CONFLICT),
            true => 0,
            false => self.change(change),
        };
        let results = changes.iter().zip(conflicts).map(result).flat_map(i64::to_le_bytes).collect();
        Ok((if none { CONFLICT } else { OK }, results))
    }

    /// What `swap` answers, and the 16 bytes and the old value.
    fn swap(&mut self, change: &Change<'_>) -> (i64, Vec<u8>) {
        let mut written = Vec::new();
        let (length, version, value) = self.describe(&change.key);
        written.extend(length.to_le_bytes());
        written.extend([0; 4]);
        written.extend(version.to_le_bytes());
        written.extend(value);
        (self.change(change), written)
    }
}

/// Gives what fits, and its length.
fn give(answer: Result<Vec<u8>, i32>, room: &mut [u8]) -> i32 {
    match answer {
        Ok(bytes) if bytes.len() > room.len() => TOO_LARGE,
        Ok(bytes) => super::native::give(&bytes, room),
        Err(result) => result,
    }
}

fn give_results(answer: Result<(i32, Vec<u8>), i32>, room: &mut [u8]) -> i32 {
    answer.map_or_else(
        |result| result,
        |(result, bytes)| {
            super::native::give(&bytes, room);
            result
        },
    )
}

pub(crate) fn kv_list(prefix: &[u8], after: &[u8], most: i32, page: &mut [u8]) -> i32 {
    give(SHARED.with_borrow_mut(|shared| shared.list(prefix, after, most, page.len())), page)
}

pub(crate) fn kv_get_many(keys: &[u8], pairs: &mut [u8]) -> i32 {
    give(SHARED.with_borrow_mut(|shared| shared.get_many(keys)), pairs)
}

pub(crate) fn kv_change_each(changes: &[u8], results: &mut [u8]) -> i32 {
    give_results(SHARED.with_borrow_mut(|shared| shared.change_many(changes, false)), results)
}

pub(crate) fn kv_change_all(changes: &[u8], results: &mut [u8]) -> i32 {
    give_results(SHARED.with_borrow_mut(|shared| shared.change_many(changes, true)), results)
}

pub(crate) fn kv_swap(
    key: &str,
    value: &[u8],
    ttl_ns: i64,
    if_version: i64,
    old: &mut [u8],
    about: &mut [u8; 16],
) -> i64 {
    let change = Change { key: key.into(), value: Some(value), ttl_ns, if_version };
    let (result, written) = SHARED.with_borrow_mut(|shared| shared.swap(&change));
    about.copy_from_slice(&written[..16]);
    super::native::give(&written[16..], old);
    result
}

// ---- What is begun, in event style ----

/// What was begun and not taken.
#[derive(Default)]
pub(super) struct Begun {
    last: i32,
    operations: BTreeMap<i32, Operation>,
}

enum Operation {
    Asked(i32, Vec<u8>),
    Answered(Vec<u8>),
    Watch { key: Vec<u8>, prefix: bool, changed: BTreeSet<String>, told: bool },
}

impl Begun {
    pub(super) fn changed(&mut self, key: &str) {
        for operation in self.operations.values_mut() {
            if let Operation::Watch { key: watched, prefix, changed, told } = operation {
                if key.as_bytes() == watched || *prefix && key.as_bytes().starts_with(watched) {
                    changed.insert(key.into());
                    *told = false;
                }
            }
        }
    }
}

pub(crate) fn kv_begin(action: i32, request: &[u8]) -> i32 {
    SHARED.with_borrow_mut(|shared| {
        let operation = match action {
            begun::WATCH => {
                let mut from = Reading(request);
                let prefix = from.u32() == 1;
                if !prefix && from.0.is_empty() {
                    return INVALID;
                }
                Operation::Watch { key: from.0.to_vec(), prefix, changed: BTreeSet::new(), told: true }
            }
            _ => Operation::Asked(action, request.to_vec()),
        };
        shared.begun.last += 1;
        shared.begun.operations.insert(shared.begun.last, operation);
        shared.begun.last
    })
}

pub(crate) fn kv_take(number: i32, answer: &mut [u8]) -> i32 {
    SHARED.with_borrow_mut(|shared| {
        let operations = &mut shared.begun.operations;
        let bytes = match operations.get_mut(&number) {
            None => return CLOSED,
            Some(Operation::Asked(..)) => return AGAIN,
            Some(Operation::Watch { changed, .. }) if changed.is_empty() => return AGAIN,
            Some(Operation::Watch { changed, .. }) => {
                let keys =
                    changed.iter().flat_map(|key| (key.len() as u32).to_le_bytes().into_iter().chain(key.bytes()));
                let bytes: Vec<u8> = 0i64.to_le_bytes().into_iter().chain(keys).collect();
                if bytes.len() <= answer.len() {
                    changed.clear();
                }
                return super::native::give(&bytes, answer);
            }
            Some(Operation::Answered(bytes)) => bytes.clone(),
        };
        if bytes.len() <= answer.len() {
            operations.remove(&number);
        }
        super::native::give(&bytes, answer)
    })
}

pub(crate) fn kv_close(number: i32) {
    SHARED.with_borrow_mut(|shared| shared.begun.operations.remove(&number));
}

/// Answers what was begun first; the number and the action that an event is to tell.
pub(crate) fn answer_begun() -> Option<(i32, i32)> {
    SHARED.with_borrow_mut(|shared| {
        let due = |operation: &Operation| match operation {
            Operation::Asked(..) => true,
            Operation::Watch { told, .. } => !told,
            Operation::Answered(_) => false,
        };
        let number = *shared.begun.operations.iter().find(|(_, operation)| due(operation))?.0;
        match shared.begun.operations.get_mut(&number)? {
            Operation::Watch { told, .. } => {
                *told = true;
                Some((number, begun::WATCH))
            }
            Operation::Asked(action, request) => {
                let (action, request) = (*action, std::mem::take(request));
                let answer = shared.answer(action, &request);
                shared.begun.operations.insert(number, Operation::Answered(answer));
                Some((number, action))
            }
            Operation::Answered(_) => None,
        }
    })
}

impl Shared {
    fn answer(&mut self, action: i32, request: &[u8]) -> Vec<u8> {
        let with_result = |answer: Result<(i64, Vec<u8>), i32>| match answer {
            Ok((result, written)) => result.to_le_bytes().into_iter().chain(written).collect(),
            Err(result) => i64::from(result).to_le_bytes().to_vec(),
        };
        with_result(match action {
            begun::GET => {
                let found = self.find(&String::from_utf8_lossy(request));
                found.map(|pair| (pair.version as i64, pair.value.clone())).ok_or(ABSENT)
            }
            begun::LIST => {
                let mut from = Reading(request);
                let (most, size) = (from.u32() as i32, from.u32());
                let prefix = from.bytes(size as usize);
                self.list(prefix, from.0, most, usize::MAX).map(|page| (0, page))
            }
            begun::GET_MANY => self.get_many(request).map(|pairs| (0, pairs)),
            begun::CHANGE_EACH | begun::CHANGE_ALL => self
                .change_many(request, action == begun::CHANGE_ALL)
                .map(|(result, results)| (i64::from(result), results)),
            begun::SWAP => Ok(self.swap(&changes_of(request)[0])),
            _ => Ok((self.change(&changes_of(request)[0]), Vec::new())),
        })
    }
}
