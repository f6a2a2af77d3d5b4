//! Calls that guests make: each served call in an instance of its own and all in one are to do the same.

mod common;

use common::{Talk, TalkServer, Text, text};
use prost::Message;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wasm_grpc_guest::codegen::{Target, decode_response};
use wasm_grpc_guest::testing::{Answer, Guest};
use wasm_grpc_guest::{Call, Code, Replies, Request, Response, Services, Status, Streaming, join3, sleep, timeout};

type Result<T> = std::result::Result<Response<T>, Status>;

fn decode(bytes: &[u8]) -> std::result::Result<Text, Status> {
    decode_response("test.Text", bytes)
}

/// Asks a target in each of its methods.
struct Asking(Target);

impl Talk for Asking {
    async fn one(&self, request: Request<Text>) -> Result<Text> {
        match request.get_ref().text.as_str() {
            "three" => {
                let ask = |what: &str| {
                    timeout(Duration::from_secs(1), self.0.unary("/test.Talk/One", Request::new(text(what)), decode))
                };
                let (first, second, third) = join3(ask("a"), ask("slow"), ask("b")).await;
                let texts = [first, second, third].map(|result| match result {
                    Ok(Ok(response)) => response.into_inner().text,
                    Ok(Err(status)) => status.message().into(),
                    Err(_) => "none".into(),
                });
                Ok(text(texts.join(" ")).into())
            }
            "given up" => {
                drop(self.0.server_stream("/test.Talk/Repeat", Request::new(request.into_inner()), decode).await);
                Ok(text("").into())
            }
            _ => {
                let mut request = request.map(|message| message);
                request.metadata_mut().insert("x-by", "asking".parse().unwrap());
                self.0.unary("/test.Talk/One", request, decode).await
            }
        }
    }

    async fn join(&self, request: Request<Streaming<Text>>) -> Result<Text> {
        let messages = Rc::new(RefCell::new(Vec::new()));
        let mut stream = request.into_inner();
        while let Some(message) = stream.message().await? {
            messages.borrow_mut().push(message);
        }
        let messages = Replies::from_iter(messages.take()).into_inner();
        self.0.client_stream("/test.Talk/Join", Well(messages), decode).await
    }

    async fn repeat(&self, request: Request<Text>) -> Result<Replies<Text>> {
        let response = self.0.server_stream("/test.Talk/Repeat", Request::new(request.into_inner()), decode).await?;
        Ok(Replies::of(response.into_inner()))
    }

    async fn chat(&self, request: Request<Streaming<Text>>) -> Result<Replies<Text>> {
        let response = self.0.bidi_stream("/test.Talk/Chat", Well(request.into_inner()), decode).await?;
        Ok(Replies::of(response.into_inner()))
    }
}

/// The messages of a stream, until the first error.
struct Well<S>(S);

impl<S: futures_core::Stream<Item = std::result::Result<Text, Status>> + Unpin> futures_core::Stream for Well<S> {
    type Item = Text;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Text>> {
        std::pin::Pin::new(&mut self.0).poll_next(context).map(|item| item.and_then(std::result::Result::ok))
    }
}

fn alone(services: &mut Services) {
    services.add_service(TalkServer(Asking(Target::new("next"))));
    services.service("test.Blocking").unary("One", blocking);
}

fn shared(services: &mut Services) {
    services.add_shared_service(TalkServer(Asking(Target::new("next"))));
}

fn blocking(call: &Call, request: &[u8]) -> std::result::Result<Vec<u8>, Status> {
    let next = Target::new("next");
    let message = decode(request)?;
    call.block_on(async move {
        sleep(Duration::from_secs(1)).await;
        let response = next.unary("/test.Talk/One", Request::new(message), decode).await?;
        Ok(response.into_inner().encode_to_vec())
    })?
}

fn everywhere(test: impl Fn(&Guest)) {
    for serve in [alone, shared] {
        test(&Guest::new(serve));
    }
}

fn texts(messages: Vec<Text>) -> Vec<String> {
    messages.into_iter().map(|message| message.text).collect()
}

