//! Requests that are not gRPC.

use http::{Request, Response, StatusCode};
use std::cell::Cell;
use std::io::{Read, Write};
use std::rc::Rc;
use std::time::Duration;
use wasm_grpc_guest::testing::{Answer, Guest};
use wasm_grpc_guest::{
    AsyncBody, AsyncResponder, Body, Call, Code, HttpTarget, Responder, Services, Status, join, sleep,
};

fn page(request: Request<Body>) -> Result<Response<String>, Status> {
    if request.uri().path().ends_with("/none") {
        return Err(Status::not_found("no such page"));
    }
    let agent = request.headers().get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or("nobody");
    let peer = request.extensions().get::<Call>().map(Call::peer).unwrap_or_default();
    let text = format!("{} {} for {agent} at {peer}", request.method(), request.uri());
    Ok(Response::builder().status(StatusCode::ACCEPTED).header("content-type", "text/plain").body(text).unwrap())
}

fn echo(mut request: Request<Body>, responder: Responder) -> Result<(), Status> {
    let mut out = responder.begin(Response::new(()))?;
    let mut first = [0; 3];
    request.body_mut().read_exact(&mut first)?;
    out.write_all(&first)?;
    out.send(b"|")?;
    while let Some(chunk) = request.body_mut().chunk()? {
        out.send(chunk)?;
    }
    Ok(())
}

fn sum(mut request: Request<Body>) -> Result<Response<String>, Status> {
    Ok(Response::new(request.body_mut().read_text(10)?.len().to_string()))
}

async fn count(mut request: Request<AsyncBody>) -> Result<Response<String>, Status> {
    Ok(Response::new(request.body_mut().read_text(10).await?.len().to_string()))
}

async fn echo_slowly(mut request: Request<AsyncBody>, responder: AsyncResponder) -> Result<(), Status> {
    let mut out = responder.begin(Response::builder().status(202).body(()).unwrap())?;
    while let Some(chunk) = request.body_mut().chunk().await? {
        let chunk = chunk.to_vec();
        sleep(Duration::from_secs(60)).await;
        out.send(&chunk).await?;
    }
    Ok(())
}

fn serve(services: &mut Services) {
    let visits = Rc::new(Cell::new(0));
    services
        .http_async("/async/count", count)
        .shared_http("/shared/count", count)
        .http_async_stream("/async/echo", echo_slowly)
        .shared_http_stream("/shared/echo", echo_slowly)
        .shared_http("/visits", move |_| {
            let visits = Rc::clone(&visits);
            async move {
                visits.set(visits.get() + 1);
                Ok(Response::new(visits.get().to_string()))
            }
        })
        .http("/pages", page)
        .http_stream("/pages/echo", echo)
        .http("/sum", sum)
        .http("/bad", |_| Ok(Response::builder().header("content-length", "1").body("").unwrap()));
}

#[test]
fn a_request_is_answered() {
    let outcome = Guest::new(serve).http("GET", "/pages/a?b=c").metadata("user-agent", "curl").run();
    assert_eq!((outcome.code, outcome.http_status), (Code::Ok, 202));
    assert_eq!(outcome.headers.get("content-type").unwrap(), "text/plain");
    assert_eq!(outcome.messages, [b"GET /pages/a?b=c for curl at 127.0.0.1:1"]);
}

#[test]
fn an_error_is_answered_by_the_status_that_fits() {
    let guest = Guest::new(serve);
    let outcome = guest.http("GET", "/pages/none").run();
    assert_eq!((outcome.http_status, outcome.messages), (404, vec![b"no such page".to_vec()]));
    assert_eq!(guest.http("POST", "/sum").message("more than ten bytes").run().http_status, 429);
    assert_eq!(guest.http("GET", "/bad").run().http_status, 500);
}

#[test]
fn bodies_stream() {
    let guest = Guest::new(serve);
    let outcome = guest.http("POST", "/pages/echo").message("ab").message("cdef").message("g").stalls(1).run();
    assert_eq!(outcome.messages.concat(), b"abc|defg");
    assert_eq!(guest.http("POST", "/sum").message("12345").message("67890").run().messages, [b"10"]);
}

