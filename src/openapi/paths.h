// Paths and operations: how methods are called.
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "facade/rest/http_rule.h"
#include "facade/rest/path_template.h"
#include "openapi/schemas.h"

namespace wasm_grpc::openapi {

/// The paths of a document.
class Paths {
 public:
  explicit Paths(Schemas& schemas) : schemas_(schemas) {}

  /// All ways to call a method.
  void add(const google::protobuf::MethodDescriptor& method);

  /// The operations of each path that has any.
  [[nodiscard]] std::map<std::string, Json> take();
  /// The shapes of the templates so far.
  [[nodiscard]] std::set<std::string> shapes() const;

 private:
  /// A path as OpenAPI has it: every wildcard of the template is a parameter of its own.
  struct Path {
    std::string text;
    std::vector<std::string> parameters;
  };

  void add_rule(const google::protobuf::MethodDescriptor& method, const facade::rest::HttpRule& rule,
                std::size_t number);
  void add_connect(const google::protobuf::MethodDescriptor& method);
  [[nodiscard]] Json operation(const google::protobuf::MethodDescriptor& method, const std::string& id);
  [[nodiscard]] const Path& path_of(const facade::rest::PathTemplate& path);
  [[nodiscard]] Json path_parameters(const google::protobuf::Descriptor& request,
                                     const facade::rest::PathTemplate& path, const Path& written);
  void add_query(const google::protobuf::Descriptor& type, const std::string& prefix, const std::string& proto_prefix,
                 const facade::rest::HttpRule& rule, const facade::rest::PathTemplate& path,
                 std::vector<const google::protobuf::Descriptor*>& within, Json& parameters);

  Schemas& schemas_;
  std::map<std::string, Path> by_shape_;
  std::map<std::string, Json> paths_;
};

}  // namespace wasm_grpc::openapi
