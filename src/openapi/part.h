// Documents in parts: what services add to one is made once, and put together with that of others whenever one of them
// has changed.
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "openapi/document.h"

namespace wasm_grpc::openapi {

/// What some services add to a document: members of its objects, by their keys, as they stand in it. Needs nothing of
/// the descriptors it was made from.
struct Part {
  std::map<std::string, std::string> tags;  // by the names of services
  std::map<std::string, std::string> paths;
  std::map<std::string, std::string> schemas;
  /// Templates of one shape are one path of a document, which only those who make it of all services can say.
  std::set<std::string> shapes;
};

/// Each service once.
[[nodiscard]] Part part_of(std::span<const google::protobuf::ServiceDescriptor* const> services);

/// The document() of the services of all parts, in any order; nothing where it is more than its parts: they have paths
/// of one shape, types of one name that differ, or the same service.
[[nodiscard]] std::optional<std::string> join(std::span<const Part* const> parts, const About& about);

}  // namespace wasm_grpc::openapi