#[test]
fn the_longest_prefix_at_a_segment_serves() {
    let guest = Guest::new(serve);
    assert_eq!(guest.http("GET", "/pagesx").run().code, Code::Unimplemented);
    assert_eq!(guest.http("GET", "/pages").run().http_status, 202);
    assert_eq!(guest.call("/pages").run().code, Code::Unimplemented);
}

#[test]
fn async_handlers_do_the_same_alone_and_together() {
    for style in ["async", "shared"] {
        let guest = Guest::new(serve);
        let count = format!("/{style}/count");
        assert_eq!(guest.http("POST", &count).message("12345").message("67890").run().messages, [b"10"]);
        assert_eq!(guest.http("POST", &count).message("more than ten bytes").run().http_status, 429);
        let echo = guest.http("POST", &format!("/{style}/echo")).message("ab").message("cdef").stalls(1).run();
        assert_eq!((echo.http_status, echo.messages.concat()), (202, b"abcdef".to_vec()));
        assert_eq!(guest.http("POST", &format!("/{style}/echo")).run().http_status, 202);
    }
}

#[test]
fn requests_of_a_shared_handler_share_what_it_has() {
    let guest = Guest::new(serve);
    for expected in ["1", "2", "3"] {
        assert_eq!(guest.http("GET", "/visits").run().messages, [expected.as_bytes()]);
    }
}

// ---- Asked for ----

async fn ask(request: Request<AsyncBody>) -> Result<Response<Vec<u8>>, Status> {
    let question = Request::put("/v1/events?sort=name").header("x-who", "me").body("tea").unwrap();
    let hooks = HttpTarget::new("hooks").most_body(10).timeout(Duration::from_secs(9));
    let other = Request::get("https://a.example.com/large").body("").unwrap();
    let (answer, large) = join(hooks.ask(question), HttpTarget::new("wide").most_body(4).ask(other)).await;
    let answer = answer?;
    let from = answer.headers().get("x-from").map(|value| value.to_str().unwrap_or_default().to_owned());
    let text = format!("{} {from:?} {:?} {:?}", answer.status(), answer.body(), large.map_err(|error| error.code()));
    drop(request);
    Ok(Response::new(text.into_bytes()))
}

fn asks(services: &mut Services) {
    services.http_async("/alone", ask).shared_http("/shared", ask).http("/blocks", |request| {
        let call = *request.extensions().get::<Call>().unwrap();
        let question = Request::get("/").body("").unwrap();
        call.block_on(async { HttpTarget::new("web").ask(question).await })?
    });
}

#[test]
fn an_answer_has_its_status_headers_and_body() {
    let guest = Guest::new(asks);
    guest.answer("hooks/v1/events", |made| {
        let metadata: Vec<_> = made.metadata.iter().map(|(key, value)| (key, value.as_bytes())).collect();
        assert_eq!(metadata, [(":method", &b"PUT"[..]), ("x-who", b"me")]);
        assert_eq!((&made.requests[..], made.timeout), (&[b"tea".to_vec()][..], Some(Duration::from_secs(9))));
        let mut answer = Answer::http(404, "none").after(Duration::from_secs(1));
        answer.headers.insert("x-from", "shop".parse().unwrap());
        answer
    });
    guest.answer("wide/large", |made| {
        assert_eq!(made.metadata.get(":authority").unwrap().as_bytes(), b"a.example.com");
        assert!(made.requests.is_empty());
        Answer::http(200, "12345")
    });
    for path in ["/alone", "/shared"] {
        let outcome = guest.http("GET", path).run();
        let text = String::from_utf8(outcome.messages.concat()).unwrap();
        assert_eq!(text, "404 Not Found Some(\"shop\") [110, 111, 110, 101] Err(ResourceExhausted)");
    }
}

#[test]
fn a_handler_that_blocks_waits_for_an_answer_or_why_there_is_none() {
    let guest = Guest::new(asks);
    assert_eq!(guest.http("GET", "/blocks").run().code, Code::PermissionDenied);
    guest.answer("web/", |_| Answer::http(200, "here"));
    assert_eq!(guest.http("GET", "/blocks").run().messages, [b"here"]);
    guest.answer("web/", |_| Answer::error(Code::Unavailable, "away"));
    assert_eq!(guest.http("GET", "/blocks").run().code, Code::Unavailable);
}
