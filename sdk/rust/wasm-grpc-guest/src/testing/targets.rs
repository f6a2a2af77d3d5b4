//! What the calls that a guest makes are answered.

use super::host::{State, TestHost};
use crate::abi::client::{ENDED, HEADERS, Info, READABLE, WRITABLE, WaitEntry};
use crate::abi::{self, ClientHost, Host, Kind};
use crate::metadata::{MetadataMap, MetadataValue};
use crate::status::Code;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::format;
use std::rc::Rc;
use std::string::String;
use std::time::Duration;
use std::vec::Vec;

/// A call that the guest has made, when its last request was sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Made {
    /// Its requests.
    pub requests: Vec<Vec<u8>>,
    /// Its request headers.
    pub metadata: MetadataMap,
    /// The time that it was given.
    pub timeout: Option<Duration>,
}

/// What a call that the guest has made is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub code: Code,
    /// The status message.
    pub message: String,
    /// The response messages.
    pub messages: Vec<Vec<u8>>,
    /// The response headers.
    pub headers: MetadataMap,
    /// The trailers.
    pub trailers: MetadataMap,
    /// How long it takes.
    pub after: Duration,
}

impl Answer {
    /// The end with OK, after these responses.
    pub fn ok(messages: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        Self {
            code: Code::Ok,
            message: String::new(),
            messages: messages.into_iter().map(|message| message.as_ref().to_vec()).collect(),
            headers: MetadataMap::new(),
            trailers: MetadataMap::new(),
            after: Duration::ZERO,
        }
    }

    /// An answer of HTTP, of this body.
    pub fn http(status: u16, body: impl AsRef<[u8]>) -> Self {
        let mut answer = Self::ok([body]);
        answer.headers.append(":status", MetadataValue::from_bytes(format!("{status}").as_bytes()));
        answer
    }

    /// The end with another code, without responses.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), ..Self::ok([[]; 0]) }
    }

    /// The same, later.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }
}

type Answering = Rc<dyn Fn(&Made) -> Answer>;

/// The calls that the guest makes, and what answers them.
#[derive(Default)]
pub(super) struct MadeCalls {
    answers: BTreeMap<String, Answering>, // by target and path
    calls: BTreeMap<i32, MadeCall>,
    made: i32,
}

struct MadeCall {
    made: Made,
    parent: i32,
    answer: Option<Answering>, // until it is asked
    deadline: Option<Duration>,
    answered: Option<(Duration, Answer)>, // when
    messages: VecDeque<Vec<u8>>,
    end: Option<(Code, String)>,
    headers: MetadataMap,
    trailers: MetadataMap,
    told: bool, // of its end, by an event
}

impl fmt::Debug for MadeCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MadeCalls").field("made", &self.made).finish_non_exhaustive()
    }
}

impl MadeCall {
    fn finish(&mut self, answer: Answer) {
        if self.end.is_none() {
            self.end = Some((answer.code, answer.message));
            self.messages = answer.messages.into();
            (self.headers, self.trailers) = (answer.headers, answer.trailers);
        }
    }

    /// Ends it where that is due.
    fn look(&mut self, now: Duration, parent_is_over: bool) {
        if self.end.is_some() {
            return;
        }
        if parent_is_over {
            self.finish(Answer::error(Code::Cancelled, "the call it was made for is over"));
        } else if self.answered.as_ref().is_some_and(|(when, _)| *when <= now) {
            let answer = self.answered.take().map(|(_, answer)| answer);
            self.finish(answer.expect("it was looked at"));
        } else if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.finish(Answer::error(Code::DeadlineExceeded, "the time that it was given has passed"));
        }
    }

    fn holding(&self) -> i32 {
        if self.end.is_some() { READABLE | WRITABLE | HEADERS | ENDED } else { WRITABLE }
    }

    /// When something comes about.
    fn next(&self) -> Option<Duration> {
        let answered = self.answered.as_ref().map(|(when, _)| *when);
        if self.end.is_some() { None } else { [answered, self.deadline].into_iter().flatten().min() }
    }
}

impl MadeCalls {
    /// The first time that something comes about in one of them.
    pub(super) fn next(&self) -> Option<Duration> {
        self.calls.values().filter_map(MadeCall::next).min()
    }

    /// Looks at them all, as it is now.
    fn look(&mut self, now: Duration, is_over: impl Fn(i32) -> bool) {
        for call in self.calls.values_mut() {
            call.look(now, call.parent != 0 && is_over(call.parent));
        }
    }

    /// The next that ended and whose guest is to be told.
    fn next_event(&mut self) -> Option<(i32, i32)> {
        let (number, call) = self.calls.iter_mut().find(|(_, call)| call.end.is_some() && !call.told)?;
        call.told = true;
        Some((*number, call.holding()))
    }
}

impl State {
    fn look_at_made(&mut self) {
        let calls = &self.calls;
        self.made.look(self.now, |parent| calls.get(&parent).is_none_or(|call| call.is_over()));
    }
}

impl TestHost {
    pub(super) fn answer(&self, method: &str, answer: impl Fn(&Made) -> Answer + 'static) {
        self.state().made.answers.insert(method.into(), Rc::new(answer));
    }

    /// The next event of a call that a guest has made in event style: its number, and what holds.
    pub(super) fn next_event_of_made(&self) -> Option<(i32, i32)> {
        let mut state = self.state();
        state.look_at_made();
        state.made.next_event()
    }

