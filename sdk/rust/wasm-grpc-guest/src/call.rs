//! A call: who makes it, how long it may take, and what is answered beside messages.

use crate::abi::{self, Info};
use crate::executor;
use crate::logging::{self, Level};
use crate::metadata::{MetadataMap, MetadataValue};
use crate::status::{Code, Status};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::time::Duration;

/// One call, while it is served. Copies of it may be kept: after the call's end they tell that it is over.
///
/// Generated services find it in their [`Request`](crate::Request).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    id: i32,
}

/// The kind of a name in a client's certificate. A name counts with its kind only: who may have a common name
/// `admin` signed may not have that DNS name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsNameKind {
    /// A DNS name.
    Dns,
    /// A URI, such as a SPIFFE ID.
    Uri,
    /// The common name of the subject.
    CommonName,
    /// An email address.
    Email,
    /// An IP address.
    Ip,
    /// One that this crate does not know.
    Other,
}

/// A name in the client's verified TLS certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsName {
    /// What it is a name of.
    pub kind: TlsNameKind,
    /// The name itself.
    pub value: String,
}

/// The host's limits; None where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes a request message may have.
    pub max_request: Option<u64>,
    /// Bytes a response message may have.
    pub max_response: Option<u64>,
    /// Bytes of response metadata.
    pub max_metadata: Option<u64>,
    /// Bytes the memory of an instance may have.
    pub max_memory: Option<u64>,
    /// How long a call may compute; what it waits does not count.
    pub max_cpu_time: Option<Duration>,
}

impl Call {
    pub(crate) const fn new(id: i32) -> Self {
        Self { id }
    }

    pub(crate) const fn id(self) -> i32 {
        self.id
    }

    /// `/package.Service/Method`; of an HTTP request its target. Empty when the call is over, like all texts here.
    pub fn path(&self) -> String {
        self.text(Info::Path).unwrap_or_default()
    }

    /// The host name that the client asked for.
    pub fn authority(&self) -> String {
        self.text(Info::Authority).unwrap_or_default()
    }

    /// The client's address: `127.0.0.1:4711`, `[::1]:4711`, or `unix:`.
    pub fn peer(&self) -> String {
        self.text(Info::Peer).unwrap_or_default()
    }

