// google.api.http: how a method of gRPC is called by HTTP (google/api/http.proto).
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "wasm_grpc/result.h"

namespace wasm_grpc::facade::rest {

/// A google.api.HttpRule, as it is written in a .proto file, or one of its additional bindings.
struct HttpRule {
  /// "GET", or any other; "*" where the rule leaves it open.
  std::string http_method;
  /// A path template: "/v1/{name=shelves/*}:verb".
  std::string path;
  /// The field that is the body of a request, "*" for all that is not elsewhere, or nothing.
  std::string body;
  /// The field that is the body of a reply, or nothing: all of it.
  std::string response_body;
};

/// The rules of a method: its option google.api.http, which is known by its number (72295728), whether the descriptors
/// know its type or not; empty when it has none. Fails where the option is no HttpRule, or one without a path.
[[nodiscard]] Result<std::vector<HttpRule>> http_rules(const google::protobuf::MethodDescriptor& method);

}  // namespace wasm_grpc::facade::rest
