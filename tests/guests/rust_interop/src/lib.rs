//! grpc.testing.TestService (examples/interop/test_service.proto) in Rust: the server's side of gRPC's interoperability tests
//! (grpc/doc/interop-test-descriptions.md), as examples/interop/interop.cc has it in C++.

use proto::test_service_server::{TestService, TestServiceServer};
use proto::*;
use std::time::{Duration, SystemTime};
use wasm_grpc_guest::{Call, Code, Replies, Request, Response, Sender, Services, Status, Streaming, services, sleep};

mod proto {
    wasm_grpc_guest::include_proto!("grpc.testing");
}

/// What a client may ask us to hold at once.
const MAX_RESPONSE_SIZE: i32 = 16 << 20;
const MAX_HALF_DUPLEX_BYTES: usize = 4 << 20;

type Reply<T> = Result<Response<T>, Status>;

struct Interop;

/// A payload of that many zeros, of a type there is.
fn payload(kind: i32, size: i32) -> Result<Payload, Status> {
    if kind != 0 {
        return Err(Status::invalid_argument(format!("a payload of type {kind} was asked for; 0 is the only one")));
    }
    if !(0..=MAX_RESPONSE_SIZE).contains(&size) {
        return Err(Status::invalid_argument(format!(
            "a response of {size} bytes was asked for; 0 to {MAX_RESPONSE_SIZE} are possible"
        )));
    }
    Ok(Payload { body: vec![0; size as usize], ..Payload::default() })
}

/// "Echo Metadata": two keys come back, one as a header and one as a trailer.
fn echo_metadata(call: Call) -> Result<(), Status> {
    const INITIAL: &str = "x-grpc-test-echo-initial";
    const TRAILING: &str = "x-grpc-test-echo-trailing-bin";
    if let Some(value) = call.header(INITIAL) {
        call.add_header(INITIAL, value.as_bytes())?;
    }
    if let Some(value) = call.header(TRAILING) {
        call.add_trailer(TRAILING, value.as_bytes())?;
    }
    Ok(())
}

fn is_true(value: &Option<BoolValue>) -> bool {
    value.is_some_and(|value| value.value)
}

/// "CompressedRequest": whether the message received last came as the request says it does.
fn check_compression(call: Call, expected: &Option<BoolValue>) -> Result<(), Status> {
    let compressed = call.message_encoding().is_some_and(|encoding| encoding != "identity");
    match expected {
        Some(expected) if expected.value != compressed => Err(Status::invalid_argument(if compressed {
            "the request says it is not compressed, and it is"
        } else {
            "the request says it is compressed, and it is not"
        })),
        _ => Ok(()),
    }
}

/// "Echo Status".
fn asked_for(status: &Option<EchoStatus>) -> Result<(), Status> {
    match status {
        Some(status) if status.code != 0 => Err(Status::new(Code::from_i32(status.code), status.message.clone())),
        _ => Ok(()),
    }
}

/// What one request asks for: its status if it names one, else its responses, one by one.
async fn respond(
    call: Call,
    request: &StreamingOutputCallRequest,
    out: &mut Sender<StreamingOutputCallResponse>,
) -> Result<(), Status> {
    asked_for(&request.response_status)?;
    // The headers, which leave with the first response, have to announce compression, even if only later ones need it.
    if request.response_parameters.iter().any(|response| is_true(&response.compressed)) {
        call.compress(true);
    }
    for response in &request.response_parameters {
        let payload = payload(request.response_type, response.size)?;
        if let Ok(time @ 1..) = u64::try_from(response.interval_us) {
            sleep(Duration::from_micros(time)).await;
        }
        call.compress(is_true(&response.compressed));
        out.send(StreamingOutputCallResponse { payload: Some(payload) }).await;
    }
    Ok(())
}

impl TestService for Interop {
    async fn empty_call(&self, _: Request<Empty>) -> Reply<Empty> {
        Ok(Response::new(Empty {}))
    }