    /// All names in the client's verified TLS certificate; none where there is none.
    pub fn tls_names(&self) -> Vec<TlsName> {
        let names = self.text(Info::TlsNames).unwrap_or_default();
        names
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(kind, value)| TlsName { kind: TlsNameKind::of(kind), value: value.into() })
            .collect()
    }

    /// Whether the client's verified TLS certificate has this name, of this kind.
    pub fn has_tls_name(&self, kind: TlsNameKind, value: &str) -> bool {
        self.tls_names().iter().any(|name| name.kind == kind && name.value == value)
    }

    /// The format of the messages where it is not protobuf: `json` of the content-type `application/grpc+json`. Generated
    /// services refuse others than protobuf; handlers of bytes get all.
    pub fn content_subtype(&self) -> Option<String> {
        self.text(Info::ContentSubtype)
    }

    /// Who the client is by the bearer token that it has shown and the host has verified: the claim `sub`. None where
    /// there is no such token, or it names nobody. No client can say it otherwise: do not read headers for it.
    pub fn token_subject(&self) -> Option<String> {
        self.text(Info::TokenSubject)
    }

    /// All that the token says: a JSON object, as its issuer has signed it.
    pub fn token_claims(&self) -> Option<String> {
        self.text(Info::TokenClaims)
    }

    /// How the message received last came over the wire: `identity`, `gzip` or `deflate`. The host has decompressed it.
    pub fn message_encoding(&self) -> Option<String> {
        self.text(Info::MessageEncoding)
    }

    #[cfg(feature = "http")]
    pub(crate) fn http_method(&self) -> String {
        self.text(Info::HttpMethod).unwrap_or_default()
    }

    /// How long it is until the client's deadline; None where it set none, and zero when it has passed.
    pub fn time_left(&self) -> Option<Duration> {
        match abi::deadline(self.id) {
            abi::NO_DEADLINE => None,
            left => Some(Duration::from_nanos(left.max(0) as u64)),
        }
    }

    /// Whether nobody waits for the answer any more: the client has cancelled, or gone, or its deadline has passed, or
    /// the status was given. What computes for long asks for it; what waits is woken or dropped.
    pub fn is_cancelled(&self) -> bool {
        abi::wait(self.id, 0, 0) < 0
    }

    /// Why the call has ended for the client: `client`, `deadline`, `connection`, `stopping`, `host` or `answered`;
    /// None before.
    pub fn end_reason(&self) -> Option<String> {
        self.text(Info::End)
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        Limits {
            max_request: self.number(Info::MaxRequest),
            max_response: self.number(Info::MaxResponse),
            max_metadata: self.number(Info::MaxMetadata),
            max_memory: self.number(Info::MaxMemory),
            max_cpu_time: self.number(Info::MaxCpuTime).map(Duration::from_nanos),
        }
    }

    /// The first value of a request header. For all of them, [`metadata`](Self::metadata).
    pub fn header(&self, key: &str) -> Option<MetadataValue> {
        read(|buffer| abi::metadata_get(self.id, key, 0, buffer)).map(|value| MetadataValue::from_bytes(&value))
    }

    /// All request headers that are not gRPC's own, in the order they were sent.
    pub fn metadata(&self) -> MetadataMap {
        MetadataMap::from_list(&read(|buffer| abi::metadata_list(self.id, buffer)).unwrap_or_default())
    }

    /// Adds a response header. An error, and nothing is added, when the headers have left, for a key that is gRPC's own
    /// or not of letters, digits, `_`, `-` and `.`, for a value that is not printable ASCII where the key does not end in
    /// `-bin`, and past 16 KiB in all, of which many clients take 8 KiB at most.
    pub fn add_header(&self, key: &str, value: impl AsRef<[u8]>) -> Result<(), Status> {
        self.add(abi::HEADERS, key, value.as_ref())
    }

    /// Adds a trailer, which is sent with the status; an error as for [`add_header`](Self::add_header).
    pub fn add_trailer(&self, key: &str, value: impl AsRef<[u8]>) -> Result<(), Status> {
        self.add(abi::TRAILERS, key, value.as_ref())
    }

    fn add(&self, place: i32, key: &str, value: &[u8]) -> Result<(), Status> {
        match abi::metadata_add(self.id, place, key, value) {
            abi::OK.. => Ok(()),
            abi::CANCELLED | abi::CLOSED => Err(self.over()),
            _ => Err(Status::internal(alloc::format!(
                "the response metadata {key:?} was refused: its key or value is not allowed, it came too late, or there is \
                 more than 16 KiB"
            ))),
        }
    }

    pub(crate) fn add_all(&self, place: i32, metadata: &MetadataMap) -> Result<(), Status> {
        metadata.iter().try_for_each(|(key, value)| self.add(place, key, value.as_bytes()))
    }

    /// Sends the response headers now rather than with the first message.
    pub fn send_headers(&self) -> Result<(), Status> {
        if abi::headers_send(self.id) < 0 { Err(self.over()) } else { Ok(()) }
    }

    /// Says whether the response messages from here on are compressed; they are not at first. Turn it on before the first
    /// message, even if only later ones are to be compressed. It tells whether they will be: not when the client accepts
    /// no compression, or the headers have left without.
    pub fn compress(&self, on: bool) -> bool {
        abi::compress(self.id, on) == 1
    }

    /// Gives the call's status now. A handler goes on after it, may not wait any more, and what it returns is ignored; of
    /// a shared service, where any call may finish any other, the call's tasks are dropped where they wait.
    pub fn finish(&self, status: Result<(), Status>) -> Result<(), Status> {
        let status = status.err().unwrap_or_else(|| Status::ok(""));
        if self.give(&status) < 0 {
            return Err(self.over());
        }
        executor::close_later(self.id);
        Ok(())
    }

    /// Waits that long, in a handler that blocks; those that are `async` use [`sleep`](crate::sleep). An error when the
    /// call ended meanwhile: return it.
    pub fn sleep(&self, time: Duration) -> Result<(), Status> {
        match abi::wait(self.id, 0, i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)) {
            abi::OK.. => Ok(()),
            abi::INVALID => {
                Err(Status::internal("Call::sleep would hold up all calls of the instance: sleep(...).await"))
            }
            _ => Err(self.over()),
        }
    }

    /// Runs what is `async` in a handler that blocks, with the tasks that it spawns, to its end: calls of other services, of
    /// which several may go on together. What it spawned and did not wait for is dropped. An error when the call ended
    /// before: return it.
    ///
    /// # Panics
    /// In an `async` method, which awaits instead.
    pub fn block_on<F: Future>(&self, work: F) -> Result<F::Output, Status> {
        assert!(!executor::is_async(self.id), "Call::block_on is for handlers that block: await it");
        executor::block_on(*self, work).ok_or_else(|| self.over())
    }

    /// Writes a line to the host's log with the call's method, the client's address, and these keys and values: 32 at
    /// most, 8 KiB in all. Keys are of letters, digits, `_`, `-` and `.`, 64 bytes at most; where one is not, they all stand
    /// in the text.
    pub fn log(&self, level: Level, text: &str, pairs: &[(&str, &dyn fmt::Display)]) {
        logging::write(self.id, level, text, pairs);
    }

    /// Gives the status with all that belongs to it; what `finish` of the ABI answers.
    pub(crate) fn give(&self, status: &Status) -> i32 {
        self.give_metadata(status);
        abi::finish(self.id, status.code() as i32, status.message())
    }

    /// What is sent beside the status. What the host refuses of it is told in its log: the status goes first.
    pub(crate) fn give_metadata(&self, status: &Status) {
        for (key, value) in status.metadata().iter() {
            if let Err(refused) = self.add(abi::TRAILERS, key, value.as_bytes()) {
                self.log(Level::Warn, refused.message(), &[]);
            }
        }
        let details = status.details();
        if details.is_empty() {
            return;
        }
        if abi::metadata_add(self.id, abi::TRAILERS, "grpc-status-details-bin", &details) == abi::INVALID {
            self.log(
                Level::Warn,
                "the details of the status are left out: there is more than 16 KiB of response metadata, or the handler \
                 added details itself",
                &[("bytes", &details.len())],
            );
        }
    }

    /// The error of what cannot be done any more.
    pub(crate) fn over(&self) -> Status {
        if self.end_reason().as_deref() == Some("deadline") {
            return Status::new(Code::DeadlineExceeded, "the deadline has passed");
        }
        Status::new(Code::Cancelled, "the call is over")
    }

    fn text(&self, what: Info) -> Option<String> {
        let bytes = read(|buffer| abi::info(self.id, what, buffer))?;
        Some(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    fn number(&self, what: Info) -> Option<u64> {
        let mut number = [0; 8];
        (abi::info(self.id, what, &mut number) == 8).then(|| u64::from_le_bytes(number))
    }
}

impl TlsNameKind {
    fn of(word: &str) -> Self {
        match word {
            "dns" => Self::Dns,
            "uri" => Self::Uri,
            "cn" => Self::CommonName,
            "email" => Self::Email,
            "ip" => Self::Ip,
            _ => Self::Other,
        }
    }
}

/// Reads a value whose length the host tells: `ask` answers it, and writes when the buffer is large enough.
pub(crate) fn read(mut ask: impl FnMut(&mut [u8]) -> i32) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 256];
    let mut length = usize::try_from(ask(&mut buffer)).ok()?;
    if length > buffer.len() {
        buffer = vec![0; length];
        length = usize::try_from(ask(&mut buffer)).ok()?;
    }
    if length > buffer.len() {
        return None;
    }
    buffer.truncate(length);
    Some(buffer)
}
