// What a file is that was given as a module and is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasm_grpc::wasm {

/// Says what the bytes are and what to do, when they are known not to be a core module: components, native programs,
/// compressed files, and so on. They may be a core module otherwise.
[[nodiscard]] std::optional<std::string> known_as_no_module(std::string_view bytes);

}  // namespace wasm_grpc::wasm
