//! A call that was made, as the host keeps it.

use crate::abi::{self, Kind, client};
use crate::buffers;
use crate::call::read;
use crate::executor::{current_or_none, made};
use crate::metadata::MetadataMap;
use crate::status::{Code, Status};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Context, Poll};
use core::time::Duration;

/// The call, until it is dropped, which gives it up where it has not ended.
#[derive(Debug)]
pub(super) struct MadeCall {
    /// Greater than 0, or why there is none.
    id: i32,
    /// The call that it is made for, 0 for none.
    served: i32,
}

impl MadeCall {
    /// Begins it, for the call whose task runs.
    pub(super) fn open(
        target: &str,
        path: &str,
        kind: Kind,
        metadata: &MetadataMap,
        timeout: Option<Duration>,
    ) -> Self {
        let timeout = timeout.map_or(client::NO_TIMEOUT, |time| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
        let served = current_or_none();
        Self { id: abi::client_open(target, path, kind, timeout, served, &metadata.to_list()), served }
    }

    /// Sends a request; waits while the target does not read fast enough. False when the call has ended.
    pub(super) async fn send(&self, message: &[u8], last: bool) -> bool {
        loop {
            match abi::client_send(self.id, message, last) {
                abi::OK => return true,
                abi::AGAIN => self.wait(client::WRITABLE).await,
                _ => return false,
            }
        }
    }

    pub(super) fn half_close(&self) {
        abi::client_half_close(self.id);
    }

    pub(super) fn cancel(&self) {
        abi::client_cancel(self.id);
    }

    /// The next response, which `decode` makes of its bytes, if there is one: None when not yet, `Some(None)` after the last.
    pub(super) fn take<T>(&self, decode: fn(&[u8]) -> Result<T, Status>) -> Option<Option<Result<T, Status>>> {
        match buffers::receive_by(|buffer| abi::client_recv(self.id, buffer), decode) {
            Ok(message) => Some(Some(message)),
            Err(abi::AGAIN) => None,
            Err(_) => Some(None),
        }
    }

    /// Waits until one of the interests holds.
    pub(super) async fn wait(&self, interests: i32) {
        poll_fn(|context| if self.holds(interests) { Poll::Ready(()) } else { self.listen(interests, context) }).await;
    }

    fn holds(&self, interests: i32) -> bool {
        let mut entries = [client::WaitEntry { call: self.id, interests, ready: 0 }];
        self.id <= 0 || abi::client_wait_any(&mut entries, 0) != 0
    }

    /// Has the task woken when one of the interests holds.
    pub(super) fn listen<T>(&self, interests: i32, context: &Context<'_>) -> Poll<T> {
        made::listen(self.id, self.served, interests, context.waker(), wait_for_all);
        Poll::Pending
    }

    /// How a call has ended: an error that has the trailers, where the status is not OK.
    pub(super) fn end(&self) -> Result<(), Status> {
        if self.id <= 0 {
            return Err(not_made(self.id));
        }
        let code = match abi::client_status(self.id) {
            0 => return Ok(()),
            code if code < 0 => return Err(Status::cancelled("the call that this one was made for is over")),
            code => Code::from_i32(code),
        };
        let text = |what| read(|buffer| abi::client_info(self.id, what, buffer)).unwrap_or_default();
        let message = String::from_utf8_lossy(&text(client::Info::StatusMessage)).into_owned();
        let mut status = Status::with_details(code, message, text(client::Info::StatusDetails));
        *status.metadata_mut() = self.metadata(abi::TRAILERS);
        Err(status)
    }

    /// The response headers or trailers; none while they are not there.
    pub(super) fn metadata(&self, place: i32) -> MetadataMap {
        let list = read(|buffer| abi::client_metadata_list(self.id, place, buffer));
        MetadataMap::from_list(&list.unwrap_or_default())
    }
}

impl Drop for MadeCall {
    fn drop(&mut self) {
        if self.id > 0 {
            made::forget(self.id);
            abi::client_close(self.id);
        }
    }
}

#[cold]
fn not_made(answer: i32) -> Status {
    match answer {
        abi::FULL => Status::resource_exhausted("the instance has as many calls open as it may; drop some"),
        abi::CLOSED => Status::cancelled("the call that this one was to be made for is over"),
        client::UNSUPPORTED => Status::unimplemented("the host makes no calls for this module"),
        _ => Status::internal(format!(
            "the host refuses the call ({answer}): its path, or a key or a value of its metadata, is not allowed, or there \
             is more than 16 KiB of that"
        )),
    }
}

/// The most entries that the host takes.
const MOST_ENTRIES: usize = 1024;

/// What the executor waits by when calls were made.
fn wait_for_all(served: i32, interests: i32, timeout_ns: i64) -> i32 {
    let mut entries: Vec<client::WaitEntry> = Vec::new();
    if interests != 0 {
        entries.push(client::WaitEntry { call: served, interests, ready: 0 });
    }
    let made = made::waited_for(served);
    entries.extend(made.iter().map(|(call, interests)| client::WaitEntry {
        call: *call,
        interests: *interests,
        ready: 0,
    }));
    if entries.is_empty() {
        return abi::wait(served, interests, timeout_ns);
    }
    entries.truncate(MOST_ENTRIES);
    let answer = abi::client_wait_any(&mut entries, timeout_ns);
    if answer < 0 {
        return answer;
    }
    let mut of_served = 0;
    for entry in entries {
        if entry.call == served {
            of_served = entry.ready;
        } else if entry.ready != 0 {
            // One that is gone: whoever waits for it is told.
            made::heard(entry.call, if entry.ready < 0 { -1 } else { entry.ready });
        }
    }
    of_served
}
