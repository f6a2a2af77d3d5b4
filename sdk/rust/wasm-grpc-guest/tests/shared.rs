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

#[test]
fn keys_are_listed_page_by_page() {
    let _guest = Guest::new(|_| {});
    for key in ["list/1", "list/2", "list/3", "lisu"] {
        kv::set(key, b"xx").unwrap();
    }
    let hour = Duration::from_secs(3600);
    let version = kv::set_with("list/2", b"y", kv::SetOptions { ttl: Some(hour), ..Default::default() }).unwrap();
    let mut keys = Vec::new();
    let mut page = kv::list("list/", "", 2).unwrap();
    assert_eq!(page.pairs[1], kv::Listed { key: "list/2".into(), value_bytes: 1, version, left: Some(hour) });
    assert_eq!(page.pairs[0].left, None);
    while let Some(next) = page.next {
        keys.extend(page.pairs.into_iter().map(|pair| pair.key));
        page = kv::list("list/", next, 2).unwrap();
    }
    assert_eq!(keys, ["list/1", "list/2", "list/3"]);
    assert_eq!(kv::list("", "", 0), Err(kv::Error::Invalid));
}

#[test]
fn several_are_read_however_large_they_are() {
    let _guest = Guest::new(|_| {});
    let value = vec![b'x'; 70_000];
    let version = kv::set("large", &value).unwrap();
    kv::set("empty", b"").unwrap();
    let found = kv::get_many(&["large", "none", "empty"]).unwrap();
    assert_eq!(found[0], Some(kv::Entry { value, version }));
    assert_eq!(found[1], None);
    assert_eq!(found[2].as_ref().map(|entry| entry.value.len()), Some(0));
    assert_eq!(kv::get_many::<&str>(&[]), Err(kv::Error::Invalid));
}

#[test]
fn changes_are_made_each_or_all() {
    let _guest = Guest::new(|_| {});
    let version = kv::set("a", b"1").unwrap();
    let only = |version| kv::SetOptions { if_version: Some(version), ..Default::default() };
    let changes = kv::Changes::new().set("a", b"2", only(version)).set("b", b"1", only(version)).remove("none", None);
    let not_made = kv::change_all(&changes).unwrap_err();
    assert_eq!(not_made, kv::NotChanged { error: kv::Error::Conflict, conflicts: vec![1] });
    assert_eq!(kv::get("a").unwrap().value, b"1");
    let each = kv::change_each(&changes).unwrap();
    assert!(each[0].is_ok_and(|made| made > version));
    assert_eq!(each[1..], [Err(kv::Error::Conflict), Err(kv::Error::Absent)]);
    let twice = kv::Changes::new().remove("a", None).remove("a", None);
    assert_eq!(kv::change_all(&twice).unwrap_err().error, kv::Error::Invalid);
    let made = kv::change_all(&kv::Changes::new().remove("a", None).set("c", b"3", Default::default())).unwrap();
    assert!(made[0] == 0 && made[1] > version && kv::get("a").is_none());
    assert_eq!(kv::change_each(&kv::Changes::new()), Err(kv::Error::Invalid));
}

#[test]
fn a_swap_tells_what_was_there() {
    let _guest = Guest::new(|_| {});
    let only = |version| kv::SetOptions { if_version: Some(version), ..Default::default() };
    let first = kv::swap("key", b"1", only(0)).unwrap();
    assert_eq!(first.old, None);
    let second = kv::swap("key", b"2", Default::default()).unwrap();
    assert_eq!(second.old, Some(kv::Old { version: first.version, value: Some(b"1".to_vec()) }));
    let there = Some(kv::Old { version: second.version, value: Some(b"2".to_vec()) });
    assert_eq!(kv::swap("key", b"3", only(0)), Err(kv::NotSwapped { error: kv::Error::Conflict, there }));
    let large = vec![b'x'; 70_000];
    let third = kv::set("key", &large).unwrap();
    let old = kv::swap("key", b"", Default::default()).unwrap().old;
    assert_eq!(old, Some(kv::Old { version: third, value: None }));
}
