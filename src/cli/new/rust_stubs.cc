#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "cli/new/names.h"
#include "cli/new/own_protos.h"

namespace wasm_grpc::cli {

namespace pb = google::protobuf;

namespace {

/// What prost has in place of messages of protobuf's own.
constexpr std::pair<std::string_view, std::string_view> in_place[] = {
    {"google.protobuf.BoolValue", "bool"},  {"google.protobuf.BytesValue", "Vec<u8>"},
    {"google.protobuf.DoubleValue", "f64"}, {"google.protobuf.Empty", "()"},
    {"google.protobuf.FloatValue", "f32"},  {"google.protobuf.Int32Value", "i32"},
    {"google.protobuf.Int64Value", "i64"},  {"google.protobuf.StringValue", "String"},
    {"google.protobuf.UInt32Value", "u32"}, {"google.protobuf.UInt64Value", "u64"}};

/// The module of a package within the crate, with "::" at its end.
std::string module_of(std::string_view package) {
  std::string path = "proto::";
  while (!package.empty()) {
    const std::size_t dot = std::min(package.find('.'), package.size());
    path += rust_identifier(package.substr(0, dot)) + "::";
    package.remove_prefix(std::min(dot + 1, package.size()));
  }
  return path;
}

/// The modules of the messages that a message is within.
std::string around(const pb::Descriptor* outer) {
  return outer == nullptr ? "" : around(outer->containing_type()) + rust_identifier(outer->name()) + "::";
}

std::string type_of(const pb::Descriptor& message) {
  for (const auto& [name, type] : in_place) {
    if (message.full_name() == name) return std::string(type);
  }
  const std::string type = around(message.containing_type()) + rust_type(message.name());
  const std::string& package = message.file()->package();
  return (package == "google.protobuf" ? "::prost_types::" : module_of(package)) + type;
}

/// The name of the associated type of a method that answers with a stream.
std::string stream_type(const pb::MethodDescriptor& method) {
  const std::string name = rust_identifier(method.name());
  return rust_type(name.starts_with("r#") ? name.substr(2) : name) + "Stream";
}

std::string stub(const pb::MethodDescriptor& method) {
  const std::string request = type_of(*method.input_type());
  const std::string response = type_of(*method.output_type());
  std::string text;
  if (method.server_streaming()) {
    text += "    type " + stream_type(method) + " = Replies<" + response + ">;\n\n";
  }
  text += "    async fn " + rust_identifier(method.name()) + "(\n        &self,\n        _request: Request<" +
          (method.client_streaming() ? "Streaming<" + request + ">" : request) + ">,\n    ) -> Result<Response<" +
          (method.server_streaming() ? "Self::" + stream_type(method) : response) + ">, Status> {\n" +
          "        Err(Status::unimplemented(\"" + to_be_written(method) + "\"))\n    }\n";
  return text;
}

std::string native_test(const pb::MethodDescriptor& method) {
  const std::string path = "/" + method.service()->full_name() + "/" + method.name();
  return "\n    #[test]\n    fn " + rust_identifier(method.service()->name() + "_" + method.name()) +
         "_is_to_be_written() {\n        let answer = Guest::new(serve).unary::<" + type_of(*method.input_type()) +
         ", " + type_of(*method.output_type()) + ">(\"" + path + "\", &Default::default());\n" +
         "        assert_eq!(answer.unwrap_err().code(), Code::Unimplemented);\n    }\n";
}

}  // namespace

std::string rust_stubs(const OwnProtos& protos) {
  std::string classes;
  std::string added;
  std::string tests;
  bool replies = false;
  bool streaming = false;
  const std::string package = module_of(protos.file->package());
  for (int i = 0; i < protos.file->service_count(); ++i) {
    const pb::ServiceDescriptor& service = *protos.file->service(i);
    if (service.method_count() == 0) continue;
    const std::string trait = rust_type(service.name());
    const std::string module = package + rust_server_module(service.name()) + "::";
    classes += "\nstruct My" + trait + ";\n\nimpl " + module + trait + " for My" + trait + " {\n";
    for (int j = 0; j < service.method_count(); ++j) {
      const pb::MethodDescriptor& method = *service.method(j);
      classes += (j == 0 ? "" : "\n") + stub(method);
      replies = replies || method.server_streaming();
      streaming = streaming || method.client_streaming();
      if (!method.client_streaming() && !method.server_streaming()) tests += native_test(method);
    }
    classes += "}\n";
    added += "    services.add_service(" + module + trait + "Server::new(My" + trait + "));\n";
  }
  std::string text =
      "//! The services of " + protos.file->name() + ".\n\nuse wasm_grpc_guest::{" + (replies ? "Replies, " : "") +
      "Request, Response, Services, Status, " + (streaming ? "Streaming, " : "") + "services};\n\n" +
      "/// What is generated, in a module for each part of its package.\n#[allow(dead_code)]\nmod proto {\n" +
      "    include!(concat!(env!(\"OUT_DIR\"), \"/protos.rs\"));\n}\n" + classes +
      "\nservices!(serve);\nfn serve(services: &mut Services) {\n" + added + "}\n";
  if (!tests.empty()) {
    text +=
        "\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use wasm_grpc_guest::Code;\n"
        "    use wasm_grpc_guest::testing::Guest;\n" +
        tests + "}\n";
  }
  return text;
}

}  // namespace wasm_grpc::cli
