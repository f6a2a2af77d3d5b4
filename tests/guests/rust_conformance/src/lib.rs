//! test.Guest (conformance.proto) in Rust: what tests/guests/conformance.cc does in C++, for the same end-to-end tests.

mod streams;
mod trouble;

use proto::guest_server::{Guest, GuestServer};
use proto::*;
use std::cell::Cell;
use std::time::Duration;
use wasm_grpc_guest::{
    Call, Code, Level, Replies, Request, Response, Services, Status, Streaming, TlsNameKind, log, services, sleep,
};

mod proto {
    wasm_grpc_guest::include_proto!("test");
}

type Reply<T> = Result<Response<T>, Status>;

#[derive(Default)]
struct Conformance {
    asked: Cell<u64>,
}

fn empty() -> Reply<Empty> {
    Ok(Response::new(Empty {}))
}

fn number(number: u64) -> Reply<NumberReply> {
    Ok(Response::new(NumberReply { number }))
}

fn failure(request: FailRequest) -> Result<(), Status> {
    match Code::from_i32(request.code as i32) {
        Code::Ok => Ok(()),
        code => Err(Status::with_details(code, request.message, request.details)),
    }
}

async fn sleep_as_asked(request: &SleepRequest) {
    let time = Duration::from_millis(request.milliseconds.into());
    if request.by_wait { sleep(time).await } else { std::thread::sleep(time) }
}

fn name_of(kind: TlsNameKind) -> &'static str {
    match kind {
        TlsNameKind::Dns => "dns",
        TlsNameKind::Uri => "uri",
        TlsNameKind::CommonName => "cn",
        TlsNameKind::Email => "email",
        TlsNameKind::Ip => "ip",
        _ => "unknown",
    }
}

fn recompressed(call: Call, request: CompressRequest) -> CompressReply {
    let done = call.compress(request.compress) == request.compress;
    let encoding = call.message_encoding().unwrap_or_else(|| "none".into());
    CompressReply { text: request.text, encoding, done }
}

impl Guest for Conformance {
    async fn echo_metadata(&self, request: Request<Empty>) -> Reply<MetadataReply> {
        let call = request.call();
        let mut reply = MetadataReply::default();
        for (key, value) in request.metadata().iter() {
            let value = value.as_bytes();
            reply.entries.push(metadata_reply::Entry { key: key.into(), value: value.into() });
            reply.refused += u32::from(call.add_header(key, value).is_err());
            reply.refused += u32::from(call.add_trailer(key, value).is_err());
        }
        Ok(Response::new(reply))
    }

    async fn fail(&self, request: Request<FailRequest>) -> Reply<Empty> {
        failure(request.into_inner())?;
        empty()
    }

    type FailStreamStream = Replies<Empty>;

    async fn fail_stream(&self, request: Request<FailRequest>) -> Reply<Self::FailStreamStream> {
        let request = request.into_inner();
        Ok(Replies::new(async move |mut out| {
            for _ in 0..request.messages {
                out.send(Empty {}).await;
            }
            failure(request)
        }))
    }

    async fn sleep(&self, request: Request<SleepRequest>) -> Reply<Empty> {
        sleep_as_asked(request.get_ref()).await;
        empty()
    }

    type EarlyHeadersStream = Replies<Empty>;

    async fn early_headers(&self, request: Request<SleepRequest>) -> Reply<Self::EarlyHeadersStream> {
        request.call().add_header("x-early", "yes")?;
        request.call().send_headers()?;
        sleep_as_asked(request.get_ref()).await;
        Ok(Replies::from_iter([Empty {}]))
    }

    async fn print(&self, request: Request<TextRequest>) -> Reply<Empty> {
        let text = request.into_inner().text;
        println!("out: {text}");
        eprintln!("err: {text}");
        log(Level::Warn, &format!("log: {text}"));
        empty()
    }

    async fn spin(&self, _: Request<Empty>) -> Reply<Empty> {
        trouble::spin()
    }

