// Which method a path names.
#pragma once

#include <cstddef>
#include <deque>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::rpc {

/// The methods one worker serves. Methods are added before the first call and never removed: a `const Method*` it gave
/// lives as long as the table. Belongs to one thread.
class MethodTable {
 public:
  MethodTable() = default;
  MethodTable(const MethodTable&) = delete;
  MethodTable& operator=(const MethodTable&) = delete;

  /// Adds a method. Refuses a path that is not "/package.Service/Method" (of kind http: is_http_prefix()), one that is
  /// there already, and a method without a handler.
  Result<> add(Method method);

  /// The method of that path, or nullptr. Does not allocate.
  [[nodiscard]] const Method* find(std::string_view path) const noexcept;
  /// The method of kind http whose path is the longest beginning, at the end of a segment, of the path of `target`; or
  /// nullptr. A query of the target does not count. Does not allocate.
  [[nodiscard]] const Method* find_http(std::string_view target) const noexcept;
  /// True when some method belongs to "package.Service".
  [[nodiscard]] bool has_service(std::string_view service) const noexcept { return services_.contains(service); }

  [[nodiscard]] std::size_t size() const noexcept { return methods_.size(); }
  [[nodiscard]] const std::deque<Method>& methods() const noexcept { return methods_; }

 private:
  Result<> add_http(Method method);

  std::deque<Method> methods_;  // the views below point into it: its elements never move
  std::unordered_map<std::string_view, const Method*> by_path_;
  std::unordered_set<std::string_view> services_;
  std::vector<const Method*> http_;  // the longest path first
};

}  // namespace wasm_grpc::rpc
