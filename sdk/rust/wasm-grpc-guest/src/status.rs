//! How calls end.

use crate::error_details::{Detail, find, wire::put_bytes, wire::put_number};
use crate::metadata::MetadataMap;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// A gRPC status code, with gRPC's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Code {
    /// It went well.
    Ok = 0,
    /// Cancelled, mostly by the client.
    Cancelled = 1,
    /// What other codes do not say.
    Unknown = 2,
    /// The request can never be right, whatever the state of the system.
    InvalidArgument = 3,
    /// The deadline passed before it was done.
    DeadlineExceeded = 4,
    /// What was asked for is not there.
    NotFound = 5,
    /// What was to be made is there.
    AlreadyExists = 6,
    /// The client, who is known, may not.
    PermissionDenied = 7,
    /// A quota is used up, or there is no room.
    ResourceExhausted = 8,
    /// The state of the system is not one in which this may be done.
    FailedPrecondition = 9,
    /// Broken off, such as by another at the same time; try again from the beginning.
    Aborted = 10,
    /// Past the end of what there is now.
    OutOfRange = 11,
    /// There is no such method, or not in this form.
    Unimplemented = 12,
    /// What must never be is.
    Internal = 13,
    /// Not now: try again.
    Unavailable = 14,
    /// Data are lost or damaged.
    DataLoss = 15,
    /// Who the client is, is not known.
    Unauthenticated = 16,
}

impl Code {
    const ALL: [Code; 17] = [
        Code::Ok,
        Code::Cancelled,
        Code::Unknown,
        Code::InvalidArgument,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
        Code::Unauthenticated,
    ];

    /// The code of that number; [`Code::Unknown`] for one that gRPC does not have.
    pub const fn from_i32(number: i32) -> Code {
        if number >= 0 && number <= 16 { Self::ALL[number as usize] } else { Code::Unknown }
    }

