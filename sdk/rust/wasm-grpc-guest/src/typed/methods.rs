//! From a call to an `async` method of a generated service, and to the call's status.

use super::message::{Request, Response};
use super::send;
use super::streaming::{End, Streaming};
use crate::abi::{self, Info, Kind};
use crate::blocking;
use crate::call::Call;
use crate::executor::Serving;
use crate::service::Methods;
use crate::status::Status;
use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::mem;
use core::pin::pin;
use futures_core::Stream;

type Result<T> = core::result::Result<T, Status>;
type Decode<In> = fn(&[u8]) -> Result<In>;

/// For code that is generated: `decode` makes requests of bytes, and `call` calls the method.
impl Methods<'_> {
    /// Adds a method of one request and one response.
    pub fn unary<S, In, Out, F, Fut>(&mut self, name: &str, service: &Rc<S>, decode: Decode<In>, method: F)
    where
        S: 'static,
        In: 'static,
        Out: prost::Message,
        F: Fn(Rc<S>, Request<In>) -> Fut + Copy + 'static,
        Fut: Future<Output = Result<Response<Out>>>,
    {
        self.serve(name, Kind::Unary, service, move |call, service| async move {
            respond(call, method(service, one_request(call, decode)?).await?).await
        });
    }

    /// Adds a method of many requests and one response.
    pub fn client_stream<S, In, Out, F, Fut>(&mut self, name: &str, service: &Rc<S>, decode: Decode<In>, method: F)
    where
        S: 'static,
        In: 'static,
        Out: prost::Message,
        F: Fn(Rc<S>, Request<Streaming<In>>) -> Fut + Copy + 'static,
        Fut: Future<Output = Result<Response<Out>>>,
    {
        self.serve(name, Kind::ClientStream, service, move |call, service| async move {
            let (request, end) = requests(call, decode)?;
            let response = method(service, request).await;
            well_formed(&end)?;
            respond(call, response?).await
        });
    }

    /// Adds a method of one request and many responses.
    pub fn server_stream<S, In, Out, Outs, F, Fut>(
        &mut self,
        name: &str,
        service: &Rc<S>,
        decode: Decode<In>,
        method: F,
    ) where
        S: 'static,
        In: 'static,
        Out: prost::Message,
        Outs: Stream<Item = Result<Out>>,
        F: Fn(Rc<S>, Request<In>) -> Fut + Copy + 'static,
        Fut: Future<Output = Result<Response<Outs>>>,
    {
        self.serve(name, Kind::ServerStream, service, move |call, service| async move {
            respond_each(call, method(service, one_request(call, decode)?).await?).await
        });
    }

    /// Adds a method of many requests and many responses, in any order.
    pub fn bidi_stream<S, In, Out, Outs, F, Fut>(&mut self, name: &str, service: &Rc<S>, decode: Decode<In>, method: F)
    where
        S: 'static,
        In: 'static,
        Out: prost::Message,
        Outs: Stream<Item = Result<Out>>,
        F: Fn(Rc<S>, Request<Streaming<In>>) -> Fut + Copy + 'static,
        Fut: Future<Output = Result<Response<Outs>>>,
    {
        self.serve(name, Kind::BidiStream, service, move |call, service| async move {
            let (request, end) = requests(call, decode)?;
            let ended = match method(service, request).await {
                Ok(response) => respond_each(call, response).await,
                Err(status) => Err(status),
            };
            well_formed(&end)?;
            ended
        });
    }

    fn serve<S, F, Fut>(&mut self, name: &str, kind: Kind, service: &Rc<S>, serve: F)
    where
        S: 'static,
        F: Fn(Call, Rc<S>) -> Fut + 'static,
        Fut: Future<Output = Result<()>> + 'static,
    {
        let service = Rc::clone(service);
        self.add(name, kind, Box::new(move |call| -> Serving { Box::pin(serve(call, Rc::clone(&service))) }));
    }
}

/// Messages of another format than protobuf would be misread.
fn check_format(call: Call) -> Result<()> {
    if abi::info(call.id(), Info::ContentSubtype, &mut []) <= 0 {
        return Ok(());
    }
    let theirs = call.content_subtype().unwrap_or_default();
    Err(Status::unimplemented(format!("this method takes messages of protobuf, not of application/grpc+{theirs}")))
}

fn one_request<In>(call: Call, decode: Decode<In>) -> Result<Request<In>> {
    check_format(call)?;
    Ok(Request::of(call, blocking::request(call, decode)??)) // it is there, so it does not wait
}

type Ended = Rc<RefCell<End>>;

fn requests<In>(call: Call, decode: Decode<In>) -> Result<(Request<Streaming<In>>, Ended)> {
    check_format(call)?;
    let (stream, end) = Streaming::new(call, decode);
    Ok((Request::of(call, stream), end))
}

/// The error of a request stream, which holds also for a method that did not look.
fn well_formed(end: &Ended) -> Result<()> {
    end.borrow_mut().error.take().map_or(Ok(()), Err)
}

async fn respond<Out: prost::Message>(call: Call, response: Response<Out>) -> Result<()> {
    let (message, headers, trailers) = response.into_parts();
    call.add_all(abi::HEADERS, &headers)?;
    send(call, &message).await?;
    call.add_all(abi::TRAILERS, &trailers)
}

async fn respond_each<Out, Outs>(call: Call, response: Response<Outs>) -> Result<()>
where
    Out: prost::Message,
    Outs: Stream<Item = Result<Out>>,
{
    let (stream, headers, trailers) = response.into_parts();
    call.add_all(abi::HEADERS, &headers)?;
    let mut stream = pin!(stream);
    let mut first = true;
    while let Some(item) = poll_fn(|context| {
        let item = stream.as_mut().poll_next(context);
        if mem::take(&mut first) && item.is_pending() {
            abi::headers_send(call.id()); // the first message may be long in coming
        }
        item
    })
    .await
    {
        send(call, &item?).await?;
    }
    call.add_all(abi::TRAILERS, &trailers)
}
