//! The details of statuses: what Google's implementation reads, and what others send.

use std::time::Duration;
use wasm_grpc_guest::error_details::*;
use wasm_grpc_guest::testing::Guest;
use wasm_grpc_guest::{Call, Code, Services, Status, services};

/// All of them, as Google's implementation encodes them.
fn every() -> Vec<u8> {
    let digits: String = include_str!("../../../../tests/sdk/error_details/every.hex").split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn info() -> ErrorInfo {
    let metadata = [("year".into(), "2026".into()), ("day".into(), "Monday".into())].into();
    ErrorInfo { reason: "PAST".into(), domain: "api.test".into(), metadata }
}

fn debug() -> DebugInfo {
    DebugInfo { stack_entries: vec!["main".into(), "".into()], detail: "größer".into() }
}

fn quota() -> QuotaFailure {
    QuotaFailure { violations: vec![QuotaViolation { subject: "user:ada".into(), description: "of today".into() }] }
}

fn precondition() -> PreconditionFailure {
    let first =
        PreconditionViolation { kind: "TOS".into(), subject: "api.test".into(), description: "not accepted".into() };
    PreconditionFailure { violations: vec![first, PreconditionViolation { kind: "AGE".into(), ..Default::default() }] }
}

fn bad() -> BadRequest {
    let past = FieldViolation { field: "date".into(), description: "is in the past".into(), reason: "PAST".into() };
    let missing = FieldViolation { field: "time".into(), description: "is missing".into(), ..Default::default() };
    BadRequest { field_violations: vec![past, missing] }
}

fn resource() -> ResourceInfo {
    ResourceInfo {
        resource_type: "book".into(),
        resource_name: "b-1".into(),
        owner: "ada".into(),
        description: "is lent".into(),
    }
}

fn status() -> Status {
    Status::invalid_argument("no such date")
        .with(&info())
        .with(&RetryInfo { retry_delay: Duration::from_millis(1500) })
        .with(&debug())
        .with(&quota())
        .with(&precondition())
        .with(&bad())
        .with(&RequestInfo { request_id: "r-7".into(), serving_data: "s".into() })
        .with(&resource())
        .with(&Help { links: vec![Link { description: "dates".into(), url: "https://api.test/dates".into() }] })
        .with(&LocalizedMessage { locale: "de".into(), message: "kein solcher Tag".into() })
}

#[test]
fn details_are_encoded_as_google_does() {
    assert_eq!(status().details(), every());
}

#[test]
fn details_that_others_sent_are_found() {
    let status = Status::with_details(Code::InvalidArgument, "no such date", every());
    assert_eq!(status.detail(), Some(info()));
    assert_eq!(status.detail(), Some(RetryInfo { retry_delay: Duration::from_millis(1500) }));
    assert_eq!(status.detail(), Some(debug()));
    assert_eq!(status.detail(), Some(quota()));
    assert_eq!(status.detail(), Some(precondition()));
    assert_eq!(status.detail(), Some(bad()));
    assert_eq!(status.detail::<RequestInfo>().unwrap().request_id, "r-7");
    assert_eq!(status.detail(), Some(resource()));
    assert_eq!(status.detail::<Help>().unwrap().links[0].url, "https://api.test/dates");
    assert_eq!(status.detail::<LocalizedMessage>().unwrap().message, "kein solcher Tag");
    assert_eq!(Status::not_found("it").with(&quota()).detail::<BadRequest>(), None);
}

fn localized(message: &[u8]) -> Option<LocalizedMessage> {
    Status::aborted("").with_detail("google.rpc.LocalizedMessage", message).detail()
}

#[test]
fn bytes_that_are_no_details_are_passed_over() {
    let whole = every();
    for end in 0..whole.len() {
        let cut = Status::with_details(Code::Aborted, "", &whole[..end]);
        assert_eq!(cut.detail::<LocalizedMessage>(), None, "{end}");
    }
    let endless = b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    for bad in [&b"\x0a\x02\xff\xff"[..], b"\x0a\x05a", b"\x0a\xff\xff\xff\xff\x0f", b"\x0b\x0c", b"\x00\x00", endless]
    {
        assert_eq!(localized(bad), None, "{bad:x?}");
    }
    let nameless = b"\x1a\x1f\x0a\x1bgoogle.rpc.LocalizedMessage\x12\x00";
    assert_eq!(Status::with_details(Code::Aborted, "", *nameless).detail::<LocalizedMessage>(), None);
}

#[test]
fn fields_that_are_not_known_are_dropped() {
    let locale = "de".into();
    let known = Some(LocalizedMessage { locale, message: String::new() });
    assert_eq!(localized(b"\x0a\x02de\xf8\x01\x05\x1a\x01x\x1d1234\x1912345678\x10\x01"), known);
    assert_eq!(localized(b"\x0a\x02de\x1912345"), None);
}

#[test]
fn a_delay_that_no_duration_holds_is_the_nearest() {
    let of = |delay: &[u8]| {
        let message = [&[0x0a, delay.len() as u8], delay].concat();
        Status::unavailable("").with_detail("google.rpc.RetryInfo", &message).detail::<RetryInfo>().unwrap().retry_delay
    };
    assert_eq!(of(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Duration::ZERO); // -1 s
    assert_eq!(of(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f").as_secs(), i64::MAX as u64);
    assert_eq!(of(b""), Duration::ZERO);
    let longest = RetryInfo { retry_delay: Duration::MAX };
    let back = Status::unavailable("").with(&longest).detail::<RetryInfo>().unwrap();
    assert_eq!(back.retry_delay.as_secs(), i64::MAX as u64);
}

fn late(_: &Call, request: &[u8]) -> Result<Vec<u8>, Status> {
    if request == b"yesterday" {
        let past = FieldViolation { field: "date".into(), description: "is in the past".into(), ..Default::default() };
        return Err(Status::invalid_argument("no such date").with(&BadRequest { field_violations: vec![past] }));
    }
    Err(status())
}

fn long(_: &Call, request: &[u8]) -> Result<Vec<u8>, Status> {
    let length = std::str::from_utf8(request).unwrap().parse().unwrap();
    let detail = DebugInfo { detail: "x".repeat(length), ..Default::default() };
    Err(Status::internal("long").with(&detail))
}

services!(serve);
fn serve(services: &mut Services) {
    services.service("test.Details").unary("Late", late).unary("Long", long);
}

#[test]
fn a_status_takes_its_details_along() {
    let outcome = Guest::new(serve).call("/test.Details/Late").message("").run();
    assert_eq!((outcome.code, outcome.message.as_str()), (Code::InvalidArgument, "no such date"));
    assert_eq!(outcome.trailers.get("grpc-status-details-bin").unwrap().as_bytes(), every());
    let outcome = Guest::new(serve).call("/test.Details/Late").message("yesterday").run();
    let details = outcome.trailers.get("grpc-status-details-bin").unwrap().as_bytes();
    let status = Status::with_details(outcome.code, outcome.message, details);
    assert_eq!(status.detail::<BadRequest>().unwrap().field_violations[0].field, "date");
}

#[test]
fn details_that_are_too_large_are_left_out_and_told() {
    let guest = Guest::new(serve);
    let outcome = guest.call("/test.Details/Long").message("16000").run();
    assert!(outcome.trailers.contains_key("grpc-status-details-bin"));
    assert!(guest.log().is_empty());
    let outcome = guest.call("/test.Details/Long").message("16384").run();
    assert_eq!((outcome.code, outcome.message.as_str()), (Code::Internal, "long"));
    assert!(!outcome.trailers.contains_key("grpc-status-details-bin"));
    assert!(guest.log()[0].contains("there is more than 16 KiB of response metadata"), "{}", guest.log()[0]);
}