    async fn unary_call(&self, request: Request<SimpleRequest>) -> Reply<SimpleResponse> {
        let call = request.call();
        let request = request.into_inner();
        check_compression(call, &request.expect_compressed)?;
        echo_metadata(call)?;
        asked_for(&request.response_status)?;
        let payload = payload(request.response_type, request.response_size)?;
        // "CompressedResponse". A client that accepts no compression gets the response without.
        if is_true(&request.response_compressed) {
            call.compress(true);
        }
        Ok(Response::new(SimpleResponse { payload: Some(payload) }))
    }

    /// The time, which a proxy may repeat for a minute.
    async fn cacheable_unary_call(&self, request: Request<SimpleRequest>) -> Reply<SimpleResponse> {
        request.call().add_header("cache-control", "max-age=60, public")?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let body = now.as_nanos().to_string().into_bytes();
        Ok(Response::new(SimpleResponse { payload: Some(Payload { body, ..Payload::default() }) }))
    }

    async fn streaming_input_call(
        &self,
        request: Request<Streaming<StreamingInputCallRequest>>,
    ) -> Reply<StreamingInputCallResponse> {
        let call = request.call();
        let mut requests = request.into_inner();
        let mut size: i32 = 0;
        while let Some(request) = requests.message().await? {
            check_compression(call, &request.expect_compressed)?;
            let more = request.payload.map_or(0, |payload| payload.body.len());
            size = i32::try_from(more).ok().and_then(|more| size.checked_add(more)).ok_or_else(|| {
                Status::out_of_range("the payloads are more than 2 GiB together, which the response cannot say")
            })?;
        }
        Ok(Response::new(StreamingInputCallResponse { aggregated_payload_size: size }))
    }

    type StreamingOutputCallStream = Replies<StreamingOutputCallResponse>;

    async fn streaming_output_call(
        &self,
        request: Request<StreamingOutputCallRequest>,
    ) -> Reply<Self::StreamingOutputCallStream> {
        let call = request.call();
        let request = request.into_inner();
        Ok(Replies::new(async move |mut out| respond(call, &request, &mut out).await))
    }

    type FullDuplexCallStream = Replies<StreamingOutputCallResponse>;

    async fn full_duplex_call(
        &self,
        request: Request<Streaming<StreamingOutputCallRequest>>,
    ) -> Reply<Self::FullDuplexCallStream> {
        let call = request.call();
        echo_metadata(call)?;
        let mut requests = request.into_inner();
        Ok(Replies::new(async move |mut out| {
            while let Some(request) = requests.message().await? {
                respond(call, &request, &mut out).await?;
            }
            Ok(())
        }))
    }

    type HalfDuplexCallStream = Replies<StreamingOutputCallResponse>;

    /// All requests first, then their responses.
    async fn half_duplex_call(
        &self,
        request: Request<Streaming<StreamingOutputCallRequest>>,
    ) -> Reply<Self::HalfDuplexCallStream> {
        let call = request.call();
        echo_metadata(call)?;
        let mut requests = request.into_inner();
        Ok(Replies::new(async move |mut out| {
            let (mut kept, mut size) = (Vec::new(), 0);
            while let Some(request) = requests.message().await? {
                let payload = request.payload.as_ref().map_or(0, |payload| payload.body.len());
                size += size_of_val(&request) + payload + size_of_val(request.response_parameters.as_slice());
                if size > MAX_HALF_DUPLEX_BYTES {
                    return Err(Status::resource_exhausted("the requests are more than 4 MiB together"));
                }
                kept.push(request);
            }
            for request in kept {
                respond(call, &request, &mut out).await?;
            }
            Ok(())
        }))
    }

    async fn unimplemented_call(&self, _: Request<Empty>) -> Reply<Empty> {
        Err(Status::unimplemented("nothing has this method"))
    }
}

services!(serve);
fn serve(services: &mut Services) {
    services.add_service(TestServiceServer::new(Interop));
}
