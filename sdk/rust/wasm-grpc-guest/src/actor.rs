//! The state of an actor, which survives it: in the store ([`kv`](crate::kv)), and changed under its version, so that of two
//! processes that both believe they have the actor only one changes it. docs/actors.md.
//!
//! ```no_run
//! use wasm_grpc_guest::{Request, Response, Status, actor};
//!
//! # #[derive(Clone, PartialEq, prost::Message)]
//! # struct Account { #[prost(int64, tag = "1")] cents: i64 }
//! # #[derive(Clone, PartialEq, prost::Message)]
//! # struct Amount { #[prost(int64, tag = "1")] cents: i64 }
//! # #[derive(Clone, PartialEq, prost::Message)]
//! # struct Balance { #[prost(int64, tag = "1")] cents: i64 }
//! struct Clerk {
//!     account: actor::State<Account>, // actor::State::new("account/", "account-id")
//! }
//!
//! impl Clerk {
//!     async fn deposit(&self, request: Request<Amount>) -> Result<Response<Balance>, Status> {
//!         let cents = self
//!             .account
//!             .update(request.call(), |account| {
//!                 account.cents += request.get_ref().cents;
//!                 Ok(account.cents)
//!             })
//!             .await?;
//!         Ok(Response::new(Balance { cents }))
//!     }
//! }
//! ```

use crate::call::Call;
use crate::kv::{self, Error, SetOptions};
use crate::status::Status;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::future::poll_fn;
use core::task::{Poll, Waker};

/// That of one actor: there is one for each instance of a shared service, which is placed by a request header
/// ([`Placement::Header`](crate::Placement)). Clones are the same state. A message that was never written is its default. The
/// state is read before the first change, and kept.
///
/// Changes come one after the other. One that was answered with `Ok` is in the store. With ABORTED it was not made, since another
/// process has changed the state: what this one knew is dropped, and read again by the next call, so that its client may try again.
/// With UNAVAILABLE it is made, or not, or will be soon.
pub struct State<M> {
    inner: Rc<Inner<M>>,
}

struct Inner<M> {
    prefix: String,
    header: String,
    key: RefCell<String>, // empty before the first call
    /// None: not read, or it is not known how the last change went.
    known: RefCell<Option<Known<M>>>,
    turns: Turns,
}

struct Known<M> {
    state: M,
    version: u64, // 0 where there is none: then nobody else may have made one when it is written
}

impl<M: prost::Message + Default + Clone> State<M> {
    /// A state whose pair has the key `prefix` and what the request header `header` says.
    pub fn new(prefix: impl Into<String>, header: impl Into<String>) -> Self {
        let (prefix, header) = (prefix.into(), header.into());
        Self {
            inner: Rc::new(Inner {
                prefix,
                header,
                key: RefCell::default(),
                known: RefCell::new(None),
                turns: Turns::default(),
            }),
        }
    }

    /// Changes it: `change` is given a copy, when all changes before are written. An error of its leaves everything as it was, and is
    /// returned. Other calls, of this actor too, go on meanwhile.
    pub async fn update<R>(&self, call: Call, change: impl FnOnce(&mut M) -> Result<R, Status>) -> Result<R, Status> {
        let this = &*self.inner;
        let _turn = this.turns.take().await;
        let key = this.name_it(call)?;
        // Known again only when it is known how this went, also when the call ends meanwhile.
        let known = match this.known.take() {
            Some(known) => known,
            None => decode(kv::tasks::find(&key).await)?,
        };
        let (next, given) = this.changed(known, change)?;
        let options = SetOptions { if_version: Some(next.version), ..SetOptions::default() };
        let written = kv::tasks::set(&key, next.state.encode_to_vec(), options).await;
        this.keep(next, written)?;
        Ok(given)
    }

    /// [`update`](Self::update) where there is no call, in an alarm: the instance waits. ABORTED while a call changes it, and
    /// before the first call, which says whose state it is.
    pub fn update_now<R>(&self, change: impl FnOnce(&mut M) -> Result<R, Status>) -> Result<R, Status> {
        let this = &*self.inner;
        let turn = this.turns.take_now();
        let (Some(_turn), false) = (turn, this.key.borrow().is_empty()) else {
            return Err(Status::aborted("a call changes the state just now"));
        };
        let key = self.key();
        let known = match this.known.take() {
            Some(known) => known,
            None => decode(kv::find(&key))?,
        };
        let (next, given) = this.changed(known, change)?;
        let written = kv::set_if(&key, next.state.encode_to_vec(), next.version);
        this.keep(next, written)?;
        Ok(given)
    }

