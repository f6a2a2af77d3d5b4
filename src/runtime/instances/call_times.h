// How long calls of one module's methods may take.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "abi/abi.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::runtime {

/// What its options say of it. Immutable.
class CallTimes {
 public:
  CallTimes() = default;
  /// The error says which option makes no sense, or is of a method that is none of `methods`.
  [[nodiscard]] static Result<CallTimes> create(const ModuleOptions& options,
                                                std::span<const abi::DeclaredMethod> methods);

  /// Of the method of that path: what is said of it, else of the longest beginning of its path, else of the module.
  /// Nothing: as long as the server says. 0: for ever.
  [[nodiscard]] std::optional<std::chrono::milliseconds> of(std::string_view path) const noexcept;

 private:
  std::optional<std::chrono::milliseconds> of_module_;
  std::vector<MethodOptions> methods_;  // that say one
};

}  // namespace wasm_grpc::runtime
