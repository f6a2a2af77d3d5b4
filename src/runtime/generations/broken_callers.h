// What callers lose when a generation follows another.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/generations/generation.h"
#include "services/compatibility.h"

namespace wasm_grpc::runtime {

/// The methods that modules of a generation serve. The generation outlives it.
class ServedMethods {
 public:
  explicit ServedMethods(const Generation& generation);

  /// What takes from the callers of a module, which is not in the generation, what they have: a line for each, 20 at
  /// most, and one that says how many more there are.
  [[nodiscard]] std::vector<std::string> broken_callers(const ServedModule& before) const;

 private:
  std::unordered_map<std::string, services::KnownMethod> by_path_;
};

}  // namespace wasm_grpc::runtime
