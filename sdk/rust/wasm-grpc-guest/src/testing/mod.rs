//! Calls services natively, in an ordinary `cargo test`: a host in memory, which keeps to docs/abi.md.
//!
//! ```
//! use wasm_grpc_guest::testing::Guest;
//! use wasm_grpc_guest::{Call, Code, Services, Status};
//!
//! fn say(_call: &Call, request: &[u8]) -> Result<Vec<u8>, Status> {
//!     if request.is_empty() {
//!         return Err(Status::invalid_argument("say something"));
//!     }
//!     Ok([b"you said ", request].concat())
//! }
//!
//! fn serve(services: &mut Services) {
//!     services.service("hello.Hello").unary("Say", say);
//! }
//!
//! let guest = Guest::new(serve);
//! assert_eq!(guest.call("/hello.Hello/Say").message(b"hi").run().messages, [b"you said hi"]);
//! assert_eq!(guest.call("/hello.Hello/Say").message(b"").run().code, Code::InvalidArgument);
//! ```
//!
//! Time passes only when everything waits for it, and then at once. What the sandbox does is not shown: limits,
//! compression, instances that are dropped.

mod host;
mod targets;

pub use targets::{Answer, Made};

use crate::abi::{self, Style};
use crate::metadata::{MetadataMap, MetadataValue};
use crate::service::{__call, __event, __start, Services};
use crate::status::{Code, Status};
use host::{Client, TestHost};
use std::collections::VecDeque;
use std::rc::Rc;
use std::string::{String, ToString};
use std::time::Duration;
use std::vec::Vec;

/// One instance of the guest. One at a time in a thread.
#[derive(Debug)]
pub struct Guest {
    host: Rc<TestHost>,
}

/// What the client of a call has seen of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
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
    /// The status of an HTTP answer, whose body `messages` are; 0 for gRPC. When `code` is not OK all the same, and the
    /// answer is not what that is answered by, it broke off.
    pub http_status: u16,
}

impl Guest {
    /// Starts it by the function that [`services!`](crate::services) is given.
    pub fn new(serve: fn(&mut Services)) -> Self {
        let host = Rc::new(TestHost::default());
        abi::set_host(Some(host.clone()));
        __start(serve);
        Self { host }
    }

    /// A call of a client, to be described and then [`run`](TestCall::run). `path` is `/package.Service/Method`.
    pub fn call(&self, path: &str) -> TestCall<'_> {
        TestCall { guest: self, path: path.to_string(), client: Client::default() }
    }

    /// An HTTP request, whose body the messages are in pieces. `target` is `/path?query`.
    pub fn http(&self, method: &str, target: &str) -> TestCall<'_> {
        let client = Client { http_method: Some(method.to_string()), ..Client::default() };
        TestCall { guest: self, path: target.to_string(), client }
    }

    /// Calls a method of one request and one response.
    #[cfg(feature = "prost")]
    pub fn unary<In: prost::Message, Out: prost::Message + Default>(
        &self,
        path: &str,
        request: &In,
    ) -> Result<Out, Status> {
        let replies = self.server_stream(path, request)?;
        replies.into_iter().next().ok_or_else(|| Status::internal("there is no response"))
    }

    /// Calls a method of one request and many responses; all of them.
    #[cfg(feature = "prost")]
    pub fn server_stream<In: prost::Message, Out: prost::Message + Default>(
        &self,
        path: &str,
        request: &In,
    ) -> Result<Vec<Out>, Status> {
        self.call(path).message(&request.encode_to_vec()).run().decoded()
    }

    /// Calls a method of many requests, and one response or many; all of them.
    #[cfg(feature = "prost")]
    pub fn client_stream<In: prost::Message, Out: prost::Message + Default>(
        &self,
        path: &str,
        requests: &[In],
    ) -> Result<Vec<Out>, Status> {
        let call = requests.iter().fold(self.call(path), |call, request| call.message(&request.encode_to_vec()));
        call.run().decoded()
    }

    /// Says what the calls that the guest makes of a method are answered: of `target` and path,
    /// `"greeter/helloworld.Greeter/SayHello"`, or of plain HTTP without the query, `"hooks/v1/events"`. It is asked when the last request was sent. Others end with PERMISSION_DENIED, as
    /// of a target that is not granted.
    pub fn answer(&self, method: &str, answer: impl Fn(&Made) -> Answer + 'static) {
        self.host.answer(method, answer);
    }

    /// The lines of the log so far, each after its level: `info: started`.
    pub fn log(&self) -> Vec<String> {
        self.host.log_lines()
    }

    /// Until the alarm goes off; None where it is not set. It does when time passes: [`advance`](Self::advance).
    pub fn alarm(&self) -> Option<Duration> {
        self.host.alarm_in()
    }

    /// Gives up the instance, as the host does one that has had no calls for long; the lines of its log.
    pub fn give_up(self) -> Vec<String> {
        __event(0, abi::event::ENDING, 0);
        self.log()
    }

    /// Lets time pass, for the calls that are open, and for the alarm.
    pub fn advance(&self, time: Duration) {
        let until = self.host.now_is() + time;
        while self.host.pass(Some(until)) {
            self.settle();
        }
        self.settle();
    }

    /// Has the guest hear of all that has come about.
    fn settle(&self) {
        loop {
            while let Some((call, event, value)) = self.host.next_event() {
                __event(call, event, value);
            }
            if let Some((number, action)) = abi::answer_begun() {
                __event(number, abi::begun::EVENT, action);
                continue;
            }
            let Some((call, holding)) = self.host.next_event_of_made() else { return };
            __event(call, abi::client::EVENT, holding);
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        for call in self.host.open_calls() {
            __event(call, abi::event::CANCELLED, 0);
        }
        __start(|_| {});
        abi::forget_shared();
        abi::set_host(None);
    }
}

