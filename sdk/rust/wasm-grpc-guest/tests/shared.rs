//! Counters and the store, natively.

use std::time::Duration;
use wasm_grpc_guest::testing::Guest;
use wasm_grpc_guest::{Counter, kv};

#[test]
fn a_counter_is_known_by_its_name() {
    let _guest = Guest::new(|_| {});
    let counter = Counter::named("visits").unwrap();
    assert_eq!(counter.add(2), 2);
    assert_eq!(Counter::named("visits").unwrap().add(-3), -1);
    assert_eq!(Counter::named("others").unwrap().load(), 0);
    assert_eq!(counter.swap(7), -1);
    assert_eq!(counter.compare_exchange(6, 8), Err(7));
    assert_eq!(counter.compare_exchange(7, 8), Ok(7));
    counter.store(i64::MAX);
    assert_eq!(counter.add(1), i64::MIN);
    assert!(Counter::named("").is_err());
}

#[test]
fn a_value_is_there_until_it_is_removed() {
    let _guest = Guest::new(|_| {});
    for value in [vec![], b"short".to_vec(), b"long".repeat(1000)] {
        let version = kv::set("key", &value).unwrap();
        assert_eq!(kv::get("key"), Some(kv::Entry { value, version }));
    }
    kv::remove("key").unwrap();
    assert_eq!(kv::get("key"), None);
    assert_eq!(kv::remove("key"), Err(kv::Error::Absent));
    assert_eq!(kv::set("", b"x"), Err(kv::Error::Invalid));
}

#[test]
fn a_value_is_changed_only_where_it_is_as_it_was() {
    let _guest = Guest::new(|_| {});
    let first = kv::set_if("counted", b"1", 0).unwrap();
    assert_eq!(kv::set_if("counted", b"1", 0), Err(kv::Error::Conflict));
    let second = kv::set_if("counted", b"2", first).unwrap();
    assert_eq!(kv::remove_if("counted", first), Err(kv::Error::Conflict));
    kv::remove_if("counted", second).unwrap();
    assert_eq!(kv::remove_if("counted", 0), Err(kv::Error::Absent));
}

#[test]
fn a_value_lives_as_long_as_it_is_to() {
    let guest = Guest::new(|_| {});
    let brief = |ttl| kv::SetOptions { ttl: Some(ttl), ..kv::SetOptions::default() };
    kv::set_with("brief", b"", brief(Duration::from_secs(5))).unwrap();
    guest.advance(Duration::from_secs(4));
    assert!(kv::get("brief").is_some());
    guest.advance(Duration::from_secs(1));
    assert_eq!(kv::get("brief"), None);
    assert_eq!(kv::set_with("never", b"", brief(Duration::ZERO)), Err(kv::Error::Invalid));
}