    fn with_made(&self, call: i32, work: impl FnOnce(&mut MadeCall) -> i32) -> i32 {
        let mut state = self.state();
        state.look_at_made();
        state.made.calls.get_mut(&call).map_or(abi::CLOSED, work)
    }

    /// Asks for the answer of a call whose last request was sent.
    fn ask(&self, call: i32) {
        let asked = {
            let mut state = self.state();
            let made = state.made.calls.get_mut(&call);
            made.and_then(|made| Some((made.answer.take()?, made.made.clone())))
        };
        // Not while the state is borrowed: the test's code may do whatever it likes.
        let Some((answer, made)) = asked else { return };
        let answer = answer(&made);
        let mut state = self.state();
        let when = state.now + answer.after;
        if let Some(made) = state.made.calls.get_mut(&call) {
            made.answered = Some((when, answer));
        }
    }

    /// How many of the entries hold, each of which is told what does.
    fn look_at(&self, entries: &mut [WaitEntry]) -> i32 {
        let mut holding = 0;
        for entry in entries {
            let interests = entry.interests;
            entry.ready = self.with_made(entry.call, |call| call.holding() & interests);
            if entry.ready == abi::CLOSED {
                entry.ready = self.wait(entry.call, interests, 0);
            }
            holding += i32::from(entry.ready != 0);
        }
        holding
    }
}

impl ClientHost for TestHost {
    fn client_open(&self, target: &str, path: &str, _: Kind, timeout_ns: i64, parent: i32, metadata: &[u8]) -> i32 {
        let mut state = self.state();
        if parent != 0 && state.calls.get(&parent).is_none_or(|call| call.is_over()) {
            return abi::CLOSED;
        }
        let timeout = u64::try_from(timeout_ns).ok().map(Duration::from_nanos);
        let mut call = MadeCall {
            made: Made { requests: Vec::new(), metadata: MetadataMap::from_list(metadata), timeout },
            parent,
            answer: state.made.answers.get(&format!("{target}{}", path.split('?').next().unwrap_or(path))).cloned(),
            deadline: timeout.map(|timeout| state.now + timeout),
            answered: None,
            messages: VecDeque::new(),
            end: None,
            headers: MetadataMap::new(),
            trailers: MetadataMap::new(),
            told: false,
        };
        if call.answer.is_none() {
            call.finish(Answer::error(Code::PermissionDenied, format!("the test has no answer() of {target}{path}")));
        }
        state.made.made += 1;
        let number = 1000 + state.made.made;
        state.made.calls.insert(number, call);
        number
    }

    fn client_send(&self, call: i32, message: &[u8], last: bool) -> i32 {
        let answer = self.with_made(call, |call| {
            if call.end.is_some() {
                return abi::CANCELLED;
            }
            if call.answer.is_none() {
                return abi::CLOSED;
            }
            call.made.requests.push(message.to_vec());
            abi::OK
        });
        if answer == abi::OK && last {
            self.ask(call);
        }
        answer
    }

    fn client_half_close(&self, call: i32) -> i32 {
        self.ask(call);
        self.with_made(call, |_| abi::OK)
    }

    fn client_recv(&self, call: i32, buffer: &mut [u8]) -> i32 {
        self.with_made(call, |call| {
            let Some(message) = call.messages.front() else {
                return if call.end.is_some() { abi::END } else { abi::AGAIN };
            };
            let length = message.len();
            if let Some(room) = buffer.get_mut(..length) {
                room.copy_from_slice(message);
                call.messages.pop_front();
            }
            length as i32
        })
    }

    fn client_metadata(&self, call: i32, place: i32) -> Result<Vec<u8>, i32> {
        let mut list = Vec::new();
        let answer = self.with_made(call, |call| {
            if call.end.is_none() {
                return abi::AGAIN;
            }
            list = if place == abi::HEADERS { call.headers.to_list() } else { call.trailers.to_list() };
            abi::OK
        });
        if answer == abi::OK { Ok(list) } else { Err(answer) }
    }

    fn client_status(&self, call: i32) -> i32 {
        self.with_made(call, |call| call.end.as_ref().map_or(abi::AGAIN, |(code, _)| *code as i32))
    }

    fn client_info(&self, call: i32, what: Info) -> Option<Vec<u8>> {
        let mut found = None;
        self.with_made(call, |call| {
            found = match what {
                Info::StatusMessage => call.end.as_ref().map(|(_, message)| message.clone().into_bytes()),
                Info::StatusDetails => {
                    call.trailers.get("grpc-status-details-bin").map(|value| value.as_bytes().to_vec())
                }
            };
            abi::OK
        });
        found
    }

    fn client_cancel(&self, call: i32) -> i32 {
        self.with_made(call, |call| {
            call.finish(Answer::error(Code::Cancelled, "the guest has given it up"));
            abi::OK
        })
    }

    fn client_close(&self, call: i32) -> i32 {
        let gone = self.state().made.calls.remove(&call);
        if gone.is_some() { abi::OK } else { abi::CLOSED }
    }

    fn client_wait_any(&self, entries: &mut [WaitEntry], timeout_ns: i64) -> i32 {
        let until = u64::try_from(timeout_ns).ok().map(|time| self.now_is() + Duration::from_nanos(time));
        loop {
            if self.handler_is_over() {
                return abi::CANCELLED;
            }
            let holding = self.look_at(entries);
            if holding != 0 || timeout_ns == 0 {
                return holding;
            }
            if until.is_some_and(|until| until <= self.now_is()) {
                return 0;
            }
            assert!(
                self.pass(until) || until.is_some(),
                "the handler waits for what never comes: give it a timeout, or an answer()"
            );
        }
    }
}
