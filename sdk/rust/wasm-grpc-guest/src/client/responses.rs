//! The response messages of a call that was made, one after the other.

use super::made_call::MadeCall;
use crate::abi::{self, client};
use crate::metadata::MetadataMap;
use crate::status::Status;
use alloc::rc::Rc;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;

/// The response messages of a call that was made. It is a [`Stream`] too, whose last item may be an error. Dropped before
/// the end, it gives the call up.
pub struct Responses<T> {
    call: Rc<MadeCall>,
    decode: fn(&[u8]) -> Result<T, Status>,
    over: bool,
}

impl<T> Responses<T> {
    pub(super) fn new(call: Rc<MadeCall>, decode: fn(&[u8]) -> Result<T, Status>) -> Self {
        Self { call, decode, over: false }
    }

    /// The next message; waits until there is one. None after the last of a call that ended well, an error where it did not,
    /// or where what came is not well-formed. Nothing is lost when it is dropped while it waits.
    pub async fn message(&mut self) -> Result<Option<T>, Status> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }

    /// The trailers, once there are no more messages.
    pub async fn trailers(&mut self) -> Result<Option<MetadataMap>, Status> {
        while self.message().await?.is_some() {}
        Ok(Some(self.call.metadata(abi::TRAILERS)))
    }
}

impl<T> Stream for Responses<T> {
    type Item = Result<T, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(None);
        }
        let item = match this.call.take(this.decode) {
            None => return this.call.listen(client::READABLE, context),
            Some(Some(Ok(message))) => return Poll::Ready(Some(Ok(message))),
            Some(Some(Err(malformed))) => {
                this.call.cancel();
                Some(Err(malformed))
            }
            Some(None) => this.call.end().err().map(Err),
        };
        this.over = true;
        Poll::Ready(item)
    }
}

impl<T> Unpin for Responses<T> {}

impl<T> Drop for Responses<T> {
    fn drop(&mut self) {
        if !self.over {
            self.call.cancel(); // whoever sends its requests has it too
        }
    }
}

impl<T> fmt::Debug for Responses<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responses").field("call", &self.call).finish_non_exhaustive()
    }
}
