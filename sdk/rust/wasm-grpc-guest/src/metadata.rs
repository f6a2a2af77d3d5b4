//! Metadata: the headers of requests, and the headers and trailers of responses.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// The value of a key: printable ASCII, or any bytes where the key ends in `-bin`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MetadataValue(Cow<'static, [u8]>);

impl MetadataValue {
    /// A value of printable ASCII.
    ///
    /// # Panics
    /// When it has other characters.
    pub fn from_static(text: &'static str) -> Self {
        assert!(is_text(text.as_bytes()), "metadata is of printable ASCII, unless its key ends in -bin");
        Self(Cow::Borrowed(text.as_bytes()))
    }

    /// A value of a key that ends in `-bin`: any bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Cow::Owned(bytes.to_vec()))
    }

    /// As text, where it is printable ASCII.
    pub fn to_str(&self) -> Result<&str, ToStrError> {
        if !is_text(&self.0) {
            return Err(ToStrError);
        }
        core::str::from_utf8(&self.0).map_err(|_| ToStrError)
    }

    /// Its bytes; of a key that ends in `-bin` those that were meant, without base64.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (0x20..=0x7e).contains(byte))
}

impl FromStr for MetadataValue {
    type Err = InvalidMetadataValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text)
    }
}

impl TryFrom<&str> for MetadataValue {
    type Error = InvalidMetadataValue;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        if is_text(text.as_bytes()) { Ok(Self::from_bytes(text.as_bytes())) } else { Err(InvalidMetadataValue) }
    }
}

impl TryFrom<String> for MetadataValue {
    type Error = InvalidMetadataValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_text(text.as_bytes()) { Ok(Self(Cow::Owned(text.into_bytes()))) } else { Err(InvalidMetadataValue) }
    }
}

macro_rules! from_numbers {
    ($($number:ty),*) => {
        $(
            impl From<$number> for MetadataValue {
                fn from(number: $number) -> Self {
                    Self(Cow::Owned(alloc::format!("{number}").into_bytes()))
                }
            }
        )*
    };
}
from_numbers!(i16, i32, i64, u16, u32, u64, usize);

impl PartialEq<str> for MetadataValue {
    fn eq(&self, text: &str) -> bool {
        *self.0 == *text.as_bytes()
    }
}

impl PartialEq<&str> for MetadataValue {
    fn eq(&self, text: &&str) -> bool {
        *self.0 == *text.as_bytes()
    }
}

impl fmt::Debug for MetadataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match core::str::from_utf8(&self.0) {
            Ok(text) => write!(f, "{text:?}"),
            Err(_) => write!(f, "{:?}", &*self.0),
        }
    }
}

/// A value that is not printable ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidMetadataValue;

impl fmt::Display for InvalidMetadataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a metadata value is of printable ASCII; give the key a name that ends in -bin, and it takes any bytes",
        )
    }
}

impl core::error::Error for InvalidMetadataValue {}

/// A value that is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToStrError;

impl fmt::Display for ToStrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the metadata value is not printable ASCII")
    }
}

impl core::error::Error for ToStrError {}

/// Pairs of a key and a value, in the order they were sent or are to be sent. A key may be there more than once.
///
/// Keys are lower-case; those given here are made so. Which the host refuses, it refuses when they are sent: see
/// [`Response`](crate::Response).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MetadataMap {
    pairs: Vec<(String, MetadataValue)>,
}

impl MetadataMap {
    /// An empty one.
    pub const fn new() -> Self {
        Self { pairs: Vec::new() }
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The first value of a key.
    pub fn get(&self, key: impl AsRef<str>) -> Option<&MetadataValue> {
        self.get_all(key).next()
    }

    /// The same for a key that ends in `-bin`.
    pub fn get_bin(&self, key: impl AsRef<str>) -> Option<&MetadataValue> {
        self.get(key)
    }

    /// All values of a key, in their order.
    pub fn get_all(&self, key: impl AsRef<str>) -> impl Iterator<Item = &MetadataValue> {
        self.pairs.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(key.as_ref())).map(|(_, value)| value)
    }

    /// Whether there is such a key.
    pub fn contains_key(&self, key: impl AsRef<str>) -> bool {
        self.get(key).is_some()
    }

    /// Gives a key this one value; the first it had before.
    pub fn insert(&mut self, key: impl AsRef<str>, value: MetadataValue) -> Option<MetadataValue> {
        let before = self.remove(key.as_ref());
        self.append(key, value);
        before
    }

