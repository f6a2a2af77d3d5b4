//! The request messages of a call, one after the other.

use crate::abi;
use crate::buffers;
use crate::call::Call;
use crate::executor::{Interest, listen, retry};
use crate::metadata::MetadataMap;
use crate::status::Status;
use alloc::rc::Rc;
use core::cell::RefCell;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;

/// The request messages of a call. It is a [`Stream`] too, whose last item may be an error.
pub struct Streaming<T> {
    call: Call,
    decode: fn(&[u8]) -> Result<T, Status>,
    end: Rc<RefCell<End>>,
}

/// How the messages ended, which the call is answered by if its method does not look.
#[derive(Default)]
pub(super) struct End {
    over: bool,
    pub(super) error: Option<Status>,
}

impl<T> Streaming<T> {
    pub(super) fn new(call: Call, decode: fn(&[u8]) -> Result<T, Status>) -> (Self, Rc<RefCell<End>>) {
        let end = Rc::default();
        (Self { call, decode, end: Rc::clone(&end) }, end)
    }

    /// The next message; waits until there is one. None after the last one. An error when it is not well-formed, or when
    /// the call has its status: the call ends with it, whatever the method returns. Nothing is lost when it is dropped while
    /// it waits.
    pub async fn message(&mut self) -> Result<Option<T>, Status> {
        retry(self.call.id(), Interest::Readable, || self.step()).await.transpose()
    }

    /// The trailers of a client: gRPC has none.
    pub async fn trailers(&mut self) -> Result<Option<MetadataMap>, Status> {
        Ok(None)
    }

    /// The next message if there is one: None when not yet, and `Some(None)` after the last.
    fn step(&mut self) -> Option<Option<Result<T, Status>>> {
        if self.end.borrow().over {
            return Some(None);
        }
        let result = match buffers::receive(self.call.id(), self.decode) {
            Ok(message) => message,
            Err(abi::AGAIN) => return None,
            Err(abi::END) => {
                self.end.borrow_mut().over = true;
                return Some(None);
            }
            // When the call is cancelled its tasks are about to be dropped: let it wait for that.
            Err(abi::CANCELLED) => return None,
            Err(_) => Err(self.call.over()),
        };
        if let Err(status) = &result {
            let mut end = self.end.borrow_mut();
            end.over = true;
            end.error = Some(status.clone());
        }
        Some(Some(result))
    }
}

impl<T> Stream for Streaming<T> {
    type Item = Result<T, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match this.step() {
            Some(item) => Poll::Ready(item),
            None => {
                listen(this.call.id(), Interest::Readable, context.waker());
                Poll::Pending
            }
        }
    }
}

impl<T> Unpin for Streaming<T> {}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").field("call", &self.call).finish_non_exhaustive()
    }
}
