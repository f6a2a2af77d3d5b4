// Whether callers of a service can go on when another version of it takes its place.
#pragma once

#include <string>
#include <vector>

#include "services/described_files.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::services {

/// A method as its callers know it.
struct KnownMethod {
  std::string path;
  rpc::MethodKind kind = rpc::MethodKind::unary;
  /// What describes it; nullptr where nothing does.
  const DescribedFiles* files = nullptr;
};

/// What takes from callers of `before` what they have, a line for each: that there is no such method any more (`after`
/// is nullptr), or of another kind, or not described; that a field of a message it takes or gives, at any depth, has
/// another number, type, cardinality or JSON name, or is gone without its number being reserved; the same of values of
/// enums. The names of message types do not matter, nor what is new, but for a required field.
[[nodiscard]] std::vector<std::string> breaking_changes(const KnownMethod& before, const KnownMethod* after);

}  // namespace wasm_grpc::services
