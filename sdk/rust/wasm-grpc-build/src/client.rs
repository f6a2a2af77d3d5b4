//! The code of clients.

use crate::service::{full_name, nested, snake_case};
use prost_build::{Method, Service};
use std::fmt::Write;

/// The module with the client of a service.
pub(crate) fn generate(service: &Service, code: &mut String) {
    let (name, module) = (&service.name, format!("{}_client", snake_case(&service.name)));
    let full_name = full_name(service);
    let mut methods = String::new();
    for method in &service.methods {
        call(method, &full_name, &mut methods);
    }
    let mut documentation = String::new();
    service.comments.append_with_indent(1, &mut documentation);
    // Writing to a String does not fail.
    let _ = write!(
        code,
        "/// The service `{full_name}`, as it is called.
pub mod {module} {{
    #![allow(dead_code, unused_imports, clippy::all, clippy::pedantic)]
    use ::wasm_grpc_guest::codegen;
{documentation}    #[derive(Clone, Debug)]
    pub struct {name}Client {{
        target: codegen::Target,
    }}

    impl {name}Client {{
        /// Calls the service of the target that the operator has granted by this name.
        pub fn new(target: impl Into<codegen::String>) -> Self {{
            Self {{ target: codegen::Target::new(target) }}
        }}
{methods}    }}
}}
"
    );
}

fn call(method: &Method, service: &str, code: &mut String) {
    let (input, output) = (nested(&method.input_type), nested(&method.output_type));
    let (kind, request_type) = match (method.client_streaming, method.server_streaming) {
        (false, false) => ("unary", format!("impl codegen::IntoRequest<{input}>")),
        (true, false) => ("client_stream", format!("impl codegen::IntoStreamingRequest<Message = {input}>")),
        (false, true) => ("server_stream", format!("impl codegen::IntoRequest<{input}>")),
        (true, true) => ("bidi_stream", format!("impl codegen::IntoStreamingRequest<Message = {input}>")),
    };
    let request = if method.client_streaming { "request" } else { "codegen::IntoRequest::into_request(request)" };
    let response = if method.server_streaming { format!("codegen::Responses<{output}>") } else { output };
    let (name, wire_name) = (&method.name, &method.proto_name);
    let message_name = method.output_proto_type.trim_start_matches('.');
    let path = format!("/{service}/{wire_name}");
    code.push('\n');
    method.comments.append_with_indent(2, code);
    let _ = write!(
        code,
        "        pub async fn {name}(
            &self,
            request: {request_type},
        ) -> Result<codegen::Response<{response}>, codegen::Status> {{
            self.target.{kind}({path:?}, {request}, |bytes| codegen::decode_response({message_name:?}, bytes)).await
        }}
"
    );
}
