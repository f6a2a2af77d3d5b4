// Files that are read whole, and written so that others see all of them or nothing.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// The content of a file of `most` bytes at most; the error names it.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t most);

/// Puts a file there, in place of any that is, by renaming another of its folder; what is written is on the disk then.
/// `mode` says who may do what with it.
[[nodiscard]] Result<> replace_file(const std::string& path, std::string_view content, mode_t mode);

}  // namespace wasm_grpc::registry
