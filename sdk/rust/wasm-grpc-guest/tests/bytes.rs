//! Handlers of bytes, by the host in memory.

use std::time::Duration;
use wasm_grpc_guest::testing::Guest;
use wasm_grpc_guest::{Call, Code, Level, Reader, Services, Status, Writer, services, set_serving};

fn echo(_: &Call, request: &[u8]) -> Result<Vec<u8>, Status> {
    Ok(request.to_vec())
}

fn join(_: &Call, messages: &mut Reader) -> Result<Vec<u8>, Status> {
    let mut joined = Vec::new();
    while let Some(message) = messages.next()? {
        joined.extend_from_slice(message);
    }
    Ok(joined)
}

fn repeat(_: &Call, request: &[u8], out: &mut Writer) -> Result<(), Status> {
    for _ in 0..3 {
        out.send(request)?;
    }
    Ok(())
}

fn chat(_: &Call, messages: &mut Reader, out: &mut Writer) -> Result<(), Status> {
    while let Some(message) = messages.next()? {
        out.send([b"you said ", message].concat())?;
    }
    Ok(())
}

fn fail(_: &Call, request: &[u8]) -> Result<&'static str, Status> {
    let mut status = Status::aborted(String::from_utf8(request.to_vec())?).with_detail("a.B", b"x");
    status.metadata_mut().insert("x-why", "so".parse().unwrap());
    Err(status)
}

fn metadata(call: &Call, _: &[u8]) -> Result<String, Status> {
    for (key, value) in call.metadata().iter() {
        call.add_header(key, value.as_bytes())?;
        call.add_trailer(key, value.as_bytes())?;
    }
    assert_eq!(call.add_header("grpc-status", "0").unwrap_err().code(), Code::Internal);
    assert_eq!(call.add_header("x-text", "größer").unwrap_err().code(), Code::Internal);
    Ok(format!("{:?} of {}", call.header("x-text"), call.path()))
}

fn nap(call: &Call, _: &[u8]) -> Result<String, Status> {
    let before = call.time_left();
    call.sleep(Duration::from_secs(3600))?;
    call.log(Level::Info, "slept", &[("before", &format!("{before:?}"))]);
    Ok(format!("{:?}", call.time_left()))
}

services!(serve);
fn serve(services: &mut Services) {
    services
        .service("test.Bytes")
        .unary("Echo", echo)
        .client_stream("Join", join)
        .server_stream("Repeat", repeat)
        .bidi_stream("Chat", chat)
        .unary("Fail", fail)
        .unary("Metadata", metadata)
        .unary("Nap", nap)
        .unary("Both", |call, _| {
            call.finish(Err(Status::data_loss("first")))?;
            Ok("second")
        });
    set_serving("test.Bytes", false);
}

#[test]
fn all_kinds_of_methods_answer() {
    let guest = Guest::new(serve);
    let said = |method: &str, messages: &[&str]| {
        let call = guest.call(&format!("/test.Bytes/{method}"));
        let outcome = messages.iter().fold(call, |call, message| call.message(message)).stalls(2).run();
        assert_eq!(outcome.code, Code::Ok, "{}", outcome.message);
        outcome.messages.into_iter().map(|message| String::from_utf8(message).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(said("Echo", &["hi"]), ["hi"]);
    assert_eq!(said("Echo", &[&"long".repeat(5000)]), ["long".repeat(5000)]);
    assert_eq!(said("Join", &[]), [""]);
    assert_eq!(said("Join", &["a", &"b".repeat(9000), "c"]), [format!("a{}c", "b".repeat(9000))]);
    assert_eq!(said("Repeat", &["hi"]), ["hi", "hi", "hi"]);
    assert_eq!(said("Chat", &["a", "b"]), ["you said a", "you said b"]);
}

#[test]
fn a_method_that_is_not_there_is_unimplemented() {
    assert_eq!(Guest::new(serve).call("/test.Bytes/None").run().code, Code::Unimplemented);
}

#[test]
fn a_request_that_is_missing_is_an_invalid_argument() {
    let outcome = Guest::new(serve).call("/test.Bytes/Echo").run();
    assert_eq!((outcome.code, outcome.message.as_str()), (Code::InvalidArgument, "the request message is missing"));
}

#[test]
fn an_error_is_the_status_of_the_call_with_all_it_has() {
    let outcome = Guest::new(serve).call("/test.Bytes/Fail").message("so it is").run();
    assert_eq!((outcome.code, outcome.message.as_str()), (Code::Aborted, "so it is"));
    assert_eq!(outcome.trailers.get("x-why").unwrap(), "so");
    assert!(
        outcome.trailers.get("grpc-status-details-bin").unwrap().as_bytes().starts_with(b"\x08\x0a\x12\x08so it is")
    );
    let refused = Guest::new(serve).call("/test.Bytes/Fail").message(b"\xff").run();
    assert_eq!(refused.code, Code::InvalidArgument);
}

#[test]
fn the_status_given_first_holds() {
    let outcome = Guest::new(serve).call("/test.Bytes/Both").message("").run();
    assert_eq!((outcome.code, outcome.message.as_str()), (Code::DataLoss, "first"));
}

#[test]
fn metadata_travels_both_ways() {
    let guest = Guest::new(serve);
    let call = guest.call("/test.Bytes/Metadata").message("");
    let outcome = call.metadata("x-text", "one").metadata("x-raw-bin", b"\x00\xff").metadata("x-text", "two").run();
    assert_eq!(outcome.messages, [br#"Some("one") of /test.Bytes/Metadata"#]);
    for map in [outcome.headers, outcome.trailers] {
        assert_eq!(map.get_all("x-text").map(|value| value.to_str().unwrap()).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(map.get_bin("x-raw-bin").unwrap().as_bytes(), b"\x00\xff");
    }
}

#[test]
fn values_longer_than_a_first_guess_are_read_whole() {
    let value = "v".repeat(5000);
    let guest = Guest::new(serve);
    let outcome = guest.call("/test.Bytes/Metadata").message("").metadata("x-text", &value).run();
    assert_eq!(outcome.headers.get("x-text").unwrap(), value.as_str());
}

#[test]
fn a_handler_that_sleeps_is_told_of_the_deadline() {
    let guest = Guest::new(serve);
    let call = || guest.call("/test.Bytes/Nap").message("");
    assert_eq!(call().timeout(Duration::from_secs(10)).run().code, Code::DeadlineExceeded);
    assert_eq!(call().run().messages, [b"None"]);
    assert_eq!(call().timeout(Duration::from_secs(3601)).run().messages, [b"Some(1s)"]);
    assert_eq!(
        guest.log(),
        [
            r#"info: slept method=/test.Bytes/Nap before="None""#,
            r#"info: slept method=/test.Bytes/Nap before="Some(3601s)""#
        ]
    );
}

#[test]
fn a_handler_that_reads_is_told_of_cancellation() {
    assert_eq!(Guest::new(serve).call("/test.Bytes/Join").message("a").cancelled().run().code, Code::Cancelled);
}
