//! A stream of responses, made as it is asked for.

use crate::status::Status;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::RefCell;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;

/// A stream of responses that has a name, for the type that a generated trait asks for. Any other [`Stream`] will do too.
///
/// ```ignore
/// type ListFeaturesStream = Replies<Feature>;
///
/// async fn list_features(&self, request: Request<Rectangle>) -> Result<Response<Self::ListFeaturesStream>, Status> {
///     Ok(Replies::new(async move |mut out| {
///         for feature in features_in(request.into_inner()) {
///             out.send(feature).await;
///         }
///         Ok(())
///     }))
/// }
/// ```
pub struct Replies<T> {
    stream: Pin<Box<dyn Stream<Item = Result<T, Status>>>>,
}

impl<T: 'static> Replies<T> {
    /// A response of the messages that `work` sends; when it gives an error, they end by that.
    pub fn new<F, Fut>(work: F) -> crate::Response<Self>
    where
        F: FnOnce(Sender<T>) -> Fut,
        Fut: Future<Output = Result<(), Status>> + 'static,
    {
        let slot = Rc::default();
        let work = Some(Box::pin(work(Sender { slot: Rc::clone(&slot) })));
        Self::of(Working { work, slot })
    }

    /// A response of the messages of an iterator, each made when there is room for it.
    pub fn from_iter(messages: impl IntoIterator<Item = T, IntoIter: 'static>) -> crate::Response<Self> {
        Self::of(Iterating(messages.into_iter()))
    }

    /// A response of the messages of another stream.
    pub fn of(stream: impl Stream<Item = Result<T, Status>> + 'static) -> crate::Response<Self> {
        crate::Response::new(Self { stream: Box::pin(stream) })
    }
}

impl<T> Stream for Replies<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for Replies<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replies").finish_non_exhaustive()
    }
}

/// Where [`Replies::new`] takes messages.
pub struct Sender<T> {
    slot: Rc<RefCell<Option<T>>>,
}

impl<T> Sender<T> {
    /// Sends a message; waits while the client does not read fast enough. When the call ends, what waits is dropped.
    pub async fn send(&mut self, message: T) {
        *self.slot.borrow_mut() = Some(message);
        // It is taken, and polled again for the next one.
        poll_fn(|_| if self.slot.borrow().is_some() { Poll::Pending } else { Poll::Ready(()) }).await;
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

struct Working<T, Fut> {
    work: Option<Pin<Box<Fut>>>,
    slot: Rc<RefCell<Option<T>>>,
}

impl<T, Fut: Future<Output = Result<(), Status>>> Stream for Working<T, Fut> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(work) = &mut self.work else { return Poll::Ready(None) };
        let ended = match work.as_mut().poll(context) {
            Poll::Pending => None,
            Poll::Ready(ended) => Some(ended),
        };
        if ended.is_some() {
            self.work = None;
        }
        let sent = self.slot.borrow_mut().take();
        match (sent, ended) {
            (Some(message), _) => Poll::Ready(Some(Ok(message))),
            (None, Some(Err(status))) => Poll::Ready(Some(Err(status))),
            (None, Some(Ok(()))) => Poll::Ready(None),
            (None, None) => Poll::Pending,
        }
    }
}

struct Iterating<I>(I);

impl<I> Unpin for Iterating<I> {}

impl<I: Iterator> Stream for Iterating<I> {
    type Item = Result<I::Item, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}
