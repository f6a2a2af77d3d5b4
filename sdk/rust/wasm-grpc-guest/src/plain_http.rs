//! Requests that are not gRPC (docs/http.md), by the types of the crate `http`.

use crate::abi::{self, Kind};
use crate::blocking::{Reader, Writer};
use crate::call::Call;
use crate::service::Services;
use crate::status::Status;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The most that is given to the host at once, so that a client that reads slowly holds the rest up here.
pub(crate) const LARGEST_PIECE: usize = 64 << 10;

impl Services {
    /// Serves requests that are not gRPC, at a path and below it: `/` gets every request, `/files` gets `/files` and
    /// `/files/a`. Of the prefixes of all modules the longest that fits serves a request. The request's extensions have the
    /// [`Call`].
    ///
    /// An error is answered by the HTTP status that fits its code and its message as text.
    pub fn http<B: AsRef<[u8]>>(
        &mut self,
        prefix: &str,
        handler: impl Fn(http::Request<Body>) -> Result<http::Response<B>, Status> + 'static,
    ) -> &mut Self {
        self.http_stream(prefix, move |request, responder| {
            let (head, body) = handler(request)?.into_parts();
            responder.begin(http::Response::from_parts(head, ()))?.send(body.as_ref())
        })
    }

    /// The same for answers of any size: the handler says by its [`Responder`] what is answered. An error before that is as
    /// with [`http`](Self::http); later it breaks the answer off, which the client sees.
    pub fn http_stream(
        &mut self,
        prefix: &str,
        handler: impl Fn(http::Request<Body>, Responder) -> Result<(), Status> + 'static,
    ) -> &mut Self {
        self.handler(prefix, Kind::Http, move |call| handler(request_of(call)?, Responder { call }))
    }
}

fn request_of(call: Call) -> Result<http::Request<Body>, Status> {
    with_body(call, Body { reader: Reader::new(call), piece: Vec::new(), taken: 0 })
}

/// The head of a call's request, with this for its body.
pub(crate) fn with_body<B>(call: Call, body: B) -> Result<http::Request<B>, Status> {
    let mut request = http::Request::builder().method(call.http_method().as_str()).uri(call.path().as_str());
    for (name, value) in call.metadata().iter() {
        request = request.header(name, value.as_bytes());
    }
    request.extension(call).body(body).map_err(|error| Status::invalid_argument(error.to_string()))
}

/// Gives the status and the headers of an answer.
pub(crate) fn begin(call: Call, head: &http::Response<()>) -> Result<(), Status> {
    let status = head.status().as_u16();
    if abi::http_status(call.id(), status.into()) == abi::INVALID {
        return Err(Status::internal(alloc::format!("{status} is no status of an answer: 200 to 599 are")));
    }
    for (name, value) in head.headers() {
        call.add_header(name.as_str(), value.as_bytes())?;
    }
    Ok(())
}

/// The body of a request, as it comes. It may be of any size.
#[derive(Debug)]
pub struct Body {
    reader: Reader,
    piece: Vec<u8>, // received last
    taken: usize,   // of it
}

impl Body {
    /// What has come of it: waits until something has, 16 KiB at most. None after its end, and an error when the client went
    /// away before: return it.
    pub fn chunk(&mut self) -> Result<Option<&[u8]>, Status> {
        if !self.fill()? {
            return Ok(None);
        }
        let begin = core::mem::replace(&mut self.taken, self.piece.len());
        Ok(Some(&self.piece[begin..]))
    }

    /// Has something of the body there that was not taken yet. False after its end.
    fn fill(&mut self) -> Result<bool, Status> {
        if self.taken < self.piece.len() {
            return Ok(true);
        }
        self.piece.clear();
        self.taken = 0;
        let Some(piece) = self.reader.next()? else { return Ok(false) };
        self.piece.extend_from_slice(piece);
        Ok(true)
    }

    /// All of it; RESOURCE_EXHAUSTED when it is more than `most` bytes.
    pub fn read_all(&mut self, most: usize) -> Result<Vec<u8>, Status> {
        let mut all = Vec::new();
        while let Some(chunk) = self.chunk()? {
            if all.len() + chunk.len() > most {
                return Err(Status::resource_exhausted(alloc::format!("the body has more than {most} bytes")));
            }
            all.extend_from_slice(chunk);
        }
        Ok(all)
    }

    /// All of it as text; see [`read_all`](Self::read_all).
    pub fn read_text(&mut self, most: usize) -> Result<String, Status> {
        Ok(String::from_utf8(self.read_all(most)?)?)
    }
}

impl std::io::Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if buffer.is_empty() || !self.fill().map_err(std::io::Error::other)? {
            return Ok(0);
        }
        let rest = &self.piece[self.taken..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.taken += length;
        Ok(length)
    }
}

/// Answers an HTTP request.
#[derive(Debug)]
pub struct Responder {
    call: Call,
}

impl Responder {
    /// Gives status and headers, which leave with the first piece of the body, or at the end. An error for a status that is not
    /// 200 to 599, and for a header that is the host's (`content-length`, `connection` and the like) or no printable ASCII.
    pub fn begin(self, head: http::Response<()>) -> Result<BodyWriter, Status> {
        begin(self.call, &head)?;
        Ok(BodyWriter { call: self.call, out: Writer::new(self.call) })
    }
}

/// Where the body of an answer is written; it ends when the handler does.
#[derive(Debug)]
pub struct BodyWriter {
    call: Call,
    out: Writer,
}

impl BodyWriter {
    /// Sends a piece, of any size; waits while the client does not read fast enough. An error when it cannot be delivered any
    /// more: return it. To a HEAD request nothing of it is sent.
    pub fn send(&mut self, body: &[u8]) -> Result<(), Status> {
        body.chunks(LARGEST_PIECE).try_for_each(|piece| self.out.send(piece))
    }

    /// Sends status and headers now rather than with the first piece.
    pub fn send_headers(&mut self) -> Result<(), Status> {
        self.call.send_headers()
    }
}

impl std::io::Write for BodyWriter {
    fn write(&mut self, body: &[u8]) -> std::io::Result<usize> {
        self.send(body).map_err(std::io::Error::other)?;
        Ok(body.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