/// A call of a client, which is described first.
#[derive(Debug)]
pub struct TestCall<'a> {
    guest: &'a Guest,
    path: String,
    client: Client,
}

impl<'a> TestCall<'a> {
    /// Has the client send a message. All are there from the start.
    #[must_use]
    pub fn message(mut self, message: impl AsRef<[u8]>) -> Self {
        self.client.requests.push_back(message.as_ref().to_vec());
        self
    }

    /// Has the client send a header.
    #[must_use]
    pub fn metadata(mut self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.client.metadata.append(key, MetadataValue::from_bytes(value.as_ref()));
        self
    }

    /// Has the client set a deadline.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.client.timeout = Some(time);
        self
    }

    /// Has the client go away once all it sent was received.
    #[must_use]
    pub fn cancelled(mut self) -> Self {
        self.client.cancels = true;
        self
    }

    /// Says how often the guest waits for room before each message that it sends, as with a client that reads slowly;
    /// `usize::MAX` is one that does not read.
    #[must_use]
    pub fn stalls(mut self, times: usize) -> Self {
        self.client.stalls = times;
        self
    }

    /// Says what the client's content-type has after `application/grpc+`.
    #[must_use]
    pub fn content_subtype(mut self, format: &str) -> Self {
        self.client.content_subtype = Some(format.to_string());
        self
    }

    /// Serves the call to its end.
    ///
    /// # Panics
    /// When it has none: a call of a shared service that waits for others is to be [`open`](Self::open).
    pub fn run(mut self) -> Outcome {
        self.client.half_closed = true;
        let Some((call, style, tag)) = self.guest.host.begin(&self.path, self.client) else {
            return Outcome::unimplemented(&self.path);
        };
        if style == Style::Handler {
            let code = __call(call, tag);
            self.guest.host.returned(call, code);
            return self.guest.host.outcome(call);
        }
        __event(call, abi::event::OPEN, tag);
        self.guest.settle();
        while !self.guest.host.is_over(call) {
            assert!(self.guest.host.pass(None), "the call waits for what never comes: open() it, or give it a timeout");
            self.guest.settle();
        }
        self.guest.host.outcome(call)
    }

    /// Opens the call, of a shared service, and leaves it open.
    ///
    /// # Panics
    /// When the method is not one of a shared service.
    pub fn open(self) -> OpenCall<'a> {
        let (path, guest) = (self.path, self.guest);
        let (call, style, tag) = guest.host.begin(&path, self.client).unwrap_or_else(|| panic!("there is no {path}"));
        assert!(style == Style::Events, "{path} is not of a shared service: run() its calls");
        __event(call, abi::event::OPEN, tag);
        guest.settle();
        OpenCall { guest, call }
    }
}

/// A call that is open.
#[derive(Debug)]
pub struct OpenCall<'a> {
    guest: &'a Guest,
    call: i32,
}

impl OpenCall<'_> {
    /// Sends a message.
    pub fn send(&self, message: impl AsRef<[u8]>) {
        self.guest.host.client(self.call, |client| client.requests.push_back(message.as_ref().to_vec()));
        self.tell(abi::event::MESSAGE);
    }

    /// Says that there are no more messages.
    pub fn half_close(&self) {
        self.guest.host.client(self.call, |client| client.half_closed = true);
        self.tell(abi::event::HALF_CLOSE);
    }

    /// The messages that have come since the last time.
    pub fn receive(&self) -> VecDeque<Vec<u8>> {
        self.guest.host.take_messages(self.call)
    }

    /// Whether the call has its status.
    pub fn is_over(&self) -> bool {
        self.guest.host.is_over(self.call)
    }

    /// Goes away.
    pub fn cancel(self) {
        self.guest.host.end(self.call, "client");
        self.guest.settle();
    }

    /// Says that there are no more messages, and waits for the end.
    pub fn finish(self) -> Outcome {
        self.half_close();
        while !self.is_over() {
            assert!(
                self.guest.host.pass(None),
                "the call waits for what never comes: cancel() it, or give it a timeout"
            );
            self.guest.settle();
        }
        self.guest.host.outcome(self.call)
    }

    fn tell(&self, event: i32) {
        if !self.is_over() {
            __event(self.call, event, 0);
        }
        self.guest.settle();
    }
}

impl Outcome {
    fn unimplemented(path: &str) -> Self {
        Self {
            code: Code::Unimplemented,
            message: std::format!("the guest has no method {path}"),
            messages: Vec::new(),
            headers: MetadataMap::new(),
            trailers: MetadataMap::new(),
            http_status: 0,
        }
    }

    /// The messages, or the status where it is not OK.
    #[cfg(feature = "prost")]
    pub fn decoded<M: prost::Message + Default>(self) -> Result<Vec<M>, Status> {
        if self.code != Code::Ok {
            let details = self.trailers.get("grpc-status-details-bin").map(|value| value.as_bytes().to_vec());
            let mut status = Status::with_details(self.code, self.message, details.unwrap_or_default());
            *status.metadata_mut() = self.trailers;
            return Err(status);
        }
        let decode = |message: &Vec<u8>| M::decode(&message[..]).map_err(|error| Status::internal(error.to_string()));
        self.messages.iter().map(decode).collect()
    }
}
