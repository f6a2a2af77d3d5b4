//! The host in memory.

use super::Outcome;
use super::targets::MadeCalls;
use crate::abi::{self, Host, Info, Kind, Style};
use crate::metadata::{MetadataMap, MetadataValue};
use crate::status::Code;
use std::cell::{RefCell, RefMut};
use std::collections::{BTreeMap, VecDeque};
use std::format;
use std::string::{String, ToString};
use std::time::Duration;
use std::vec::Vec;

/// What a client does.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) requests: VecDeque<Vec<u8>>,
    pub(super) half_closed: bool,
    pub(super) metadata: MetadataMap,
    pub(super) timeout: Option<Duration>,
    pub(super) cancels: bool,
    pub(super) stalls: usize,
    pub(super) content_subtype: Option<String>,
    /// Of an HTTP request.
    pub(super) http_method: Option<String>,
}

#[derive(Debug)]
pub(super) struct Call {
    path: String,
    kind: Kind,
    style: Style,
    client: Client,
    deadline: Option<Duration>,
    timer: Option<Duration>,
    stalls_left: usize,
    waits_for_room: bool,
    received_any: bool,
    headers_sent: bool,
    headers: MetadataMap,
    trailers: MetadataMap,
    messages: VecDeque<Vec<u8>>,
    status: Option<(Code, String)>,
    http_status: i32,
    ended: Option<&'static str>, // for the client
    told: bool,                  // of its end
}

#[derive(Debug)]
struct Method {
    path: String,
    kind: Kind,
    style: Style,
    tag: i32,
}

