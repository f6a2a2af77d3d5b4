//! The usual details of a status: the messages of google/rpc/error_details.proto, which clients in all languages know.
//!
//! ```
//! # use wasm_grpc_guest::{Status, error_details::{BadRequest, FieldViolation}};
//! let violation = FieldViolation { field: "date".into(), description: "is in the past".into(), ..Default::default() };
//! let status = Status::invalid_argument("no such date").with(&BadRequest { field_violations: vec![violation] });
//! ```
//!
//! They need no library for protobuf. Messages of prost are details too, with the feature `prost`.

mod message;
pub(crate) mod wire;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use message::{Field, Message};
use wire::{Fields, Value};

/// A message that a [`Status`](crate::Status) carries for programs: those of this module, and with the feature `prost` all
/// that have a name, as generated ones do.
pub trait Detail: Sized {
    /// The message's full name, such as `google.rpc.BadRequest`.
    fn full_name() -> String;
    /// The message in protobuf's encoding.
    fn to_bytes(&self) -> Vec<u8>;
    /// The message that the bytes are, without the fields that are not known; nothing where they are none.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

#[cfg(feature = "prost")]
impl<M: prost::Name + Default> Detail for M {
    fn full_name() -> String {
        <M as prost::Name>::full_name()
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        M::decode(bytes).ok()
    }
}

/// The first detail of that name in a serialized google.rpc.Status.
pub(crate) fn find<D: Detail>(status: &[u8]) -> Option<D> {
    let name = D::full_name();
    for field in Fields::of(status) {
        let (3, Value::Bytes(any)) = field.ok()? else { continue };
        let (mut type_url, mut value): (&[u8], &[u8]) = (b"", b"");
        for field in Fields::of(any) {
            match field.ok()? {
                (1, Value::Bytes(bytes)) => type_url = bytes,
                (2, Value::Bytes(bytes)) => value = bytes,
                _ => {}
            }
        }
        if type_url.rsplit(|byte| *byte == b'/').next() == Some(name.as_bytes()) && type_url.len() > name.len() {
            return D::from_bytes(value);
        }
    }
    None
}

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident $(: $full_name:literal)? {
        $($(#[$field_doc:meta])* $number:literal $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl Message for $name {
            fn put_fields(&self, out: &mut Vec<u8>) {
                $(self.$field.put($number, out);)*
            }

            fn take_field(&mut self, number: u32, value: Value<'_>) -> Option<()> {
                match number {
                    $($number => self.$field.take(value),)*
                    _ => Some(()),
                }
            }
        }

        $(impl Detail for $name {
            fn full_name() -> String {
                $full_name.into()
            }

            fn to_bytes(&self) -> Vec<u8> {
                message::encoded(self)
            }

            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                message::decoded(bytes)
            }
        })?
    )*};
}

messages! {
    /// Why it failed, for programs.
    ErrorInfo: "google.rpc.ErrorInfo" {
        /// Capital letters, digits and `_`.
        1 reason: String,
        /// What the reason is one of, such as `api.test`.
        2 domain: String,
        /// What else there is to know.
        3 metadata: BTreeMap<String, String>,
    }

    /// When the client may try again.
    RetryInfo: "google.rpc.RetryInfo" {
        /// So much later. A time before 0, as others may send it, is read as 0.
        1 retry_delay: Duration,
    }

    /// Where it failed. Not for clients of strangers.
    DebugInfo: "google.rpc.DebugInfo" {
        /// The innermost first.
        1 stack_entries: Vec<String>,
        /// What else the server says.
        2 detail: String,
    }

    /// Which quotas were used up.
    QuotaFailure: "google.rpc.QuotaFailure" {
        /// Each of them.
        1 violations: Vec<QuotaViolation>,
    }

    /// A quota that was used up.
    QuotaViolation {
        /// Whose it is, such as `clientip:192.0.2.1`.
        1 subject: String,
        /// For people.
        2 description: String,
    }

    /// What was not as it must be first.
    PreconditionFailure: "google.rpc.PreconditionFailure" {
        /// Each such thing.
        1 violations: Vec<PreconditionViolation>,
    }

    /// A thing that was not as it must be first.
    PreconditionViolation {
        /// Its kind, such as `TOS`.
        1 kind: String,
        /// What it is about.
        2 subject: String,
        /// For people.
        3 description: String,
    }

    /// What is wrong with the request.
    BadRequest: "google.rpc.BadRequest" {
        /// Each field that is wrong.
        1 field_violations: Vec<FieldViolation>,
    }

    /// A field that is wrong.
    FieldViolation {
        /// A path, such as `order.items[2].count`.
        1 field: String,
        /// For people.
        2 description: String,
        /// For programs: capital letters, digits and `_`.
        3 reason: String,
    }

    /// By what the server knows the request, for reports.
    RequestInfo: "google.rpc.RequestInfo" {
        /// The request's name.
        1 request_id: String,
        /// What else the server wants to be told then.
        2 serving_data: String,
    }

    /// What was asked for.
    ResourceInfo: "google.rpc.ResourceInfo" {
        /// Its kind, such as `file`.
        1 resource_type: String,
        /// Its name.
        2 resource_name: String,
        /// Whose it is.
        3 owner: String,
        /// Why it could not be had.
        4 description: String,
    }

    /// Where to read more.
    Help: "google.rpc.Help" {
        /// Each such place.
        1 links: Vec<Link>,
    }

    /// A place to read more.
    Link {
        /// What is there.
        1 description: String,
        /// Where it is.
        2 url: String,
    }

    /// A text for the user.
    LocalizedMessage: "google.rpc.LocalizedMessage" {
        /// Its language, such as `en-US`.
        1 locale: String,
        /// The text.
        2 message: String,
    }
}