    /// Looks at it as it is in the store, whoever has written it.
    pub async fn read<R>(&self, call: Call, look: impl FnOnce(&M) -> R) -> Result<R, Status> {
        let key = self.inner.name_of(call)?;
        Ok(look(&decode(kv::tasks::find(&key).await)?.state))
    }

    /// Its key in the store; empty before the first call.
    pub fn key(&self) -> String {
        self.inner.key.borrow().clone()
    }
}

impl<M: prost::Message + Default + Clone> Inner<M> {
    fn name_of(&self, call: Call) -> Result<String, Status> {
        let name = call.header(&self.header);
        let name = name.as_ref().and_then(|name| name.to_str().ok());
        let missing = || Status::invalid_argument(format!("the request header {} is missing", self.header));
        Ok(format!("{}{}", self.prefix, name.ok_or_else(missing)?))
    }

    fn name_it(&self, call: Call) -> Result<String, Status> {
        let name = self.name_of(call)?;
        let mut key = self.key.borrow_mut();
        if key.is_empty() {
            *key = name;
        }
        Ok(key.clone())
    }

    /// What is to be written. Where `change` fails, all is as it was.
    fn changed<R>(
        &self,
        known: Known<M>,
        change: impl FnOnce(&mut M) -> Result<R, Status>,
    ) -> Result<(Known<M>, R), Status> {
        let mut next = Known { state: known.state.clone(), version: known.version };
        match change(&mut next.state) {
            Ok(given) => Ok((next, given)),
            Err(status) => {
                self.known.replace(Some(known));
                Err(status)
            }
        }
    }

    fn keep(&self, next: Known<M>, written: Result<u64, Error>) -> Result<(), Status> {
        let version = written.map_err(status_of)?;
        self.known.replace(Some(Known { version, ..next }));
        Ok(())
    }
}

impl<M> Clone for State<M> {
    fn clone(&self) -> Self {
        Self { inner: Rc::clone(&self.inner) }
    }
}

impl<M> fmt::Debug for State<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("key", &self.inner.key.borrow()).finish_non_exhaustive()
    }
}

fn decode<M: prost::Message + Default>(found: Result<kv::Entry, Error>) -> Result<Known<M>, Status> {
    match found {
        Ok(entry) => {
            let wrong = |error| Status::data_loss(format!("what is stored is no state of this service: {error}"));
            Ok(Known { state: M::decode(&entry.value[..]).map_err(wrong)?, version: entry.version })
        }
        Err(Error::Absent) => Ok(Known { state: M::default(), version: 0 }),
        Err(Error::Unavailable) => Err(Status::unavailable("the store does not answer")),
        Err(error) => Err(Status::internal(format!("the state cannot be read from the store: {error}"))),
    }
}

fn status_of(error: Error) -> Status {
    match error {
        Error::Conflict => Status::aborted("another process has changed the state; try again"),
        Error::Unavailable => Status::unavailable("the store does not answer: the change is made or not"),
        Error::Full | Error::TooLarge => Status::resource_exhausted("there is no room for the state in the store"),
        error => Status::internal(format!("the state cannot be written to the store: {error}")),
    }
}

/// Who may change it: one at a time, in the order in which they came.
#[derive(Default)]
struct Turns {
    taken: Cell<bool>,
    waiting: RefCell<VecDeque<(u64, Waker)>>,
    last: Cell<u64>,
}

/// A turn, until it is dropped.
struct Turn<'a>(&'a Turns);

/// A place in the queue, which is left when the call of who waits ends.
struct Place<'a> {
    turns: &'a Turns,
    number: u64,
}

impl Turns {
    fn take_now(&self) -> Option<Turn<'_>> {
        (!self.taken.replace(true)).then(|| Turn(self))
    }

    async fn take(&self) -> Turn<'_> {
        let place = Place { turns: self, number: self.last.get() + 1 };
        self.last.set(place.number);
        poll_fn(|context| {
            let mut waiting = self.waiting.borrow_mut();
            let is_first = waiting.front().is_none_or(|(first, _)| *first == place.number);
            if is_first {
                if let Some(turn) = self.take_now() {
                    return Poll::Ready(turn);
                }
            }
            match waiting.iter_mut().find(|(number, _)| *number == place.number) {
                Some((_, waker)) => waker.clone_from(context.waker()),
                None => waiting.push_back((place.number, context.waker().clone())),
            }
            Poll::Pending
        })
        .await
    }

    /// Wakes who is next, where there is a turn to be had.
    fn wake_next(&self) {
        if self.taken.get() {
            return;
        }
        let next = self.waiting.borrow().front().map(|(_, waker)| waker.clone());
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.taken.set(false);
        self.0.wake_next();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.turns.waiting.borrow_mut();
        waiting.retain(|(number, _)| *number != self.number);
        drop(waiting);
        self.turns.wake_next();
    }
}
