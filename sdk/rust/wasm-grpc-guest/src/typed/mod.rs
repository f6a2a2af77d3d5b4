//! Messages instead of bytes: what generated services are made of.

mod message;
mod methods;
mod replies;
mod streaming;

pub use message::{Request, Response};
pub use replies::{Replies, Sender};
pub use streaming::Streaming;

use crate::abi;
use crate::buffers;
use crate::call::Call;
use crate::executor::{Interest, retry};
use crate::status::Status;

/// The message in `bytes`, or INTERNAL as other servers answer it. `name` is that of its type.
#[doc(hidden)]
pub fn decode<M: prost::Message + Default>(name: &str, bytes: &[u8]) -> Result<M, Status> {
    M::decode(bytes).map_err(|error| malformed(name, &error))
}

/// The same of a response.
#[doc(hidden)]
pub fn decode_response<M: prost::Message + Default>(name: &str, bytes: &[u8]) -> Result<M, Status> {
    M::decode(bytes).map_err(|error| malformed_response(name, &error))
}

#[cold]
fn malformed(name: &str, error: &prost::DecodeError) -> Status {
    Status::internal(alloc::format!("the request is not a well-formed {name}: {error}"))
}

#[cold]
fn malformed_response(name: &str, error: &prost::DecodeError) -> Status {
    Status::internal(alloc::format!("the response is not a well-formed {name}: {error}"))
}

/// Sends one message; waits while the client does not read fast enough.
async fn send<M: prost::Message>(call: Call, message: &M) -> Result<(), Status> {
    let mut buffer = buffers::take_outgoing();
    // A Vec has room for all of it.
    message.encode(&mut buffer).map_err(|error| Status::internal(alloc::format!("{error}")))?;
    let answer = match abi::send(call.id(), &buffer) {
        abi::AGAIN => send_later(call, &buffer).await,
        answer => answer,
    };
    buffers::keep_outgoing(buffer);
    if answer < 0 { Err(call.over()) } else { Ok(()) }
}

async fn send_later(call: Call, message: &[u8]) -> i32 {
    let send = || match abi::send(call.id(), message) {
        abi::AGAIN => None,
        answer => Some(answer),
    };
    retry(call.id(), Interest::Writable, send).await
}
