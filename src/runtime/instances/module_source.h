// Where a module comes from, and what it is given.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "wasi/sandbox.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::runtime {

/// The bytes of a file, `max_size` at most. The error names it.
[[nodiscard]] Result<std::vector<std::byte>> read_module_file(const std::string& path, std::size_t max_size);
/// What its guests see of arguments, environment and directories.
[[nodiscard]] Result<std::shared_ptr<const wasi::Sandbox>> make_sandbox(const ModuleOptions& options);
/// Fails when the guests of a module could write into the code cache, and so run code outside of their sandbox; or into
/// the file of its store.
[[nodiscard]] Result<> check_apart(const std::string& code_cache, const ModuleOptions& options);

}  // namespace wasm_grpc::runtime
