//! What ../http.cc serves, in Rust: plain HTTP beside a gRPC method, by handlers that block, by `async` ones, and by those that
//! share an instance.

use http::{Request, Response, StatusCode};
use wasm_grpc_guest::{AsyncBody, AsyncResponder, Body, Call, HttpTarget, Services, Status, services};

fn text(status: StatusCode, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("text/plain"));
    response
}

async fn page(request: Request<AsyncBody>) -> Result<Response<Vec<u8>>, Status> {
    Ok(text(StatusCode::OK, format!("the page {}", request.uri())))
}

/// Comes back piece by piece, with what was said of it.
async fn echo(mut request: Request<AsyncBody>, responder: AsyncResponder) -> Result<(), Status> {
    let content_type = request.headers().get("content-type").cloned();
    let mut head = Response::new(());
    let method = request.method().as_str().parse().map_err(|_| Status::internal("a method is no header value"))?;
    head.headers_mut().insert("request-method", method);
    let plain = http::HeaderValue::from_static("text/plain");
    head.headers_mut().insert("content-type", content_type.unwrap_or(plain));
    let mut out = responder.begin(head)?;
    while let Some(piece) = request.body_mut().chunk().await? {
        let piece = piece.to_vec();
        out.send(&piece).await?;
    }
    Ok(())
}

fn limited(mut request: Request<Body>) -> Result<Response<Vec<u8>>, Status> {
    Ok(match request.body_mut().read_all(10) {
        Ok(body) => text(StatusCode::OK, body),
        Err(_) => text(StatusCode::PAYLOAD_TOO_LARGE, "at most 10 bytes"),
    })
}

async fn fail(_: Request<AsyncBody>) -> Result<Response<Vec<u8>>, Status> {
    Err(Status::permission_denied("not for you"))
}

fn spin(_: Request<Body>) -> Result<Response<Vec<u8>>, Status> {
    loop {
        std::hint::black_box(());
    }
}

/// "/bytes?N": so many.
fn bytes(request: Request<Body>) -> Result<Response<Vec<u8>>, Status> {
    let size = request.uri().query().and_then(|query| query.parse().ok()).unwrap_or(0);
    Ok(Response::new(vec![b'x'; size]))
}

fn trap(_: Request<Body>) -> Result<Response<Vec<u8>>, Status> {
    std::process::abort()
}

async fn trap_late(_: Request<AsyncBody>, responder: AsyncResponder) -> Result<(), Status> {
    responder.begin(Response::new(()))?.send(b"part").await?;
    std::process::abort()
}

/// "PATH" or "PATH BODY": asks the target web for it, and tells what that answered.
fn ask(call: &Call, request: &[u8]) -> Result<Vec<u8>, Status> {
    let text = str::from_utf8(request).unwrap_or_default();
    let question = match text.split_once(' ') {
        Some((path, body)) => Request::post(path).body(body),
        None => Request::get(text).body(""),
    };
    let mut question = question.map_err(|error| Status::invalid_argument(error.to_string()))?;
    question.headers_mut().insert("x-who", http::HeaderValue::from_static("you"));
    let answer = call.block_on(async { HttpTarget::new("web").ask(question).await })??;
    let from = answer.headers().get("x-from").and_then(|value| value.to_str().ok()).unwrap_or_default();
    Ok([format!("{} {from} ", answer.status().as_u16()).as_bytes(), answer.body()].concat())
}

services!(serve);
fn serve(services: &mut Services) {
    services.service("test.Http").unary("Echo", |_: &Call, request: &[u8]| Ok(request.to_vec())).unary("Ask", ask);
    services
        .http_async("/", page)
        .shared_http_stream("/echo", echo)
        .http("/limited", limited)
        .shared_http("/fail", fail)
        .http("/spin", spin)
        .http("/bytes", bytes)
        .http("/trap", trap)
        .http_async_stream("/trap-late", trap_late);
}
