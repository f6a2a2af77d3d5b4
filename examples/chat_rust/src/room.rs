//! Rooms, and those who are in them.

use crate::chat::{Enter, Event, Members, NamesTaken, Said, event::What};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use wasm_grpc_guest::{Call, Status};

const MAX_NAME_BYTES: usize = 64;
const MAX_ROOMS: usize = 10_000;
const MAX_MEMBERS: usize = 10_000;
/// Events that wait for a member, beside what is on the way to its client.
const MAX_UNHEARD: usize = 64;

/// All rooms there are, by their names: those that somebody is in.
#[derive(Default)]
pub struct Rooms(BTreeMap<String, BTreeMap<String, Rc<RefCell<Queue>>>>);

/// What a member has not heard yet.
struct Queue {
    events: VecDeque<Rc<Event>>,
    waiting: Option<Waker>,
    call: Call,
}

impl Rooms {
    /// Enters a room as a member, who hears of it by `call`.
    pub fn enter(rooms: &Rc<RefCell<Self>>, Enter { room, name }: &Enter, call: Call) -> Result<Member, Status> {
        check_name("room", room)?;
        check_name("member", name)?;
        let mut all = rooms.borrow_mut();
        let names = all.names(room);
        if names.is_empty() && all.0.len() >= MAX_ROOMS {
            return Err(Status::resource_exhausted("there are 10000 rooms already"));
        }
        if names.contains(name) {
            let taken = Status::already_exists(format!("there is a {name} in {room}"));
            return Err(taken.with(&NamesTaken { names }));
        }
        if names.len() >= MAX_MEMBERS {
            return Err(Status::resource_exhausted("the room is full"));
        }
        let queue = Rc::new(RefCell::new(Queue { events: VecDeque::new(), waiting: None, call }));
        queue.borrow_mut().push(&Rc::new(event(What::Welcome(Members { names }))));
        all.tell(room, None, What::Entered(name.clone()));
        all.0.entry(room.clone()).or_default().insert(name.clone(), Rc::clone(&queue));
        drop(all);
        Ok(Member { rooms: Rc::clone(rooms), room: room.clone(), name: name.clone(), queue })
    }

    /// Who is in a room.
    pub fn names(&self, room: &str) -> Vec<String> {
        self.0.get(room).map(|members| members.keys().cloned().collect()).unwrap_or_default()
    }

    /// Says something as a member; those who are told. None when that is not there.
    pub fn say(&self, room: &str, name: &str, text: &str) -> Option<Vec<String>> {
        self.0.get(room)?.get(name)?;
        self.tell(room, Some(name), What::Said(Said { name: name.into(), text: text.into() }));
        let mut told = self.names(room);
        told.retain(|other| other != name);
        Some(told)
    }

    fn leave(&mut self, room: &str, name: &str) {
        let Some(members) = self.0.get_mut(room) else { return };
        members.remove(name);
        if members.is_empty() {
            self.0.remove(room);
            return;
        }
        self.tell(room, None, What::Left(name.into()));
    }

    /// Tells all but the one who speaks.
    fn tell(&self, room: &str, speaker: Option<&str>, what: What) {
        let told = Rc::new(event(what));
        for (name, queue) in self.0.get(room).into_iter().flatten() {
            if speaker != Some(name) {
                queue.borrow_mut().push(&told);
            }
        }
    }
}

impl Queue {
    fn push(&mut self, event: &Rc<Event>) {
        if self.events.len() == MAX_UNHEARD {
            // It waits for its client. An error: it has its status from before.
            let _ = self.call.finish(Err(Status::resource_exhausted("you read too slowly for this room")));
            return;
        }
        self.events.push_back(Rc::clone(event));
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

/// Somebody's being in a room, until it is dropped.
pub struct Member {
    rooms: Rc<RefCell<Rooms>>,
    room: String,
    name: String,
    queue: Rc<RefCell<Queue>>,
}

impl Member {
    /// The next that happens in the room; waits for it.
    pub async fn hear(&self) -> Event {
        poll_fn(|context| {
            let mut queue = self.queue.borrow_mut();
            if let Some(event) = queue.events.pop_front() {
                return Poll::Ready(Rc::unwrap_or_clone(event));
            }
            queue.waiting = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Tells the others in the room.
    pub fn say(&self, text: &str) {
        self.rooms.borrow().say(&self.room, &self.name, text);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.rooms.borrow_mut().leave(&self.room, &self.name);
    }
}

fn event(what: What) -> Event {
    Event { what: Some(what) }
}

fn check_name(what: &str, name: &str) -> Result<(), Status> {
    match name.len() {
        1..=MAX_NAME_BYTES => Ok(()),
        length => {
            Err(Status::invalid_argument(format!("the name of a {what} has 1 to 64 bytes; this one has {length}")))
        }
    }
}
