//! What ../shared_state.cc does, in Rust: counters, and a store, by handlers of bytes and, as shared.Tasks, by tasks that share an
//! instance. Messages are plain text.

use std::rc::Rc;
use std::time::Duration;
use wasm_grpc_guest::codegen::{Methods, Request, Response, Service, Status};
use wasm_grpc_guest::{Call, Counter, Placement, Services, kv, services};

type Answer = Result<Vec<u8>, Status>;

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

fn failed(error: kv::Error) -> Status {
    match error {
        kv::Error::Full => Status::resource_exhausted("full"),
        kv::Error::TooLarge => Status::resource_exhausted("too large"),
        error => error.into(),
    }
}

fn counter(name: &[u8]) -> Result<Counter, Status> {
    Counter::named(text(name)).map_err(|_| Status::resource_exhausted(""))
}

/// "NAME": adds 1.
fn count(_: &Call, name: &[u8]) -> Answer {
    Ok(counter(name)?.add(1).to_string().into())
}

/// "NAME": adds 1 by comparing and exchanging.
fn count_by_comparing(_: &Call, name: &[u8]) -> Answer {
    let counter = counter(name)?;
    loop {
        let value = counter.load();
        if counter.compare_exchange(value, value + 1).is_ok() {
            return Ok((value + 1).to_string().into());
        }
    }
}

/// Uses a counter that is none.
fn misuse(_: &Call, _: &[u8]) -> Answer {
    Ok(Counter::named("").unwrap().load().to_string().into())
}

/// "KEY": its value.
fn get(_: &Call, key: &[u8]) -> Answer {
    Ok(kv::find(text(key)).map_err(failed)?.value)
}

/// "KEY MILLISECONDS VALUE": 0 milliseconds are for ever.
fn set(_: &Call, request: &[u8]) -> Answer {
    let mut parts = text(request).splitn(3, ' ');
    let mut part = || parts.next().unwrap_or_default();
    let (key, milliseconds, value) = (part(), part().parse().unwrap_or(0), part());
    let ttl = (milliseconds > 0).then(|| Duration::from_millis(milliseconds));
    kv::set_with(key, value, kv::SetOptions { ttl, ..Default::default() }).map_err(failed)?;
    Ok(Vec::new())
}

/// "KEY"
fn remove(_: &Call, key: &[u8]) -> Answer {
    kv::remove(text(key)).map_err(failed)?;
    Ok(Vec::new())
}

/// "KEY": adds one character to its value, whoever else does, and says how often it had to try.
fn append(_: &Call, key: &[u8]) -> Answer {
    for tries in 1.. {
        let found = kv::get(text(key));
        let version = found.as_ref().map_or(0, |entry| entry.version);
        let longer = [&found.map_or(Vec::new(), |entry| entry.value)[..], b"x"].concat();
        match kv::set_if(text(key), longer, version) {
            Err(kv::Error::Conflict) => continue,
            Err(error) => return Err(failed(error)),
            Ok(_) => return Ok(tries.to_string().into()),
        }
    }
    unreachable!()
}

fn value_of(value: Option<Vec<u8>>) -> String {
    value.map_or("Absent".into(), |value| text(&value).into())
}

const IF_NEW: kv::SetOptions = kv::SetOptions { ttl: None, if_version: Some(0) };
const ANY: kv::SetOptions = kv::SetOptions { ttl: None, if_version: None };

/// `many!(prefix, kv)`, and `many!(prefix, kv::tasks, await)`: what the functions for several pairs answer, below keys that begin so.
macro_rules! many {
    ($prefix:expr, $($kv:ident)::+ $(, $await:tt)?) => {{
        let prefix: &str = $prefix;
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| format!("{prefix}{name}"));
        let mut told = String::from("each");
        let changes = kv::Changes::new().set(&a, "1", ANY).set(&b, "22", IF_NEW).remove(&c, None);
        for one in $($kv)::+::change_each(&changes)$(.$await)?? {
            told += &one.map_or_else(|error| format!(" {error:?}"), |_| " ok".into());
        }
        let conflicting = kv::Changes::new().set(&a, "x", ANY).set(&b, "y", IF_NEW);
        let conflict = $($kv)::+::change_all(&conflicting)$(.$await)?.map_err(|not| not.error);
        told += &format!("\nall {}", conflict.map_or_else(|error| format!("{error:?}"), |_| "ok".into()));
        $($kv)::+::change_all(&kv::Changes::new().set(&a, "333", ANY).set(&d, "4444", IF_NEW))$(.$await)??;
        told += "\nmany";
        for found in $($kv)::+::get_many(&[&a, &c, &d])$(.$await)?? {
            told += &format!(" {}", value_of(found.map(|entry| entry.value)));
        }
        let mut page = $($kv)::+::list(prefix, "", 2)$(.$await)??;
        while let Some(next) = page.next {
            told += "\nlist";
            for pair in page.pairs {
                told += &format!(" {}:{}", &pair.key[prefix.len()..], pair.value_bytes);
            }
            page = $($kv)::+::list(prefix, next, 2)$(.$await)??;
        }
        told += "\nswap";
        for key in [&a, &c] {
            let old = $($kv)::+::swap(key, "5", ANY)$(.$await)??.old;
            told += &format!(" {}", value_of(old.and_then(|old| old.value)));
        }
        let there = $($kv)::+::swap(&a, "6", IF_NEW)$(.$await)?.err().and_then(|not| not.there);
        told + &format!("\nconflict {}", value_of(there.and_then(|there| there.value)))
    }};
}

/// "PREFIX"
fn many(_: &Call, prefix: &[u8]) -> Answer {
    Ok(many!(text(prefix), kv).into())
}

#[derive(Clone, PartialEq, prost::Message)]
struct Text {
    #[prost(string, tag = "1")]
    text: String,
}

struct Tasks;

/// As wasm-grpc-build would generate it.
impl Service for Tasks {
    const NAME: &'static str = "shared.Tasks";

    fn declare(self, methods: &mut Methods<'_>) {
        let inner = Rc::new(self);
        let decode = |bytes: &[u8]| wasm_grpc_guest::codegen::decode("shared.Text", bytes);
        methods.unary("Many", &inner, decode, |_: Rc<Tasks>, request: Request<Text>| async move {
            Ok(Response::new(Text { text: many!(&request.get_ref().text, kv::tasks, await) }))
        });
        methods.unary("Set", &inner, decode, |_: Rc<Tasks>, request: Request<Text>| async move {
            kv::tasks::set(&request.get_ref().text, "value", ANY).await?;
            Ok(Response::new(Text::default()))
        });
        methods.unary("Echo", &inner, decode, |_: Rc<Tasks>, request: Request<Text>| async move {
            Ok(Response::new(request.into_inner()))
        });
        methods.unary("Next", &inner, decode, |_: Rc<Tasks>, request: Request<Text>| async move {
            let mut watch = kv::tasks::watch_prefix(&request.get_ref().text)?;
            Ok(Response::new(Text { text: watch.next().await?.keys.join(" ") }))
        });
    }
}

fn serve(services: &mut Services) {
    counter(b"starts").unwrap().add(1);
    services
        .service("shared.State")
        .unary("Count", count)
        .unary("CountByComparing", count_by_comparing)
        .unary("Misuse", misuse)
        .unary("Get", get)
        .unary("Set", set)
        .unary("Remove", remove)
        .unary("Append", append)
        .unary("Many", many);
    services.place(Placement::Process);
    services.add_shared_service(Tasks);
}

services!(serve);
