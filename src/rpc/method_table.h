// Which method a path names.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::rpc {

/// The methods one worker serves. A `const Method*` it gave lives until that method is removed, and as long after it as
/// who removed it keeps it. Belongs to one thread.
class MethodTable {
 public:
  MethodTable() = default;
  MethodTable(const MethodTable&) = delete;
  MethodTable& operator=(const MethodTable&) = delete;

  /// Adds a method. Refuses a path that is not "/package.Service/Method" (of kind http: is_http_prefix()), one that is
  /// there already, and a method without a handler.
  Result<> add(Method method) { return add(std::make_unique<Method>(std::move(method))); }
  /// The same, and the method stays where it is.
  Result<> add(std::unique_ptr<Method> method);
  /// Takes out a method, which is in the table: it is found no more. Calls that have it may go on with it.
  [[nodiscard]] std::unique_ptr<Method> remove(const Method& method) noexcept;

  /// The method of that path, or nullptr. Does not allocate.
  [[nodiscard]] const Method* find(std::string_view path) const noexcept;
  /// The method of kind http whose path is the longest beginning, at the end of a segment, of the path of `target`; or
  /// nullptr. A query of the target does not count. Does not allocate.
  [[nodiscard]] const Method* find_http(std::string_view target) const noexcept;
  /// True when some method belongs to "package.Service".
  [[nodiscard]] bool has_service(std::string_view service) const noexcept { return services_.contains(service); }

  [[nodiscard]] std::size_t size() const noexcept { return by_path_.size() + http_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  Result<> add_http(std::unique_ptr<Method> method);

  std::unordered_map<std::string_view, std::unique_ptr<Method>> by_path_;         // each by the path it has itself
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> services_;  // how many methods each has
  std::vector<std::unique_ptr<Method>> http_;                                     // the longest path first
};

}  // namespace wasm_grpc::rpc
