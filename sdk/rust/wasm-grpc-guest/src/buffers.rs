//! What an instance keeps from message to message, so that they do not allocate it.

use crate::abi::{self, local};
use alloc::vec::Vec;
use core::mem;

const FIRST: usize = 4096;
/// The most of a buffer that is kept.
const MOST_KEPT: usize = 1 << 20;

local! {
    fn incoming() -> Vec<u8> = Vec::new();
}
local! {
    fn outgoing() -> Vec<u8> = Vec::new();
}

/// Receives the next message of a call into a buffer, and gives it to `take`; else what the host answered.
pub(crate) fn receive<R>(call: i32, take: impl FnOnce(&[u8]) -> R) -> Result<R, i32> {
    receive_by(|buffer| abi::recv(call, buffer), take)
}

/// The same of a message that `recv` receives.
pub(crate) fn receive_by<R>(recv: impl FnMut(&mut [u8]) -> i32, take: impl FnOnce(&[u8]) -> R) -> Result<R, i32> {
    let mut buffer = incoming(mem::take); // nobody else has it, while `take` runs
    let result = receive_into_by(recv, &mut buffer).map(|length| take(&buffer[..length]));
    if buffer.len() <= MOST_KEPT {
        incoming(|kept| *kept = buffer);
    }
    result
}

/// Receives the next message to the front of a buffer, which grows as it needs to; its length.
pub(crate) fn receive_into(call: i32, buffer: &mut Vec<u8>) -> Result<usize, i32> {
    receive_into_by(|buffer| abi::recv(call, buffer), buffer)
}

fn receive_into_by(mut recv: impl FnMut(&mut [u8]) -> i32, buffer: &mut Vec<u8>) -> Result<usize, i32> {
    if buffer.is_empty() {
        buffer.resize(FIRST, 0);
    }
    loop {
        let answer = recv(buffer);
        let length = usize::try_from(answer).map_err(|_| answer)?;
        if length <= buffer.len() {
            return Ok(length);
        }
        buffer.resize(length + length / 4, 0);
    }
}

/// An empty buffer for a message that is sent.
pub(crate) fn take_outgoing() -> Vec<u8> {
    let mut buffer = outgoing(mem::take);
    buffer.clear();
    buffer
}

/// Gives it back.
pub(crate) fn keep_outgoing(buffer: Vec<u8>) {
    if buffer.capacity() <= MOST_KEPT {
        outgoing(|kept| *kept = buffer);
    }
}
