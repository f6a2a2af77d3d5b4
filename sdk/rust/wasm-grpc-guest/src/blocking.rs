//! Handlers of bytes, which block: each call has the instance to itself.

use crate::abi;
use crate::buffers;
use crate::call::Call;
use crate::status::Status;
use alloc::vec::Vec;

/// The request messages of a call, as bytes.
#[derive(Debug)]
pub struct Reader {
    call: Call,
    buffer: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(call: Call) -> Self {
        Self { call, buffer: Vec::new() }
    }

    /// The next message; waits until there is one. None after the last, an error when the call ended before: return it.
    #[expect(clippy::should_implement_trait, reason = "what it gives lives until the next only")]
    pub fn next(&mut self) -> Result<Option<&[u8]>, Status> {
        loop {
            match buffers::receive_into(self.call.id(), &mut self.buffer) {
                Ok(length) => return Ok(Some(&self.buffer[..length])),
                Err(abi::AGAIN) => wait(self.call, abi::READABLE)?,
                Err(abi::END) => return Ok(None),
                Err(_) => return Err(self.call.over()),
            }
        }
    }

    /// Whether `next` would return at once.
    pub fn is_ready(&self) -> bool {
        abi::wait(self.call.id(), abi::READABLE, 0) != 0
    }
}

/// The response messages of a call, as bytes.
#[derive(Debug)]
pub struct Writer {
    call: Call,
}

impl Writer {
    pub(crate) fn new(call: Call) -> Self {
        Self { call }
    }

    /// Sends one message; waits while the client does not read fast enough. An error when it cannot be delivered any
    /// more: return it.
    pub fn send(&mut self, message: impl AsRef<[u8]>) -> Result<(), Status> {
        loop {
            match abi::send(self.call.id(), message.as_ref()) {
                abi::OK.. => return Ok(()),
                abi::AGAIN => wait(self.call, abi::WRITABLE)?,
                _ => return Err(self.call.over()),
            }
        }
    }

    /// Whether `send` would return at once.
    pub fn is_ready(&self) -> bool {
        abi::wait(self.call.id(), abi::WRITABLE, 0) != 0
    }
}

fn wait(call: Call, interest: i32) -> Result<(), Status> {
    if abi::wait(call.id(), interest, -1) < 0 { Err(call.over()) } else { Ok(()) }
}

/// Receives the one request of a call and gives it to `take`.
pub(crate) fn request<R>(call: Call, take: impl FnOnce(&[u8]) -> R) -> Result<R, Status> {
    buffers::receive(call.id(), take).map_err(|answer| match answer {
        abi::END => Status::invalid_argument("the request message is missing"),
        _ => call.over(),
    })
}
