//! A service of one method of each kind, as wasm-grpc-build would generate it.

use std::rc::Rc;
use wasm_grpc_guest::codegen::{Methods, Service, decode};
use wasm_grpc_guest::{Replies, Request, Response, Status, Streaming};

#[derive(Clone, PartialEq, prost::Message)]
pub struct Text {
    #[prost(string, tag = "1")]
    pub text: String,
}

pub fn text(text: impl Into<String>) -> Text {
    Text { text: text.into() }
}

pub type Result<T> = std::result::Result<Response<T>, Status>;

pub trait Talk: 'static {
    fn one(&self, request: Request<Text>) -> impl Future<Output = Result<Text>>;
    fn join(&self, request: Request<Streaming<Text>>) -> impl Future<Output = Result<Text>>;
    fn repeat(&self, request: Request<Text>) -> impl Future<Output = Result<Replies<Text>>>;
    fn chat(&self, request: Request<Streaming<Text>>) -> impl Future<Output = Result<Replies<Text>>>;
}

pub struct TalkServer<T>(pub T);

impl<T: Talk> Service for TalkServer<T> {
    const NAME: &'static str = "test.Talk";

    fn declare(self, methods: &mut Methods<'_>) {
        let inner = Rc::new(self.0);
        let decode = |bytes: &[u8]| decode("test.Text", bytes);
        methods.unary("One", &inner, decode, |inner: Rc<T>, request| async move { inner.one(request).await });
        methods.client_stream("Join", &inner, decode, |inner: Rc<T>, request| async move { inner.join(request).await });
        methods.server_stream(
            "Repeat",
            &inner,
            decode,
            |inner: Rc<T>, request| async move { inner.repeat(request).await },
        );
        methods.bidi_stream("Chat", &inner, decode, |inner: Rc<T>, request| async move { inner.chat(request).await });
    }
}
