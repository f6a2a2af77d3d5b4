//! The methods that stream.

use crate::proto::*;
use crate::{Reply, recompressed, trouble};
use std::future::pending;
use std::hint::black_box;
use wasm_grpc_guest::{Call, Level, Replies, Response, Sender, Streaming, log};

/// Says something in the log when it is dropped, which a method is where it waits when its call ends.
struct Told<F: Fn() -> String>(F);

impl<F: Fn() -> String> Drop for Told<F> {
    fn drop(&mut self) {
        log(Level::Info, &self.0());
    }
}

pub fn burn_each(mut requests: Streaming<NumberRequest>) -> Response<Replies<NumberReply>> {
    Replies::new(async move |mut out: Sender<NumberReply>| {
        while let Some(request) = requests.message().await? {
            out.send(NumberReply { number: trouble::compute(request.number).into() }).await;
        }
        Ok(())
    })
}

pub fn wait_cancel() -> Response<Replies<Empty>> {
    Replies::new(async move |mut out: Sender<Empty>| {
        let _told = Told(|| "WaitCancel: cancelled".into());
        out.send(Empty {}).await;
        pending().await
    })
}

pub fn poll_cancel(call: Call) -> Response<Replies<Empty>> {
    Replies::new(async move |mut out: Sender<Empty>| {
        let _told = Told(|| "PollCancel: cancelled".into());
        out.send(Empty {}).await;
        let mut turns = 0_u32;
        while black_box(turns) % 10_000 != 0 || !call.is_cancelled() {
            turns = turns.wrapping_add(1);
        }
        Ok(())
    })
}

pub fn flood(size: u32) -> Response<Replies<TextRequest>> {
    let message = TextRequest { text: "x".repeat(size as usize) };
    Replies::new(async move |mut out: Sender<TextRequest>| {
        let sent = std::cell::Cell::new(0_u64);
        let _told = Told(|| format!("Flood: sent {}", sent.get()));
        loop {
            out.send(message.clone()).await;
            sent.set(sent.get() + 1);
        }
    })
}

pub async fn sink(mut requests: Streaming<TextRequest>) -> Reply<SinkReply> {
    let mut reply = SinkReply::default();
    while let Some(request) = requests.message().await? {
        reply.messages += 1;
        reply.bytes += prost::Message::encoded_len(&request) as u64;
    }
    Ok(Response::new(reply))
}

pub fn compress_each(call: Call, mut requests: Streaming<CompressRequest>) -> Response<Replies<CompressReply>> {
    Replies::new(async move |mut out: Sender<CompressReply>| {
        while let Some(request) = requests.message().await? {
            out.send(recompressed(call, request)).await;
        }
        Ok(())
    })
}