    /// The code's name as gRPC writes it, such as `NOT_FOUND`.
    pub const fn name(self) -> &'static str {
        match self {
            Code::Ok => "OK",
            Code::Cancelled => "CANCELLED",
            Code::Unknown => "UNKNOWN",
            Code::InvalidArgument => "INVALID_ARGUMENT",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::NotFound => "NOT_FOUND",
            Code::AlreadyExists => "ALREADY_EXISTS",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Code::FailedPrecondition => "FAILED_PRECONDITION",
            Code::Aborted => "ABORTED",
            Code::OutOfRange => "OUT_OF_RANGE",
            Code::Unimplemented => "UNIMPLEMENTED",
            Code::Internal => "INTERNAL",
            Code::Unavailable => "UNAVAILABLE",
            Code::DataLoss => "DATA_LOSS",
            Code::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}

impl From<i32> for Code {
    fn from(number: i32) -> Self {
        Code::from_i32(number)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a call ends that does not end well: a code, a message for people, and what else the client is told.
///
/// It is an error, so `?` ends a handler by it.
#[derive(Clone)]
pub struct Status {
    code: Code,
    message: String,
    more: Option<Box<More>>, // rare, and results of handlers are moved
}

#[derive(Clone, Default)]
struct More {
    metadata: MetadataMap,
    /// A serialized google.rpc.Status, as clients get it.
    details: Vec<u8>,
    /// Serialized google.protobuf.Any, each as the field 3 of google.rpc.Status.
    packed: Vec<u8>,
}

macro_rules! constructors {
    ($($name:ident: $code:ident),* $(,)?) => {
        $(
            #[doc = concat!("A status of [`Code::", stringify!($code), "`].")]
            pub fn $name(message: impl Into<String>) -> Self {
                Self::new(Code::$code, message)
            }
        )*
    };
}

impl Status {
    /// A status of that code. `message` is for people; the host sends 8 KiB of it at most.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), more: None }
    }

    /// The same with `details`: a serialized `google.rpc.Status`, which some clients read beside the status.
    /// [`with`](Self::with) makes one of messages.
    pub fn with_details(code: Code, message: impl Into<String>, details: impl Into<Vec<u8>>) -> Self {
        let mut status = Self::new(code, message);
        status.more().details = details.into();
        status
    }

    /// The same with metadata, which is sent as trailers.
    pub fn with_metadata(code: Code, message: impl Into<String>, metadata: MetadataMap) -> Self {
        let mut status = Self::new(code, message);
        status.more().metadata = metadata;
        status
    }

    constructors! {
        ok: Ok, cancelled: Cancelled, unknown: Unknown, invalid_argument: InvalidArgument,
        deadline_exceeded: DeadlineExceeded, not_found: NotFound, already_exists: AlreadyExists,
        permission_denied: PermissionDenied, resource_exhausted: ResourceExhausted,
        failed_precondition: FailedPrecondition, aborted: Aborted, out_of_range: OutOfRange,
        unimplemented: Unimplemented, internal: Internal, unavailable: Unavailable, data_loss: DataLoss,
        unauthenticated: Unauthenticated,
    }

    /// Adds a detail that the client's program may read: a message of [`error_details`](crate::error_details), such as
    /// `BadRequest`, or with the feature `prost` any generated one. All details count towards the 16 KiB of the response's
    /// metadata, of which many clients take 8 KiB at most; where they do not fit they are left out, which the host's log
    /// says.
    #[must_use]
    pub fn with<D: Detail>(self, detail: &D) -> Self {
        self.with_detail(&D::full_name(), &detail.to_bytes())
    }

    /// Adds a detail as [`with`](Self::with) does, by the full name of its message type, and the message serialized.
    #[must_use]
    pub fn with_detail(mut self, type_name: &str, message: &[u8]) -> Self {
        const PREFIX: &str = "type.googleapis.com/";
        let mut any = Vec::new();
        put_bytes(&mut any, 1, &[PREFIX.as_bytes(), type_name.as_bytes()]);
        put_bytes(&mut any, 2, &[message]);
        put_bytes(&mut self.more().packed, 3, &[&any]);
        self
    }

    /// The first detail of that type, such as one of a service that was called; none where there is none, or it is
    /// malformed.
    pub fn detail<D: Detail>(&self) -> Option<D> {
        find(&self.details())
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The message for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// A serialized `google.rpc.Status`, empty when there are no details.
    pub fn details(&self) -> Vec<u8> {
        let Some(more) = &self.more else { return Vec::new() };
        if more.packed.is_empty() {
            return more.details.clone();
        }
        // Fields of a message may stand one after the other, wherever they come from.
        let mut details = more.details.clone();
        if details.is_empty() {
            put_number(&mut details, 1, self.code as u64);
            put_bytes(&mut details, 2, &[self.message.as_bytes()]);
        }
        details.extend_from_slice(&more.packed);
        details
    }

    /// What is sent as trailers beside the status.
    pub fn metadata(&self) -> &MetadataMap {
        static NONE: MetadataMap = MetadataMap::new();
        self.more.as_ref().map_or(&NONE, |more| &more.metadata)
    }

    /// The same, to add to it.
    pub fn metadata_mut(&mut self) -> &mut MetadataMap {
        &mut self.more().metadata
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Status");
        shown.field("code", &self.code).field("message", &self.message);
        if self.more.is_some() {
            shown.field("metadata", self.metadata());
        }
        shown.finish_non_exhaustive()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl core::error::Error for Status {}

impl From<alloc::string::FromUtf8Error> for Status {
    fn from(error: alloc::string::FromUtf8Error) -> Self {
        Status::invalid_argument(error.to_string())
    }
}

#[cfg(feature = "std")]
impl From<std::io::Error> for Status {
    /// The code that says what the error does, [`Code::Unknown`] where there is none.
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let code = match error.kind() {
            ErrorKind::NotFound => Code::NotFound,
            ErrorKind::PermissionDenied => Code::PermissionDenied,
            ErrorKind::AlreadyExists => Code::AlreadyExists,
            ErrorKind::InvalidInput => Code::InvalidArgument,
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Code::DataLoss,
            ErrorKind::TimedOut => Code::DeadlineExceeded,
            ErrorKind::Interrupted | ErrorKind::WouldBlock => Code::Unavailable,
            ErrorKind::OutOfMemory | ErrorKind::StorageFull => Code::ResourceExhausted,
            ErrorKind::Unsupported => Code::Unimplemented,
            _ => Code::Unknown,
        };
        Status::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_numbers_and_names_of_grpc() {
        for number in 0..=16 {
            assert_eq!(Code::from_i32(number) as i32, number);
        }
        assert_eq!(Code::from(17), Code::Unknown);
        assert_eq!(Code::from(-1), Code::Unknown);
        assert_eq!(Code::FailedPrecondition.to_string(), "FAILED_PRECONDITION");
    }

    #[test]
    fn a_status_shows_its_code_and_message() {
        assert_eq!(Status::not_found("no tea").to_string(), "NOT_FOUND: no tea");
    }

    #[test]
    fn details_are_a_google_rpc_status() {
        let status = Status::aborted("so").with_detail("a.B", b"\x08\x01");
        let any = b"\x0a\x17type.googleapis.com/a.B\x12\x02\x08\x01";
        let mut expected = b"\x08\x0a\x12\x02so\x1a".to_vec();
        expected.push(any.len() as u8);
        expected.extend_from_slice(any);
        assert_eq!(status.details(), expected);
        assert_eq!(Status::aborted("so").details(), b"");
        assert_eq!(Status::with_details(Code::Aborted, "so", *b"mine").details(), b"mine");
    }

    #[test]
    fn details_longer_than_127_bytes_are_whole() {
        let status = Status::internal("").with_detail("a.B", &[7; 300]);
        let details = status.details();
        assert_eq!(&details[..4], b"\x08\x0d\x12\x00");
        assert_eq!(details[4], 0x1a);
        let length = usize::from(details[5] & 0x7f) | usize::from(details[6]) << 7;
        assert_eq!(details.len(), 7 + length);
        assert!(details.ends_with(&[7; 300]));
    }
}
