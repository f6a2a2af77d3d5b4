// OpenAPI 3.1 (spec.openapis.org/oas/v3.1.0): what is served, for tools that know HTTP and JSON.
#pragma once

#include <google/protobuf/descriptor.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/result.h"

namespace wasm_grpc::openapi {

struct About {
  std::string title;
  /// Of what is served, not of OpenAPI.
  std::string version;
};

/// The document of the methods of these services, as indented JSON: for each its google.api.http rules, and, where it
/// is unary, the POST by which Connect calls it. The schemas are those of protobuf's JSON mapping; comments of the
/// .proto files are descriptions, where the descriptors have them.
///
/// The same services give the same text, in whatever order they come. They may be of several pools. Of rules that
/// OpenAPI cannot say (HTTP methods that it does not know), and of wrong ones, there is nothing in it.
[[nodiscard]] std::string document(std::span<const google::protobuf::ServiceDescriptor* const> services,
                                   const About& about);

/// The same of a module: of the services of `methods` ("/package.Service/Method") that its descriptors, serialized
/// google.protobuf.FileDescriptorSet messages, describe. Fails where they make no sense.
[[nodiscard]] Result<std::string> document_of_module(std::span<const std::string> descriptors,
                                                     std::span<const std::string> methods, const About& about);

}  // namespace wasm_grpc::openapi
