//! A target, and the four kinds of calls of it.

use super::made_call::MadeCall;
use super::requests::IntoStreamingRequest;
use super::responses::Responses;
use crate::abi::{self, Kind, client};
use crate::buffers;
use crate::executor::spawn;
use crate::status::Status;
use crate::typed::{Request, Response};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use futures_core::Stream;

type Result<T> = core::result::Result<T, Status>;
type Decode<T> = fn(&[u8]) -> Result<T>;

/// What the operator has granted by a name. Calls are made for the call whose task makes them: they end by its deadline, and
/// with it. For code that is generated: `path` is `/package.Service/Method`, and `decode` makes responses of bytes.
#[derive(Clone, Debug)]
pub struct Target {
    name: String,
}

impl Target {
    /// The target of that name. It asks the host for nothing.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    /// One request, one response.
    pub async fn unary<In: prost::Message, Out>(
        &self,
        path: &str,
        request: Request<In>,
        decode: Decode<Out>,
    ) -> Result<Response<Out>> {
        let call = self.open(path, Kind::Unary, &request);
        send(&call, request.get_ref(), true).await?;
        reply(&call, path, decode).await
    }

    /// One request, many responses.
    pub async fn server_stream<In: prost::Message, Out>(
        &self,
        path: &str,
        request: Request<In>,
        decode: Decode<Out>,
    ) -> Result<Response<Responses<Out>>> {
        let call = self.open(path, Kind::ServerStream, &request);
        send(&call, request.get_ref(), true).await?;
        responses(Rc::new(call), decode).await
    }

    /// Many requests, one response.
    pub async fn client_stream<R, Out>(&self, path: &str, requests: R, decode: Decode<Out>) -> Result<Response<Out>>
    where
        R: IntoStreamingRequest<Message: prost::Message>,
    {
        let requests = requests.into_streaming_request();
        let call = self.open(path, Kind::ClientStream, &requests);
        send_all(&call, requests.into_inner()).await?;
        reply(&call, path, decode).await
    }

    /// Many requests, many responses, in any order. The requests are sent by a task of their own.
    pub async fn bidi_stream<R, Out>(
        &self,
        path: &str,
        requests: R,
        decode: Decode<Out>,
    ) -> Result<Response<Responses<Out>>>
    where
        R: IntoStreamingRequest<Message: prost::Message>,
    {
        let requests = requests.into_streaming_request();
        let call = Rc::new(self.open(path, Kind::BidiStream, &requests));
        let sender = Rc::downgrade(&call);
        let stream = requests.into_inner();
        spawn(async move {
            let mut stream = pin!(stream);
            while let Some(message) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
                // Nobody reads the responses any more where it is gone.
                let Some(call) = sender.upgrade() else { return };
                if !matches!(send(&call, &message, false).await, Ok(true)) {
                    return;
                }
            }
            if let Some(call) = sender.upgrade() {
                call.half_close();
            }
        });
        responses(call, decode).await
    }

    fn open<T>(&self, path: &str, kind: Kind, request: &Request<T>) -> MadeCall {
        MadeCall::open(&self.name, path, kind, request.metadata(), request.timeout())
    }
}

/// False when the call has ended.
async fn send<M: prost::Message>(call: &MadeCall, message: &M, last: bool) -> Result<bool> {
    let mut buffer = buffers::take_outgoing();
    // A Vec has room for all of it.
    message.encode(&mut buffer).map_err(|error| Status::internal(format!("{error}")))?;
    let sent = call.send(&buffer, last).await;
    buffers::keep_outgoing(buffer);
    Ok(sent)
}

/// Sends all that comes, until the call has ended.
async fn send_all<M: prost::Message>(call: &MadeCall, stream: impl Stream<Item = M>) -> Result<()> {
    let mut stream = pin!(stream);
    let mut ended = pin!(call.wait(client::ENDED));
    loop {
        let next = poll_fn(|context| {
            if ended.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            stream.as_mut().poll_next(context)
        })
        .await;
        match next {
            Some(message) if send(call, &message, false).await? => {}
            Some(_) => return Ok(()),
            None => break,
        }
    }
    call.half_close();
    Ok(())
}

/// The one response of a call, after its last request.
async fn reply<Out>(call: &MadeCall, path: &str, decode: Decode<Out>) -> Result<Response<Out>> {
    call.wait(client::ENDED).await;
    call.end()?;
    let message = call.take(decode).flatten();
    let message =
        message.unwrap_or_else(|| Err(Status::internal(format!("{path} ended well, but without a response"))))?;
    let mut response = Response::new(message);
    *response.metadata_mut() = call.metadata(abi::HEADERS);
    *response.trailers_mut() = call.metadata(abi::TRAILERS);
    Ok(response)
}

/// The responses of a call, once its headers are there, or its end.
async fn responses<Out>(call: Rc<MadeCall>, decode: Decode<Out>) -> Result<Response<Responses<Out>>> {
    call.wait(client::HEADERS).await;
    let headers = call.metadata(abi::HEADERS);
    let mut response = Response::new(Responses::new(call, decode));
    *response.metadata_mut() = headers;
    Ok(response)
}
