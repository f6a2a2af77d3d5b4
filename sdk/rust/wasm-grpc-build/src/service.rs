//! The code of services.

use crate::client;
use crate::descriptors::Written;
use prost_build::{Method, Service, ServiceGenerator};
use std::fmt::Write;

/// What is generated of a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sides {
    pub(crate) server: bool,
    pub(crate) client: bool,
}

pub(crate) struct Generator {
    sides: Sides,
    descriptors: Option<Written>, // until they are in some module
}

impl Generator {
    /// `descriptors` are for servers only: a module is not described by what it calls.
    pub(crate) fn new(sides: Sides, descriptors: Option<Written>) -> Self {
        Self { sides, descriptors }
    }
}

impl ServiceGenerator for Generator {
    fn generate(&mut self, service: Service, code: &mut String) {
        if self.sides.client {
            client::generate(&service, code);
        }
        if self.sides.server {
            self.generate_server(&service, code);
        }
    }
}

impl Generator {
    fn generate_server(&mut self, service: &Service, code: &mut String) {
        let descriptors = self.descriptors.take().map(|file| section(&file)).unwrap_or_default();
        let (name, module) = (&service.name, format!("{}_server", snake_case(&service.name)));
        let mut methods = String::new();
        let mut declared = String::new();
        for method in &service.methods {
            trait_method(method, &mut methods);
            declaration(method, &mut declared);
        }
        let full_name = full_name(service);
        let mut documentation = String::new();
        service.comments.append_with_indent(1, &mut documentation);
        // Writing to a String does not fail.
        let _ = write!(
            code,
            "/// The service `{full_name}`, as it is served.
pub mod {module} {{
    #![allow(unused_imports, unused_mut, unused_variables, clippy::all, clippy::pedantic)]
    use ::wasm_grpc_guest::codegen;
{documentation}    #[allow(async_fn_in_trait)]
    pub trait {name}: 'static {{
{methods}    }}

    /// Serves an implementation of [`{name}`].
    #[derive(Debug)]
    pub struct {name}Server<T> {{
        inner: T,
    }}

    impl<T: {name}> {name}Server<T> {{
        pub fn new(inner: T) -> Self {{
            Self {{ inner }}
        }}
    }}

    impl<T: {name}> codegen::Service for {name}Server<T> {{
        const NAME: &'static str = {full_name:?};

        fn declare(self, methods: &mut codegen::Methods<'_>) {{
            let inner = codegen::Rc::new(self.inner);
{declared}        }}
    }}
{descriptors}}}
"
        );
    }
}

/// `package.Service`.
pub(crate) fn full_name(service: &Service) -> String {
    match service.package.as_str() {
        "" => service.proto_name.clone(),
        package => format!("{package}.{}", service.proto_name),
    }
}

/// The method of the trait.
fn trait_method(method: &Method, code: &mut String) {
    let (input, output) = (request_type(method), nested(&method.output_type));
    let name = &method.name;
    let response = if method.server_streaming {
        let stream = format!("{}Stream", method.proto_name_in_camel_case());
        let _ = write!(
            code,
            "        /// What [`{name}`](Self::{name}) answers with.
        type {stream}: codegen::Stream<Item = Result<{output}, codegen::Status>> + 'static;
"
        );
        format!("Self::{stream}")
    } else {
        output
    };
    method.comments.append_with_indent(2, code);
    let _ = write!(
        code,
        "        fn {name}(
            &self,
            request: codegen::Request<{input}>,
        ) -> impl codegen::Future<Output = Result<codegen::Response<{response}>, codegen::Status>>;
"
    );
}

/// What adds the method to what is served.
fn declaration(method: &Method, code: &mut String) {
    let add = match (method.client_streaming, method.server_streaming) {
        (false, false) => "unary",
        (true, false) => "client_stream",
        (false, true) => "server_stream",
        (true, true) => "bidi_stream",
    };
    let (name, wire_name) = (&method.name, &method.proto_name);
    let message_name = method.input_proto_type.trim_start_matches('.');
    let _ = write!(
        code,
        "            methods.{add}(
                {wire_name:?},
                &inner,
                |bytes| codegen::decode({message_name:?}, bytes),
                |inner: codegen::Rc<T>, request| async move {{ inner.{name}(request).await }},
            );
"
    );
}

fn request_type(method: &Method) -> String {
    let message = nested(&method.input_type);
    if method.client_streaming { format!("codegen::Streaming<{message}>") } else { message }
}

/// A type's path as it is from within the module of a service.
pub(crate) fn nested(path: &str) -> String {
    let is_absolute = path.starts_with("::") || path.starts_with("crate::") || path.starts_with('(');
    if is_absolute { path.to_owned() } else { format!("super::{path}") }
}

trait Names {
    fn proto_name_in_camel_case(&self) -> String;
}

impl Names for Method {
    /// As prost names types: `list_features` and `ListFeatures` are `ListFeatures`.
    fn proto_name_in_camel_case(&self) -> String {
        let words = self.name.trim_start_matches("r#").split('_').filter(|word| !word.is_empty());
        words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
    }
}

/// The static that the linker makes a custom section of.
fn section(file: &Written) -> String {
    let Written { name, length } = file;
    format!(
        "
    #[cfg(target_arch = \"wasm32\")]
    #[allow(unsafe_code)]
    const _: () = {{
        #[used]
        #[unsafe(link_section = \"wasm_grpc.descriptors\")]
        static DESCRIPTORS: [u8; {length}] = *include_bytes!({name:?});
    }};
"
    )
}

/// `RouteGuide` is `route_guide`, `HTTPEcho` is `http_echo`.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if begins_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_modules_are_those_of_rust() {
        for (name, expected) in [
            ("Greeter", "greeter"),
            ("RouteGuide", "route_guide"),
            ("HTTPEcho", "http_echo"),
            ("EchoV2Service", "echo_v2_service"),
            ("already_snake", "already_snake"),
        ] {
            assert_eq!(snake_case(name), expected);
        }
    }

    #[test]
    fn types_are_found_from_within_the_module() {
        assert_eq!(nested("HelloRequest"), "super::HelloRequest");
        assert_eq!(nested("super::other::Message"), "super::super::other::Message");
        assert_eq!(nested("::prost_types::Any"), "::prost_types::Any");
        assert_eq!(nested("()"), "()");
    }
}
