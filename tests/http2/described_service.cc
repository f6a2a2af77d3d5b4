#include "http2/described_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <array>

namespace wasm_grpc::http2 {

namespace pb = google::protobuf;

namespace {

void add_field(pb::DescriptorProto& message, const char* name, int number, pb::FieldDescriptorProto::Type type,
               pb::FieldDescriptorProto::Label label = pb::FieldDescriptorProto::LABEL_OPTIONAL) {
  pb::FieldDescriptorProto& field = *message.add_field();
  field.set_name(name);
  field.set_number(number);
  field.set_type(type);
  field.set_label(label);
  if (type == pb::FieldDescriptorProto::TYPE_MESSAGE) field.set_type_name(".test.Text");
}

struct Described {
  const char* name;
  bool streams_requests = false;
  bool streams_responses = false;
  const char* get = nullptr;   // its google.api.http rule
  const char* post = nullptr;  // one with body: "*"
};
constexpr std::array<Described, 9> methods = {{{"Unary", false, false, "/v1/texts/{text=**}", "/v1/texts"},
                                               {"Fail", false, false, "/v1/failures"},
                                               {"Never", false, false, "/v1/never"},
                                               {"Info", false, false, "/v1/info"},
                                               {"Collect", true, false, nullptr, "/v1/collected"},
                                               {"Spread", false, true},
                                               {"Bidi", true, true, nullptr, "/v1/echoes"},
                                               {"Stall", true, true},
                                               {"Early", true, true}}};

std::string field(int number, std::string_view text) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(text.size())} + std::string(text);
}

/// A serialized google.api.HttpRule: the GET with the POST as its additional binding, or one of them.
std::string rule_of(const Described& described) {
  const std::string post = described.post == nullptr ? std::string() : field(4, described.post) + field(7, "*");
  if (described.get == nullptr) return post;
  return field(2, described.get) + (post.empty() ? std::string() : field(11, post));
}

}  // namespace

facade::Facades describe_test_service(const std::vector<std::string>& origins) {
  pb::FileDescriptorProto file;
  file.set_name("test.proto");
  file.set_package("test");
  file.set_syntax("proto3");
  pb::DescriptorProto& text = *file.add_message_type();
  text.set_name("Text");
  add_field(text, "text", 1, pb::FieldDescriptorProto::TYPE_STRING);
  add_field(text, "number", 2, pb::FieldDescriptorProto::TYPE_INT64);
  add_field(text, "more", 3, pb::FieldDescriptorProto::TYPE_MESSAGE, pb::FieldDescriptorProto::LABEL_REPEATED);
  pb::ServiceDescriptorProto& service = *file.add_service();
  service.set_name("Test");
  std::vector<std::string> paths;
  for (const Described& described : methods) {
    pb::MethodDescriptorProto& method = *service.add_method();
    method.set_name(described.name);
    method.set_input_type(".test.Text");
    method.set_output_type(".test.Text");
    method.set_client_streaming(described.streams_requests);
    method.set_server_streaming(described.streams_responses);
    if (method.name() == "Unary") method.mutable_options()->set_idempotency_level(pb::MethodOptions::NO_SIDE_EFFECTS);
    if (const std::string rule = rule_of(described); !rule.empty()) {
      constexpr int http = 72295728;  // google.api.http, an extension of MethodOptions
      method.mutable_options()->mutable_unknown_fields()->AddLengthDelimited(http, rule);
    }
    paths.push_back("/test.Test/" + method.name());
  }
  pb::DescriptorPool pool;
  const pb::FileDescriptor* const built = pool.BuildFile(file);
  facade::Facades facades;
  (void)facades.add("test", {&built, 1}, paths);
  facades.cors = facade::Cors::parse(origins).value();
  return facades;
}

}  // namespace wasm_grpc::http2