    async fn burn(&self, request: Request<NumberRequest>) -> Reply<NumberReply> {
        number(trouble::compute(request.get_ref().number).into())
    }

    type BurnEachStream = Replies<NumberReply>;

    async fn burn_each(&self, request: Request<Streaming<NumberRequest>>) -> Reply<Self::BurnEachStream> {
        Ok(streams::burn_each(request.into_inner()))
    }

    async fn trap(&self, _: Request<Empty>) -> Reply<Empty> {
        panic!("on purpose")
    }

    async fn overflow(&self, _: Request<Empty>) -> Reply<Empty> {
        trouble::overflow();
        empty()
    }

    async fn recurse(&self, request: Request<NumberRequest>) -> Reply<NumberReply> {
        number(trouble::recurse(request.get_ref().number).into())
    }

    async fn exit(&self, _: Request<Empty>) -> Reply<Empty> {
        std::process::exit(3)
    }

    async fn grow(&self, request: Request<NumberRequest>) -> Reply<NumberReply> {
        number(trouble::grow(request.get_ref().number)?)
    }

    async fn count(&self, _: Request<Empty>) -> Reply<NumberReply> {
        self.asked.set(self.asked.get() + 1);
        number(self.asked.get())
    }

    async fn deadline(&self, request: Request<Empty>) -> Reply<DeadlineReply> {
        let left = request.call().time_left();
        let nanoseconds = left.map_or(0, |left| left.as_nanos() as i64);
        Ok(Response::new(DeadlineReply { set: left.is_some(), nanoseconds }))
    }

    async fn info(&self, request: Request<Empty>) -> Reply<InfoReply> {
        let call = request.call();
        let names = call.tls_names();
        Ok(Response::new(InfoReply {
            path: call.path(),
            authority: call.authority(),
            peer: call.peer(),
            tls_peer: names.first().map(|name| name.value.clone()).unwrap_or_default(),
            tls_names: names.iter().map(|name| format!("{}:{}", name_of(name.kind), name.value)).collect(),
            token_subject: call.token_subject().unwrap_or_default(),
            token_claims: call.token_claims().unwrap_or_default(),
        }))
    }

    async fn content_subtype(&self, _: Request<Empty>) -> Reply<Empty> {
        empty() // of another format it does not come here
    }

    type WaitCancelStream = Replies<Empty>;

    async fn wait_cancel(&self, _: Request<Streaming<Empty>>) -> Reply<Self::WaitCancelStream> {
        Ok(streams::wait_cancel())
    }

    type PollCancelStream = Replies<Empty>;

    async fn poll_cancel(&self, request: Request<Streaming<Empty>>) -> Reply<Self::PollCancelStream> {
        Ok(streams::poll_cancel(request.call()))
    }

    type FloodStream = Replies<TextRequest>;

    async fn flood(&self, request: Request<NumberRequest>) -> Reply<Self::FloodStream> {
        Ok(streams::flood(request.get_ref().number))
    }

    async fn sink(&self, request: Request<Streaming<TextRequest>>) -> Reply<SinkReply> {
        if let Some(pause) = request.metadata().get("x-pause-ms") {
            let pause = pause.to_str().ok().and_then(|text| text.parse().ok());
            let pause = pause.ok_or_else(|| Status::invalid_argument("x-pause-ms is not a number"))?;
            sleep(Duration::from_millis(pause)).await;
        }
        streams::sink(request.into_inner()).await
    }

    async fn compress(&self, request: Request<CompressRequest>) -> Reply<CompressReply> {
        let call = request.call();
        Ok(Response::new(recompressed(call, request.into_inner())))
    }

    type CompressEachStream = Replies<CompressReply>;

    async fn compress_each(&self, request: Request<Streaming<CompressRequest>>) -> Reply<Self::CompressEachStream> {
        let call = request.call();
        if call.header("x-announce").is_some() {
            call.compress(true);
            call.compress(false);
        }
        Ok(streams::compress_each(call, request.into_inner()))
    }
}

services!(serve);
fn serve(services: &mut Services) {
    services.add_service(GuestServer::new(Conformance::default()));
}
