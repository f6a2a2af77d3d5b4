// Which method of gRPC an HTTP request means, by the google.api.http rules of all modules.
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "facade/rest/http_rule.h"
#include "facade/rest/path_template.h"
#include "json/table.h"
#include "json/types.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::facade::rest {

/// One binding of a method to HTTP, with all that it names looked up.
struct Rule {
  /// A field within the request: "a.b.c", from the outside in.
  using FieldPath = std::vector<const json::Field*>;
  /// A variable of the path, and what it is.
  struct Capture {
    FieldPath field;
    std::size_t first_segment = 0;
    std::size_t segments = 0;
    bool is_rest = false;
    bool is_one = false;
  };

  /// "/package.Service/Method".
  std::string method;
  std::string module;
  HttpRule http;
  PathTemplate path;
  const json::MessageType* request = nullptr;
  const json::MessageType* response = nullptr;
  std::vector<Capture> captures;
  /// The field that is the body; nullptr when it is all of the request, or nothing is.
  const json::Field* body = nullptr;
  bool body_is_all = false;
  /// The field that is the reply; nullptr when all of it is.
  const json::Field* response_body = nullptr;

  [[nodiscard]] bool has_body() const noexcept { return body_is_all || body != nullptr; }
};

/// What was found for a request. Points into the target and the routes.
struct Match {
  /// nullptr when there is none.
  const Rule* rule = nullptr;
  /// The text of each capture of the rule, as it is in the path.
  std::vector<std::string_view> captures;
  /// What is behind the question mark of the target.
  std::string_view query;
  /// Where rules match the path but not the HTTP method: the methods they have, as the field Allow says them.
  std::string allow;
};

/// The rules of all methods. Filled, then only read, from any thread.
///
/// Of several rules that match a path, one with a text in a segment goes before one with *, and that before **; but one
/// of the request's HTTP method before all that are not. What a search takes is bounded by the rules and the length of
/// the path: no place in the tree of all templates is visited twice.
class Routes {
 public:
  Routes() = default;
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;
  Routes(Routes&&) = default;
  Routes& operator=(Routes&&) = default;

  /// Adds the rules of a method, if it has any. `types` has those of the method's files, and lives as long as the
  /// routes. Fails, with nothing added, where a rule makes no sense, or means a request that a rule which is there
  /// means too; the error names both methods and their modules.
  [[nodiscard]] Result<> add(const google::protobuf::MethodDescriptor& method, std::string_view module,
                             const json::Types& types);
  /// The same of all of a module's methods: of all, or none.
  [[nodiscard]] Result<> add(std::span<const google::protobuf::MethodDescriptor* const> methods,
                             std::string_view module, const json::Types& types);

  [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
  /// In the order in which they were added.
  [[nodiscard]] const std::vector<std::unique_ptr<const Rule>>& rules() const noexcept { return rules_; }

  /// `target` is path and query, as a request has them.
  [[nodiscard]] Match find(std::string_view http_method, std::string_view target) const;

 private:
  /// A rule that ends at a place in the tree.
  struct End {
    std::string_view verb;
    const Rule* rule;
  };
  /// A place in the tree of all templates.
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> one;
    std::vector<End> ends;
    std::vector<End> rests;  // behind "**"
  };
  class Search;

  /// Rules that are not in the tree yet.
  struct Addition {
    std::vector<std::unique_ptr<Rule>> rules;
    std::map<std::pair<std::string, std::string>, const Rule*> by_shape;
  };

  [[nodiscard]] Result<> make(const google::protobuf::MethodDescriptor& method, std::string_view module,
                              const json::Types& types, Addition& addition) const;
  void insert(const Rule& rule);

  Node root_;
  std::vector<std::unique_ptr<const Rule>> rules_;
  std::map<std::pair<std::string, std::string>, const Rule*> by_shape_;  // template and HTTP method
};

}  // namespace wasm_grpc::facade::rest
