//! Requests that are not gRPC, by `async` functions.

use crate::abi::{self, Kind, Style};
use crate::buffers;
use crate::call::Call;
use crate::executor::{Interest, retry};
use crate::plain_http::{LARGEST_PIECE, begin, with_body};
use crate::service::Services;
use crate::status::Status;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::Future;

impl Services {
    /// As [`http`](Self::http), by an `async` function. Each request has an instance to itself.
    pub fn http_async<B, F, Fut>(&mut self, prefix: &str, handler: F) -> &mut Self
    where
        B: AsRef<[u8]> + 'static,
        F: Fn(http::Request<AsyncBody>) -> Fut + 'static,
        Fut: Future<Output = Result<http::Response<B>, Status>> + 'static,
    {
        self.answer_async(prefix, Style::Handler, handler)
    }

    /// The same for answers of any size: see [`http_stream`](Self::http_stream).
    pub fn http_async_stream<F, Fut>(&mut self, prefix: &str, handler: F) -> &mut Self
    where
        F: Fn(http::Request<AsyncBody>, AsyncResponder) -> Fut + 'static,
        Fut: Future<Output = Result<(), Status>> + 'static,
    {
        self.serve_async(prefix, Style::Handler, handler)
    }

    /// As [`http_async`](Self::http_async), thousands of requests to an instance, which share what `handler` has: see
    /// [`add_shared_service`](Self::add_shared_service).
    pub fn shared_http<B, F, Fut>(&mut self, prefix: &str, handler: F) -> &mut Self
    where
        B: AsRef<[u8]> + 'static,
        F: Fn(http::Request<AsyncBody>) -> Fut + 'static,
        Fut: Future<Output = Result<http::Response<B>, Status>> + 'static,
    {
        self.answer_async(prefix, Style::Events, handler)
    }

    /// The same for answers of any size.
    pub fn shared_http_stream<F, Fut>(&mut self, prefix: &str, handler: F) -> &mut Self
    where
        F: Fn(http::Request<AsyncBody>, AsyncResponder) -> Fut + 'static,
        Fut: Future<Output = Result<(), Status>> + 'static,
    {
        self.serve_async(prefix, Style::Events, handler)
    }

    fn answer_async<B, F, Fut>(&mut self, prefix: &str, style: Style, handler: F) -> &mut Self
    where
        B: AsRef<[u8]> + 'static,
        F: Fn(http::Request<AsyncBody>) -> Fut + 'static,
        Fut: Future<Output = Result<http::Response<B>, Status>> + 'static,
    {
        self.serve_async(prefix, style, move |request, responder| {
            let response = handler(request);
            async move {
                let (head, body) = response.await?.into_parts();
                responder.begin(http::Response::from_parts(head, ()))?.send(body.as_ref()).await
            }
        })
    }

    fn serve_async<F, Fut>(&mut self, prefix: &str, style: Style, handler: F) -> &mut Self
    where
        F: Fn(http::Request<AsyncBody>, AsyncResponder) -> Fut + 'static,
        Fut: Future<Output = Result<(), Status>> + 'static,
    {
        let serve = move |call| -> crate::executor::Serving {
            match with_body(call, AsyncBody { call, piece: Vec::new(), over: false }) {
                Ok(request) => Box::pin(handler(request, AsyncResponder { call })),
                Err(status) => Box::pin(async move { Err(status) }),
            }
        };
        self.async_handler(prefix, Kind::Http, style, Box::new(serve))
    }
}

/// The body of a request, as it comes. It may be of any size.
#[derive(Debug)]
pub struct AsyncBody {
    call: Call,
    piece: Vec<u8>, // received last
    over: bool,
}

impl AsyncBody {
    /// What comes of it next: waits until something has, 16 KiB at most. None after its end. When the client goes away
    /// before, what waits is dropped.
    pub async fn chunk(&mut self) -> Result<Option<&[u8]>, Status> {
        if self.over {
            return Ok(None);
        }
        let (call, piece) = (self.call, &mut self.piece);
        let answer = retry(call.id(), Interest::Readable, || match buffers::receive_into(call.id(), piece) {
            // When the call is cancelled its tasks are about to be dropped: let it wait for that.
            Err(abi::AGAIN | abi::CANCELLED) => None,
            answer => Some(answer),
        })
        .await;
        match answer {
            Ok(length) => Ok(Some(&self.piece[..length])),
            Err(abi::END) => {
                self.over = true;
                Ok(None)
            }
            Err(_) => Err(call.over()),
        }
    }

    /// All of it; RESOURCE_EXHAUSTED when it is more than `most` bytes.
    pub async fn read_all(&mut self, most: usize) -> Result<Vec<u8>, Status> {
        let mut all = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if all.len() + chunk.len() > most {
                return Err(Status::resource_exhausted(alloc::format!("the body has more than {most} bytes")));
            }
            all.extend_from_slice(chunk);
        }
        Ok(all)
    }

    /// All of it as text; see [`read_all`](Self::read_all).
    pub async fn read_text(&mut self, most: usize) -> Result<String, Status> {
        Ok(String::from_utf8(self.read_all(most).await?)?)
    }
}

/// Answers an HTTP request.
#[derive(Debug)]
pub struct AsyncResponder {
    call: Call,
}

impl AsyncResponder {
    /// Gives status and headers: see [`Responder::begin`](crate::Responder::begin).
    pub fn begin(self, head: http::Response<()>) -> Result<AsyncBodyWriter, Status> {
        begin(self.call, &head)?;
        Ok(AsyncBodyWriter { call: self.call })
    }
}

/// Where the body of an answer is written; it ends when the handler does.
#[derive(Debug)]
pub struct AsyncBodyWriter {
    call: Call,
}

impl AsyncBodyWriter {
    /// Sends a piece, of any size; waits while the client does not read fast enough. When it goes away meanwhile, what waits
    /// is dropped. To a HEAD request nothing of it is sent.
    pub async fn send(&mut self, body: &[u8]) -> Result<(), Status> {
        let call = self.call;
        for piece in body.chunks(LARGEST_PIECE) {
            let send = || match abi::send(call.id(), piece) {
                abi::AGAIN => None,
                answer => Some(answer),
            };
            if retry(call.id(), Interest::Writable, send).await < 0 {
                return Err(call.over());
            }
        }
        Ok(())
    }

    /// Sends status and headers now rather than with the first piece.
    pub fn send_headers(&mut self) -> Result<(), Status> {
        self.call.send_headers()
    }
}
