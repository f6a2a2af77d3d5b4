// The exports an ABI expects of a module.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "wasm/module.h"

namespace wasm_grpc::abi {

struct ExpectedExport {
  std::string_view name;
  wasm::ExternKind kind;
  std::string_view type;
  bool required;
};

/// The names of the required ones that the module has not, in quotes, with commas between them. The error names one
/// that it has with another type.
[[nodiscard]] Result<std::string> find_missing_exports(const wasm::Module& module, std::string_view abi,
                                                       std::span<const ExpectedExport> expected);

/// Adds a name to such a list.
void add_missing(std::string& list, std::string_view name);

}  // namespace wasm_grpc::abi
