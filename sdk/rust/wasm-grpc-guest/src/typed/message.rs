//! A request, and a response.

use crate::call::Call;
use crate::metadata::MetadataMap;
use core::cell::OnceCell;
use core::time::Duration;

/// A request message, or the stream of them ([`Streaming`](crate::Streaming)), with the metadata and the call it came by.
#[derive(Debug)]
pub struct Request<T> {
    message: T,
    call: Call,
    metadata: OnceCell<MetadataMap>, // read when it is asked for
    timeout: Option<Duration>,
}

impl<T> Request<T> {
    /// A request of no call: one to be made of another service, or of a test.
    pub fn new(message: T) -> Self {
        Self::of(Call::new(0), message)
    }

    pub(crate) fn of(call: Call, message: T) -> Self {
        Self { message, call, metadata: OnceCell::new(), timeout: None }
    }

    /// The call: deadline, peer, names of TLS, what is answered beside messages.
    pub fn call(&self) -> Call {
        self.call
    }

    /// The request headers.
    pub fn metadata(&self) -> &MetadataMap {
        let of_a_client = self.call.id() != 0;
        self.metadata.get_or_init(|| if of_a_client { self.call.metadata() } else { MetadataMap::new() })
    }

    /// Gives the call that is made with this request so long. It ends by the deadline of the call that it is made for at the
    /// latest, with or without.
    pub fn set_timeout(&mut self, time: Duration) {
        self.timeout = Some(time);
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The same, to change them for what is called with the request.
    pub fn metadata_mut(&mut self) -> &mut MetadataMap {
        self.metadata();
        self.metadata.get_mut().expect("it was made above")
    }

    /// The message.
    pub fn get_ref(&self) -> &T {
        &self.message
    }

    /// The message, to change it.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.message
    }

    /// The message, without the rest.
    pub fn into_inner(self) -> T {
        self.message
    }

    /// The request with another message in place of this one.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Request<U> {
        Request { message: change(self.message), call: self.call, metadata: self.metadata, timeout: self.timeout }
    }

    /// The client's address; None over a unix socket.
    #[cfg(feature = "std")]
    pub fn remote_addr(&self) -> Option<std::net::SocketAddr> {
        self.call.peer().parse().ok()
    }
}

/// A response message, or the stream of them, with the metadata that goes with it.
///
/// The call ends with INTERNAL where the host refuses metadata: see [`Call::add_header`](crate::Call::add_header).
#[derive(Clone, Debug, Default)]
pub struct Response<T> {
    message: T,
    metadata: MetadataMap,
    trailers: MetadataMap,
}

impl<T> Response<T> {
    /// A response of that message.
    pub fn new(message: T) -> Self {
        Self { message, metadata: MetadataMap::new(), trailers: MetadataMap::new() }
    }

    /// The response headers.
    pub fn metadata(&self) -> &MetadataMap {
        &self.metadata
    }

    /// The response headers, to add to them.
    pub fn metadata_mut(&mut self) -> &mut MetadataMap {
        &mut self.metadata
    }

    /// The trailers, which are sent with the status when that is OK; for others they are [`Status`](crate::Status)'s.
    pub fn trailers(&self) -> &MetadataMap {
        &self.trailers
    }

    /// The trailers, to add to them.
    pub fn trailers_mut(&mut self) -> &mut MetadataMap {
        &mut self.trailers
    }

    /// The message.
    pub fn get_ref(&self) -> &T {
        &self.message
    }

    /// The message, to change it.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.message
    }

    /// The message, without the rest.
    pub fn into_inner(self) -> T {
        self.message
    }

    pub(super) fn into_parts(self) -> (T, MetadataMap, MetadataMap) {
        (self.message, self.metadata, self.trailers)
    }

    /// The response with another message in place of this one.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        Response { message: change(self.message), metadata: self.metadata, trailers: self.trailers }
    }
}

impl<T> From<T> for Response<T> {
    fn from(message: T) -> Self {
        Self::new(message)
    }
}
