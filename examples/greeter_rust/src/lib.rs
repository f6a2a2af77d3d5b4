//! helloworld.Greeter (examples/greeter/helloworld.proto) as a guest in Rust.

use helloworld::greeter_server::{Greeter, GreeterServer};
use helloworld::{HelloReply, HelloRequest};
use wasm_grpc_guest::{Replies, Request, Response, Services, Status, services};

mod helloworld {
    wasm_grpc_guest::include_proto!("helloworld");
}

struct MyGreeter;

impl Greeter for MyGreeter {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let name = request.into_inner().name;
        Ok(Response::new(HelloReply { message: format!("Hello {name}") }))
    }

    type SayHelloStreamReplyStream = Replies<HelloReply>;

    async fn say_hello_stream_reply(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<Self::SayHelloStreamReplyStream>, Status> {
        let name = request.into_inner().name;
        let words = ["Hello", "Nice to see you,", "Take care,"];
        Ok(Replies::from_iter(words.map(|words| HelloReply { message: format!("{words} {name}") })))
    }
}

services!(serve);
fn serve(services: &mut Services) {
    services.add_service(GreeterServer::new(MyGreeter));
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_grpc_guest::testing::Guest;

    #[test]
    fn says_hello() {
        let guest = Guest::new(serve);
        let request = HelloRequest { name: "Ada".into() };
        let reply: HelloReply = guest.unary("/helloworld.Greeter/SayHello", &request).unwrap();
        assert_eq!(reply.message, "Hello Ada");
    }

    #[test]
    fn says_it_several_times() {
        let guest = Guest::new(serve);
        let request = HelloRequest { name: "Ada".into() };
        let replies: Vec<HelloReply> =
            guest.server_stream("/helloworld.Greeter/SayHelloStreamReply", &request).unwrap();
        let messages: Vec<&str> = replies.iter().map(|reply| reply.message.as_str()).collect();
        assert_eq!(messages, ["Hello Ada", "Nice to see you, Ada", "Take care, Ada"]);
    }
}
