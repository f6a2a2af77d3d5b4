//! Messages as structs: the fields say how they are written and read.

use super::wire::{Fields, Value, put_bytes, put_number};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// A message of which the fields are known.
pub(super) trait Message: Default {
    fn put_fields(&self, out: &mut Vec<u8>);
    /// Takes in a field; one that is not known is dropped. Nothing where the value does not fit.
    fn take_field(&mut self, number: u32, value: Value<'_>) -> Option<()>;
}

pub(super) fn encoded(message: &impl Message) -> Vec<u8> {
    let mut out = Vec::new();
    message.put_fields(&mut out);
    out
}

/// Nothing where the bytes are no such message.
pub(super) fn decoded<M: Message>(bytes: &[u8]) -> Option<M> {
    let mut message = M::default();
    for field in Fields::of(bytes) {
        let (number, value) = field.ok()?;
        message.take_field(number, value)?;
    }
    Some(message)
}

/// What a field of a message may be.
pub(super) trait Field {
    fn put(&self, number: u8, out: &mut Vec<u8>);
    fn take(&mut self, value: Value<'_>) -> Option<()>;
}

fn text(bytes: &[u8]) -> Option<String> {
    core::str::from_utf8(bytes).ok().map(String::from)
}

impl Field for String {
    fn put(&self, number: u8, out: &mut Vec<u8>) {
        if !self.is_empty() {
            put_bytes(out, number, &[self.as_bytes()]);
        }
    }

    fn take(&mut self, value: Value<'_>) -> Option<()> {
        if let Value::Bytes(bytes) = value {
            *self = text(bytes)?;
        }
        Some(())
    }
}

impl Field for Vec<String> {
    fn put(&self, number: u8, out: &mut Vec<u8>) {
        for each in self {
            put_bytes(out, number, &[each.as_bytes()]);
        }
    }

    fn take(&mut self, value: Value<'_>) -> Option<()> {
        if let Value::Bytes(bytes) = value {
            self.push(text(bytes)?);
        }
        Some(())
    }
}

impl<M: Message> Field for Vec<M> {
    fn put(&self, number: u8, out: &mut Vec<u8>) {
        for each in self {
            put_bytes(out, number, &[&encoded(each)]);
        }
    }

    fn take(&mut self, value: Value<'_>) -> Option<()> {
        if let Value::Bytes(bytes) = value {
            self.push(decoded(bytes)?);
        }
        Some(())
    }
}

#[derive(Default)]
struct Entry {
    key: String,
    value: String,
}

impl Message for Entry {
    fn put_fields(&self, out: &mut Vec<u8>) {
        self.key.put(1, out);
        self.value.put(2, out);
    }

    fn take_field(&mut self, number: u32, value: Value<'_>) -> Option<()> {
        match number {
            1 => self.key.take(value),
            2 => self.value.take(value),
            _ => Some(()),
        }
    }
}

impl Field for BTreeMap<String, String> {
    fn put(&self, number: u8, out: &mut Vec<u8>) {
        for (key, value) in self {
            put_bytes(out, number, &[&encoded(&Entry { key: key.clone(), value: value.clone() })]);
        }
    }

    fn take(&mut self, value: Value<'_>) -> Option<()> {
        if let Value::Bytes(bytes) = value {
            let entry: Entry = decoded(bytes)?;
            self.insert(entry.key, entry.value);
        }
        Some(())
    }
}

/// A google.protobuf.Duration. One before 0, as that message may be, is read as 0, and one that is too long as the longest.
impl Field for Duration {
    fn put(&self, number: u8, out: &mut Vec<u8>) {
        let mut inner = Vec::new();
        if self.as_secs() != 0 {
            put_number(&mut inner, 1, self.as_secs().min(i64::MAX as u64));
        }
        if self.subsec_nanos() != 0 {
            put_number(&mut inner, 2, self.subsec_nanos().into());
        }
        put_bytes(out, number, &[&inner]);
    }

    fn take(&mut self, value: Value<'_>) -> Option<()> {
        let Value::Bytes(bytes) = value else { return Some(()) };
        let (mut seconds, mut nanos) = (0, 0);
        for field in Fields::of(bytes) {
            match field.ok()? {
                (1, Value::Varint(value)) => seconds = value as i64,
                (2, Value::Varint(value)) => nanos = value as i32,
                _ => {}
            }
        }
        let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        let nanos = Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
        *self = seconds.saturating_add(nanos);
        Some(())
    }
}
