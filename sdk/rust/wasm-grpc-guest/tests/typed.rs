//! Generated services, each call in an instance of its own and all in one: both are to do the same.

mod common;

use common::{Result, Talk, TalkServer, Text, text};
use wasm_grpc_guest::testing::Guest;
use wasm_grpc_guest::{Code, Replies, Request, Response, Sender, Services, Status, Streaming};

struct Talker;

impl Talk for Talker {
    async fn one(&self, request: Request<Text>) -> Result<Text> {
        let mut response = Response::new(text(format!("you said {}", request.get_ref().text)));
        for (key, value) in request.metadata().iter() {
            response.metadata_mut().append(key, value.clone());
            response.trailers_mut().append(key, value.clone());
        }
        if request.get_ref().text.is_empty() {
            return Err(Status::invalid_argument("say something"));
        }
        Ok(response)
    }

    async fn join(&self, request: Request<Streaming<Text>>) -> Result<Text> {
        let mut messages = request.into_inner();
        let mut joined = String::new();
        while let Ok(Some(message)) = messages.message().await {
            joined += &message.text; // an error is not looked at: the call ends with it all the same
        }
        Ok(text(joined).into())
    }

    async fn repeat(&self, request: Request<Text>) -> Result<Replies<Text>> {
        let message = request.into_inner();
        if message.text == "error" {
            return Ok(Replies::new(async move |mut out| {
                out.send(message).await;
                Err(Status::data_loss("after one"))
            }));
        }
        Ok(Replies::from_iter(vec![message; 3]))
    }

    async fn chat(&self, request: Request<Streaming<Text>>) -> Result<Replies<Text>> {
        let mut messages = request.into_inner();
        let mut response = Replies::new(async move |mut out: Sender<Text>| {
            while let Some(message) = messages.message().await? {
                out.send(message.clone()).await;
                out.send(message).await;
            }
            Ok(())
        });
        response.metadata_mut().insert("x-chat", 1.into());
        Ok(response)
    }
}

fn alone(services: &mut Services) {
    services.add_service(TalkServer(Talker));
}

fn shared(services: &mut Services) {
    services.add_shared_service(TalkServer(Talker));
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
fn all_kinds_of_methods_answer() {
    everywhere(|guest| {
        assert_eq!(guest.unary::<_, Text>("/test.Talk/One", &text("hi")).unwrap(), text("you said hi"));
        let many = [text("a"), text("b".repeat(9000)), text("c")];
        assert_eq!(texts(guest.client_stream("/test.Talk/Join", &many).unwrap()), [format!("a{}c", "b".repeat(9000))]);
        assert_eq!(texts(guest.server_stream("/test.Talk/Repeat", &text("hi")).unwrap()), ["hi", "hi", "hi"]);
        assert_eq!(
            texts(guest.client_stream("/test.Talk/Chat", &[text("a"), text("b")]).unwrap()),
            ["a", "a", "b", "b"]
        );
    });
}

#[test]
fn slow_clients_are_waited_for() {
    everywhere(|guest| {
        for method in ["One", "Join", "Repeat", "Chat"] {
            let request = prost::Message::encode_to_vec(&text("hi"));
            let outcome = guest.call(&format!("/test.Talk/{method}")).message(request).stalls(3).run();
            assert_eq!(outcome.code, Code::Ok, "{method}");
            assert!(!outcome.messages.is_empty());
        }
    });
}

#[test]
fn an_error_is_the_status_of_the_call() {
    everywhere(|guest| {
        let status = guest.unary::<_, Text>("/test.Talk/One", &text("")).unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "say something"));
    });
}

#[test]
fn a_stream_that_ends_by_an_error_has_sent_what_came_before() {
    everywhere(|guest| {
        let request = prost::Message::encode_to_vec(&text("error"));
        let outcome = guest.call("/test.Talk/Repeat").message(request).run();
        assert_eq!((outcome.code, outcome.messages.len()), (Code::DataLoss, 1));
    });
}

#[test]
fn metadata_travels_both_ways() {
    everywhere(|guest| {
        let request = prost::Message::encode_to_vec(&text("hi"));
        let call = guest.call("/test.Talk/One").message(request).metadata("x-text", "one");
        let outcome = call.metadata("x-raw-bin", b"\x00\xff").run();
        for map in [outcome.headers, outcome.trailers] {
            assert_eq!(map.get("x-text").unwrap(), "one");
            assert_eq!(map.get_bin("x-raw-bin").unwrap().as_bytes(), b"\x00\xff");
        }
        assert_eq!(guest.call("/test.Talk/Chat").run().headers.get("x-chat").unwrap(), "1");
    });
}

#[test]
fn metadata_that_is_refused_ends_the_call() {
    everywhere(|guest| {
        let request = prost::Message::encode_to_vec(&text("hi"));
        let outcome = guest.call("/test.Talk/One").message(request).metadata("grpc-status", "0").run();
        assert_eq!(outcome.code, Code::Internal);
        assert!(outcome.message.contains("\"grpc-status\" was refused"), "{}", outcome.message);
    });
}

#[test]
fn bytes_that_are_no_message_are_internal_whatever_the_method_does() {
    everywhere(|guest| {
        for method in ["One", "Join", "Repeat", "Chat"] {
            let outcome = guest.call(&format!("/test.Talk/{method}")).message(b"\x0a\xff").run();
            assert_eq!(outcome.code, Code::Internal, "{method}");
            assert!(outcome.message.starts_with("the request is not a well-formed test.Text: "), "{}", outcome.message);
        }
    });
}

#[test]
fn messages_of_other_formats_are_refused() {
    everywhere(|guest| {
        for method in ["One", "Chat"] {
            let outcome = guest.call(&format!("/test.Talk/{method}")).message("{}").content_subtype("json").run();
            assert_eq!(outcome.code, Code::Unimplemented);
            assert_eq!(outcome.message, "this method takes messages of protobuf, not of application/grpc+json");
        }
    });
}

#[test]
fn a_request_that_is_missing_is_an_invalid_argument() {
    everywhere(|guest| assert_eq!(guest.call("/test.Talk/One").run().code, Code::InvalidArgument));
}