    /// The same for a key that ends in `-bin`.
    pub fn insert_bin(&mut self, key: impl AsRef<str>, value: MetadataValue) -> Option<MetadataValue> {
        self.insert(key, value)
    }

    /// Gives a key one more value.
    pub fn append(&mut self, key: impl AsRef<str>, value: MetadataValue) {
        self.pairs.push((key.as_ref().to_ascii_lowercase(), value));
    }

    /// The same for a key that ends in `-bin`.
    pub fn append_bin(&mut self, key: impl AsRef<str>, value: MetadataValue) {
        self.append(key, value);
    }

    /// Removes all values of a key; the first of them.
    pub fn remove(&mut self, key: impl AsRef<str>) -> Option<MetadataValue> {
        let first = self.get(key.as_ref()).cloned();
        self.pairs.retain(|(name, _)| !name.eq_ignore_ascii_case(key.as_ref()));
        first
    }

    /// All pairs, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MetadataValue)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The keys, each as often as it is there.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(key, _)| key.as_str())
    }

    /// Of what the host writes.
    /// In the host's form, which [`from_list`](Self::from_list) reads.
    pub(crate) fn to_list(&self) -> Vec<u8> {
        let mut list = Vec::new();
        self.iter().for_each(|(key, value)| put_pair(&mut list, key, value.as_bytes()));
        list
    }

    pub(crate) fn from_list(list: &[u8]) -> Self {
        Self { pairs: pairs(list).map(|(key, value)| (key.into(), MetadataValue::from_bytes(value))).collect() }
    }
}

impl fmt::Debug for MetadataMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The pairs of a list in the form of ABI 1: `u32 key_len, u32 value_len, key, value`, one after the other.
pub(crate) fn pairs(mut list: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    core::iter::from_fn(move || {
        let (lengths, rest) = list.split_first_chunk::<8>()?;
        let [k0, k1, k2, k3, v0, v1, v2, v3] = *lengths;
        let (key, rest) = rest.split_at_checked(u32::from_le_bytes([k0, k1, k2, k3]) as usize)?;
        let (value, rest) = rest.split_at_checked(u32::from_le_bytes([v0, v1, v2, v3]) as usize)?;
        list = rest;
        Some((core::str::from_utf8(key).ok()?, value))
    })
}

/// Adds a pair to such a list.
pub(crate) fn put_pair(list: &mut Vec<u8>, key: &str, value: &[u8]) {
    for length in [key.len(), value.len()] {
        list.extend_from_slice(&(length as u32).to_le_bytes());
    }
    list.extend_from_slice(key.as_bytes());
    list.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_values_in_their_order_whatever_its_case() {
        let mut map = MetadataMap::new();
        map.append("X-Text", "one".parse().unwrap());
        map.append("other", 7_i32.into());
        map.append("x-text", MetadataValue::from_static("two"));
        assert_eq!(map.get("x-text").unwrap(), "one");
        assert_eq!(map.get_all("X-TEXT").map(|value| value.to_str().unwrap()).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(map.keys().collect::<Vec<_>>(), ["x-text", "other", "x-text"]);
        assert_eq!(map.insert("x-text", "three".parse().unwrap()).unwrap(), "one");
        assert_eq!(map.len(), 2);
        assert_eq!(map.remove("other").unwrap(), "7");
        assert!(!map.contains_key("other"));
    }

    #[test]
    fn a_value_of_bytes_is_no_text() {
        assert_eq!(MetadataValue::try_from("größer"), Err(InvalidMetadataValue));
        assert_eq!(MetadataValue::from_bytes(b"\x00\xff").to_str(), Err(ToStrError));
        assert_eq!(MetadataValue::from_bytes(b"\x00\xff").as_bytes(), b"\x00\xff");
    }

    #[test]
    fn a_list_is_read_as_it_is_written_and_not_past_its_end() {
        let mut list = Vec::new();
        put_pair(&mut list, "a", b"1");
        put_pair(&mut list, "b-bin", b"");
        assert_eq!(pairs(&list).collect::<Vec<_>>(), [("a", &b"1"[..]), ("b-bin", b"")]);
        assert_eq!(pairs(&list[..list.len() - 1]).count(), 1);
        assert_eq!(pairs(&[0xff; 8]).count(), 0);
    }
}
