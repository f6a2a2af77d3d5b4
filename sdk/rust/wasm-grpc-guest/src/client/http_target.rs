//! Plain HTTP that a guest asks for.

use super::made_call::MadeCall;
use crate::abi::{self, Kind, client};
use crate::metadata::{MetadataMap, MetadataValue};
use crate::status::Status;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// A target whose address is one of plain HTTP (docs/targets.md), by the types of the crate `http`. It does not follow redirects.
///
/// ```no_run
/// use wasm_grpc_guest::{HttpTarget, Status};
///
/// async fn tell(event: &str) -> Result<bool, Status> {
///     let hooks = HttpTarget::new("hooks");
///     let request = http::Request::post("/v1/events").header("content-type", "text/plain").body(event);
///     let answer = hooks.ask(request.map_err(|error| Status::internal(error.to_string()))?).await?;
///     Ok(answer.status().is_success())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct HttpTarget {
    name: String,
    timeout: Option<Duration>,
    most_body: usize,
}

impl HttpTarget {
    /// The target of that name. It asks the host for nothing.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), timeout: None, most_body: 1 << 20 }
    }

    /// How long each question may take. It ends by the deadline of the call that it is asked for at the latest.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Bytes that the body of an answer may have, 1 MiB without; a larger one is RESOURCE_EXHAUSTED.
    #[must_use]
    pub fn most_body(mut self, bytes: usize) -> Self {
        self.most_body = bytes;
        self
    }

    /// Asks, and takes the whole answer, whatever its status says. An error says why there is none: PERMISSION_DENIED,
    /// UNAVAILABLE, DEADLINE_EXCEEDED, ... The URI is a path with its query; where the target has a wildcard, and only there, it
    /// names the server too: `https://a.example.com/path`. In a handler that blocks, [`Call::block_on`](crate::Call::block_on) waits.
    pub async fn ask<B: AsRef<[u8]>>(&self, request: http::Request<B>) -> Result<http::Response<Vec<u8>>, Status> {
        let (head, body) = request.into_parts();
        let mut metadata = MetadataMap::new();
        metadata.append(":method", MetadataValue::from_bytes(head.method.as_str().as_bytes()));
        if let Some(authority) = head.uri.authority() {
            metadata.append(":authority", MetadataValue::from_bytes(authority.as_str().as_bytes()));
        }
        for (name, value) in &head.headers {
            metadata.append(name.as_str(), MetadataValue::from_bytes(value.as_bytes()));
        }
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let call = MadeCall::open(&self.name, path, Kind::Http, &metadata, self.timeout);
        match body.as_ref() {
            [] => call.half_close(),
            bytes => _ = call.send(bytes, true).await, // where it has ended, that is told below
        }
        let body = self.body(&call).await?;
        call.end()?;
        answer(&call.metadata(abi::HEADERS), body)
    }

    async fn body(&self, call: &MadeCall) -> Result<Vec<u8>, Status> {
        let mut body = Vec::new();
        loop {
            call.wait(client::READABLE).await;
            let piece = match call.take(|piece| Ok(piece.to_vec())) {
                None => continue,
                Some(None) => return Ok(body),
                Some(Some(piece)) => piece?,
            };
            if piece.len() > self.most_body - body.len() {
                let most = self.most_body;
                return Err(Status::resource_exhausted(format!("the body of the answer has more than {most} bytes")));
            }
            body.extend(piece);
        }
    }
}

fn answer(headers: &MetadataMap, body: Vec<u8>) -> Result<http::Response<Vec<u8>>, Status> {
    let mut answer = http::Response::builder();
    for (name, value) in headers.iter() {
        answer = match name {
            ":status" => answer.status(value.as_bytes()),
            name => answer.header(name, value.as_bytes()),
        };
    }
    answer.body(body).map_err(|error| Status::internal(format!("the answer is none: {error}")))
}