impl Method {
    /// Whether it is of HTTP, and its prefix fits the target at a segment.
    fn serves(&self, target: &str) -> bool {
        let path = target.split('?').next().unwrap_or(target);
        let below = path.strip_prefix(&self.path);
        self.kind == Kind::Http
            && (self.path == "/" || below.is_some_and(|below| below.is_empty() || below.starts_with('/')))
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    methods: Vec<Method>,
    pub(super) calls: BTreeMap<i32, Call>,
    last_call: i32,
    pub(super) now: Duration,
    alarm: Option<Duration>,
    pub(super) made: MadeCalls,
    log: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct TestHost(RefCell<State>);

impl Call {
    /// Ends it for the client where that is due.
    fn look(&mut self, now: Duration) {
        if self.ended.is_some() || self.status.is_some() {
            return;
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.ended = Some("deadline");
        } else if self.client.cancels && self.client.requests.is_empty() {
            self.ended = Some("client");
        }
    }

    /// For its client.
    pub(super) fn is_over(&self) -> bool {
        self.ended.is_some() || self.status.is_some() || self.told
    }

    fn is_live(&self) -> bool {
        !self.told && (self.style == Style::Handler || self.status.is_none())
    }

    /// CANCELLED or CLOSED where nothing can be done for the client any more, else what `work` answers.
    fn answer(&mut self, work: impl FnOnce(&mut Self) -> i32) -> i32 {
        if self.status.is_some() {
            abi::CLOSED
        } else if self.ended.is_some() {
            abi::CANCELLED
        } else {
            work(self)
        }
    }

    /// Of the response, keys and values, in bytes.
    fn metadata_size(&self) -> usize {
        self.headers.iter().chain(self.trailers.iter()).map(|(key, value)| key.len() + value.as_bytes().len()).sum()
    }

    fn ready(&self, interests: i32) -> i32 {
        let readable = !self.client.requests.is_empty() || self.client.half_closed;
        let ready = if readable { abi::READABLE } else { 0 } | if self.stalls_left == 0 { abi::WRITABLE } else { 0 };
        ready & interests
    }
}

impl TestHost {
    pub(super) fn state(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// Whether there is a call in handler style that has ended for its client.
    pub(super) fn handler_is_over(&self) -> bool {
        let mut state = self.state();
        let now = state.now;
        state.calls.values_mut().any(|call| {
            call.look(now);
            call.style == Style::Handler && call.ended.is_some()
        })
    }

    /// The call, its method's style and its tag; None where there is no such method.
    pub(super) fn begin(&self, path: &str, client: Client) -> Option<(i32, Style, i32)> {
        let mut state = self.0.borrow_mut();
        let method = match client.http_method {
            None => state.methods.iter().find(|method| method.path == path && method.kind != Kind::Http)?,
            Some(_) => {
                state.methods.iter().filter(|method| method.serves(path)).max_by_key(|method| method.path.len())?
            }
        };
        let (kind, style, tag) = (method.kind, method.style, method.tag);
        state.last_call += 1;
        let (number, now) = (state.last_call, state.now);
        let call = Call {
            path: path.to_string(),
            kind,
            style,
            deadline: client.timeout.map(|time| now + time),
            timer: None,
            stalls_left: client.stalls,
            waits_for_room: false,
            received_any: false,
            headers_sent: false,
            headers: MetadataMap::new(),
            trailers: MetadataMap::new(),
            messages: VecDeque::new(),
            status: None,
            http_status: 200,
            ended: None,
            told: false,
            client,
        };
        state.calls.insert(number, call);
        Some((number, style, tag))
    }

    fn with<R>(&self, call: i32, otherwise: R, work: impl FnOnce(&mut Call, Duration) -> R) -> R {
        let mut state = self.0.borrow_mut();
        let now = state.now;
        match state.calls.get_mut(&call).filter(|call| call.is_live()) {
            Some(call) => {
                call.look(now);
                work(call, now)
            }
            None => otherwise,
        }
    }

    pub(super) fn client(&self, call: i32, change: impl FnOnce(&mut Client)) {
        self.with(call, (), |call, _| change(&mut call.client));
    }

    pub(super) fn end(&self, call: i32, reason: &'static str) {
        self.with(call, (), |call, _| call.ended = Some(reason));
    }

    /// A handler has returned.
    pub(super) fn returned(&self, call: i32, code: i32) {
        self.with(call, (), |call, _| {
            if call.status.is_none() && call.ended.is_none() {
                call.status = Some((Code::from_i32(code), String::new()));
            }
        });
    }

    pub(super) fn is_over(&self, call: i32) -> bool {
        self.0.borrow().calls.get(&call).is_none_or(|call| call.status.is_some() || call.told)
    }

    pub(super) fn open_calls(&self) -> Vec<i32> {
        let state = self.0.borrow();
        let is_open = |call: &Call| call.style == Style::Events && call.is_live();
        state.calls.iter().filter(|(_, call)| is_open(call)).map(|(number, _)| *number).collect()
    }

    pub(super) fn take_messages(&self, call: i32) -> VecDeque<Vec<u8>> {
        self.0.borrow_mut().calls.get_mut(&call).map(|call| std::mem::take(&mut call.messages)).unwrap_or_default()
    }

    pub(super) fn outcome(&self, number: i32) -> Outcome {
        let call = self.0.borrow_mut().calls.remove(&number).expect("a call has one outcome");
        let (mut code, mut message) = match (call.status, call.ended) {
            (Some(status), _) => status,
            (None, Some("deadline")) => (Code::DeadlineExceeded, String::new()),
            (None, _) => (Code::Cancelled, String::new()),
        };
        let is_single = matches!(call.kind, Kind::Unary | Kind::ClientStream);
        if code == Code::Ok && is_single && call.messages.is_empty() {
            (code, message) = (Code::Internal, "the method has sent no response".to_string());
        }
        let mut outcome = Outcome {
            code,
            message,
            messages: call.messages.into(),
            headers: call.headers,
            trailers: call.trailers,
            http_status: 0,
        };
        if call.kind == Kind::Http {
            outcome.http_status = call.http_status as u16;
            if code != Code::Ok && !call.headers_sent {
                outcome.http_status = http_status_of(code);
                outcome.headers = MetadataMap::new();
                outcome.headers.insert("content-type", MetadataValue::from_static("text/plain"));
                outcome.messages = std::vec![outcome.message.clone().into_bytes()];
            }
        }
        outcome
    }

    pub(super) fn now_is(&self) -> Duration {
        self.0.borrow().now
    }

    /// Lets time pass until something comes about, or `until`. False when nothing does.
    pub(super) fn pass(&self, until: Option<Duration>) -> bool {
        let mut state = self.0.borrow_mut();
        let live = state.calls.values().filter(|call| call.is_live());
        let of_calls = live.flat_map(|call| [call.timer, call.deadline]).flatten();
        let next = of_calls.chain(state.made.next()).chain(state.alarm).min();
        match (next, until) {
            (Some(next), Some(until)) if next > until => state.now = until,
            (Some(next), _) => {
                state.now = state.now.max(next);
                return true;
            }
            (None, Some(until)) => state.now = until,
            (None, None) => {}
        }
        false
    }

    /// The next event of a call in event style that is due.
    pub(super) fn next_event(&self) -> Option<(i32, i32, i32)> {
        let mut state = self.0.borrow_mut();
        let now = state.now;
        for (number, call) in &mut state.calls {
            if call.style != Style::Events || !call.is_live() {
                continue;
            }
            call.look(now);
            if call.ended.is_some() {
                call.told = true;
                return Some((*number, abi::event::CANCELLED, 0));
            }
            if call.waits_for_room && call.client.stalls != usize::MAX {
                (call.stalls_left, call.waits_for_room) = (0, false);
                return Some((*number, abi::event::WRITABLE, 0));
            }
            if call.timer.is_some_and(|timer| timer <= now) {
                call.timer = None;
                return Some((*number, abi::event::TIMER, 0));
            }
        }
        state.alarm.take_if(|alarm| *alarm <= now).map(|_| (0, abi::event::ALARM, 0))
    }

    /// Until the instance's alarm.
    pub(super) fn alarm_in(&self) -> Option<Duration> {
        let state = self.0.borrow();
        state.alarm.map(|alarm| alarm.saturating_sub(state.now))
    }

    pub(super) fn log_lines(&self) -> Vec<String> {
        self.0.borrow().log.clone()
    }
}

/// Fields that are the host's.
/// Bytes of response metadata that a call may have, keys and values.
const MOST_METADATA: usize = 16 << 10;

const FRAMING: [&str; 8] =
    ["connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/// The HTTP status that fits a code.
fn http_status_of(code: Code) -> u16 {
    match code {
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::AlreadyExists | Code::Aborted => 409,
        Code::ResourceExhausted => 429,
        Code::Unimplemented => 501,
        Code::Unavailable => 503,
        Code::DeadlineExceeded => 504,
        _ => 500,
    }
}

impl Host for TestHost {
    fn method(&self, path: &str, kind: Kind, style: Style, tag: i32) -> i32 {
        let mut state = self.0.borrow_mut();
        if state.methods.iter().any(|method| method.path == path) {
            return abi::INVALID;
        }
        state.methods.push(Method { path: path.to_string(), kind, style, tag });
        abi::OK
    }

    fn health_set(&self, service: &str, _serving: bool) -> i32 {
        let begin = format!("/{service}/");
        let known = self.0.borrow().methods.iter().any(|method| method.path.starts_with(&begin));
        if known { abi::OK } else { abi::ABSENT }
    }

    fn recv(&self, call: i32, buffer: &mut [u8]) -> i32 {
        self.with(call, abi::CLOSED, |call, _| {
            if call.ended.is_some() {
                return abi::CANCELLED;
            }
            let Some(message) = call.client.requests.front() else {
                return if call.client.half_closed { abi::END } else { abi::AGAIN };
            };
            let length = message.len();
            if let Some(room) = buffer.get_mut(..length) {
                room.copy_from_slice(message);
                call.client.requests.pop_front();
                call.received_any = true;
            }
            length as i32
        })
    }

    fn send(&self, call: i32, message: &[u8]) -> i32 {
        self.with(call, abi::CLOSED, |call, _| {
            call.answer(|call| {
                if matches!(call.kind, Kind::Unary | Kind::ClientStream) && !call.messages.is_empty() {
                    return abi::INVALID;
                }
                if call.stalls_left > 0 {
                    call.waits_for_room = true;
                    return abi::AGAIN;
                }
                call.stalls_left = call.client.stalls;
                call.headers_sent = true;
                call.messages.push_back(message.to_vec());
                abi::OK
            })
        })
    }

    fn wait(&self, number: i32, interests: i32, timeout_ns: i64) -> i32 {
        loop {
            let answer = self.with(number, Some(abi::CLOSED), |call, now| {
                if call.status.is_some() || call.ended.is_some() {
                    return Some(abi::CANCELLED);
                }
                let ready = call.ready(interests);
                if ready != 0 || timeout_ns == 0 {
                    return Some(ready);
                }
                if call.style == Style::Events {
                    return Some(abi::INVALID);
                }
                if interests & abi::WRITABLE != 0 {
                    call.stalls_left -= 1; // the client has read
                    return None;
                }
                let until = u64::try_from(timeout_ns).ok().map(|time| now + Duration::from_nanos(time));
                call.timer = until;
                assert!(
                    until.is_some() || call.deadline.is_some(),
                    "the handler waits for the end of a call that does not end: give it a timeout, or cancelled()"
                );
                Some(abi::OK)
            });
            match answer {
                Some(abi::OK) if timeout_ns != 0 => {}
                Some(answer) => return answer,
                None => continue,
            }
            self.pass(None);
            return self.with(number, abi::CLOSED, |call, _| {
                call.timer = None;
                if call.ended.is_some() { abi::CANCELLED } else { abi::OK }
            });
        }
    }

    fn timer(&self, call: i32, timeout_ns: i64) -> i32 {
        self.with(call, abi::CLOSED, |call, now| {
            if call.style == Style::Handler {
                return abi::INVALID;
            }
            call.timer = u64::try_from(timeout_ns).ok().map(|time| now + Duration::from_nanos(time));
            abi::OK
        })
    }

    fn finish(&self, call: i32, code: i32, message: &str) -> i32 {
        self.with(call, abi::CLOSED, |call, _| {
            call.answer(|call| {
                call.status = Some((Code::from_i32(code), message.to_string()));
                abi::OK
            })
        })
    }

    fn metadata(&self, call: i32) -> Vec<(String, Vec<u8>)> {
        self.with(call, Vec::new(), |call, _| {
            call.client.metadata.iter().map(|(key, value)| (key.to_string(), value.as_bytes().to_vec())).collect()
        })
    }

    fn metadata_add(&self, call: i32, place: i32, key: &str, value: &[u8]) -> i32 {
        self.with(call, abi::CLOSED, |call, _| {
            call.answer(|call| {
                let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
                let is_own =
                    key.starts_with("grpc-") && key != "grpc-status-details-bin" && key != "grpc-retry-pushback-ms";
                let is_text = value.iter().all(|byte| (0x20..=0x7e).contains(byte));
                if key.is_empty() || !key.chars().all(allowed) || is_own || (!key.ends_with("-bin") && !is_text) {
                    return abi::INVALID;
                }
                let is_http = call.kind == Kind::Http;
                if is_http && (place == abi::TRAILERS || FRAMING.contains(&key)) || key == "content-length" {
                    return abi::INVALID;
                }
                if place == abi::HEADERS && call.headers_sent {
                    return abi::INVALID;
                }
                let is_second = key.starts_with("grpc-") && call.trailers.get(key).is_some();
                if is_second || call.metadata_size() + key.len() + value.len() > MOST_METADATA {
                    return abi::INVALID;
                }
                let map = if place == abi::HEADERS { &mut call.headers } else { &mut call.trailers };
                map.append(key, MetadataValue::from_bytes(value));
                abi::OK
            })
        })
    }

    fn headers_send(&self, call: i32) -> i32 {
        self.with(call, abi::CLOSED, |call, _| {
            call.answer(|call| {
                call.headers_sent = true;
                abi::OK
            })
        })
    }

    fn http_status(&self, call: i32, status: i32) -> i32 {
        self.with(call, abi::CLOSED, |call, _| {
            call.answer(|call| {
                if call.kind != Kind::Http || call.headers_sent || !(200..=599).contains(&status) {
                    return abi::INVALID;
                }
                call.http_status = status;
                abi::OK
            })
        })
    }

    fn info(&self, call: i32, what: Info) -> Option<Vec<u8>> {
        self.with(call, None, |call, _| match what {
            Info::Path => Some(call.path.clone().into()),
            Info::Authority => Some(b"testing".to_vec()),
            Info::Peer => Some(b"127.0.0.1:1".to_vec()),
            Info::HttpMethod => call.client.http_method.clone().map(Into::into),
            Info::MessageEncoding if call.received_any => Some(b"identity".to_vec()),
            Info::End if call.status.is_some() => Some(b"answered".to_vec()),
            Info::End => call.ended.map(Into::into),
            Info::ContentSubtype => call.client.content_subtype.clone().map(Into::into),
            _ => None,
        })
    }

    fn deadline(&self, call: i32) -> i64 {
        self.with(call, i64::from(abi::CLOSED), |call, now| {
            call.deadline.map_or(abi::NO_DEADLINE, |deadline| deadline.saturating_sub(now).as_nanos() as i64)
        })
    }

    fn log(&self, call: i32, level: i32, text: &str, pairs: Vec<(String, String)>) -> i32 {
        let level = ["trace", "debug", "info", "warn"].get(level as usize).copied().unwrap_or("error");
        let mut line = format!("{level}: {text}");
        if call != 0 {
            let Some(path) = self.with(call, None, |call, _| Some(call.path.clone())) else { return abi::CLOSED };
            line += &format!(" method={path}");
        }
        for (key, value) in pairs {
            line += &format!(" {key}={value:?}");
        }
        self.0.borrow_mut().log.push(line);
        abi::OK
    }

    fn alarm(&self, timeout_ns: i64) -> i32 {
        let mut state = self.0.borrow_mut();
        state.alarm = u64::try_from(timeout_ns).ok().map(|time| state.now + Duration::from_nanos(time));
        abi::OK
    }

    fn now(&self) -> Duration {
        self.now_is()
    }
}