#[test]
fn a_call_gives_its_response_with_what_goes_along() {
    everywhere(|guest| {
        guest.answer("next/test.Talk/One", |made| {
            let asked = Text::decode(&made.requests[0][..]).unwrap();
            let by = made.metadata.get("x-by").unwrap().to_str().unwrap();
            let mut answer = Answer::ok([text(format!("{} by {by}", asked.text)).encode_to_vec()]);
            answer.headers.insert("x-header", 1.into());
            answer.trailers.insert("x-trailer", 2.into());
            answer.after(Duration::from_millis(1))
        });
        let outcome = guest.call("/test.Talk/One").message(text("hi").encode_to_vec()).run();
        assert_eq!(outcome.headers.get("x-header").unwrap(), "1");
        assert_eq!(outcome.trailers.get("x-trailer").unwrap(), "2");
        assert_eq!(outcome.decoded::<Text>().unwrap(), [text("hi by asking")]);
    });
}

#[test]
fn an_error_is_the_status_of_the_target() {
    everywhere(|guest| {
        guest.answer("next/test.Talk/One", |_| Answer::error(Code::NotFound, "no such thing"));
        let status = guest.unary::<_, Text>("/test.Talk/One", &text("hi")).unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "no such thing"));
        guest.answer("next/test.Talk/One", |_| Answer::ok([[0xff]]));
        let status = guest.unary::<_, Text>("/test.Talk/One", &text("hi")).unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().starts_with("the response is not a well-formed test.Text"), "{}", status.message());
    });
}

#[test]
fn a_target_that_is_not_granted_is_a_status() {
    everywhere(|guest| {
        let status = guest.unary::<_, Text>("/test.Talk/One", &text("hi")).unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
    });
}

#[test]
fn calls_go_on_together_and_what_is_late_is_left_out() {
    everywhere(|guest| {
        guest.answer("next/test.Talk/One", |made| match Text::decode(&made.requests[0][..]).unwrap().text.as_str() {
            "slow" => Answer::ok([text("late").encode_to_vec()]).after(Duration::from_secs(60)),
            other => Answer::ok([text(other).encode_to_vec()]).after(Duration::from_millis(900)),
        });
        let reply: Text = guest.unary("/test.Talk/One", &text("three")).unwrap();
        assert_eq!(reply.text, "a none b");
    });
}

#[test]
fn streams_go_both_ways() {
    everywhere(|guest| {
        let echo = |made: &wasm_grpc_guest::testing::Made| Answer::ok(made.requests.clone());
        guest.answer("next/test.Talk/Repeat", echo);
        guest.answer("next/test.Talk/Chat", echo);
        guest.answer("next/test.Talk/Join", |made| {
            Answer::ok([text(format!("{} messages", made.requests.len())).encode_to_vec()])
        });
        assert_eq!(texts(guest.server_stream("/test.Talk/Repeat", &text("again")).unwrap()), ["again"]);
        let many = [text("a"), text("b".repeat(9000)), text("c")];
        assert_eq!(guest.client_stream::<_, Text>("/test.Talk/Join", &many).unwrap(), [text("3 messages")]);
        assert_eq!(guest.client_stream::<_, Text>("/test.Talk/Chat", &many).unwrap(), many);
    });
}

#[test]
fn a_stream_that_fails_tells_so_after_what_came() {
    everywhere(|guest| {
        guest.answer("next/test.Talk/Repeat", |made| {
            let mut answer = Answer::ok(made.requests.clone());
            (answer.code, answer.message) = (Code::Unavailable, "gone".into());
            answer
        });
        let outcome = guest.call("/test.Talk/Repeat").message(text("again").encode_to_vec()).run();
        assert_eq!((outcome.messages.len(), outcome.code, outcome.message.as_str()), (1, Code::Unavailable, "gone"));
    });
}

#[test]
fn a_handler_that_blocks_runs_what_is_async() {
    let guest = Guest::new(alone);
    guest.answer("next/test.Talk/One", |made| Answer::ok(made.requests.clone()).after(Duration::from_secs(1)));
    let reply: Text = guest.unary("/test.Blocking/One", &text("hi")).unwrap();
    assert_eq!(reply, text("hi"));
    let request = text("hi").encode_to_vec();
    let outcome = guest.call("/test.Blocking/One").message(request).timeout(Duration::from_millis(1500)).run();
    assert_eq!(outcome.code, Code::DeadlineExceeded);
}

#[test]
fn a_call_ends_with_the_one_that_it_is_made_for() {
    everywhere(|guest| {
        guest.answer("next/test.Talk/One", |made| Answer::ok(made.requests.clone()).after(Duration::from_secs(60)));
        let request = text("hi").encode_to_vec();
        let outcome = guest.call("/test.Talk/One").message(request).timeout(Duration::from_secs(1)).run();
        assert_eq!(outcome.code, Code::DeadlineExceeded);
    });
}
