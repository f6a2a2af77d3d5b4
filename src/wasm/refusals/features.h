// Which feature of WebAssembly a module uses that the engine is not set up for, and how it is left out.
#pragma once

#include <optional>
#include <string_view>

namespace wasm_grpc::wasm {

/// What to add to the engine's message about a module that it refuses; nothing when it is about no such feature or
/// limit.
[[nodiscard]] std::optional<std::string_view> feature_advice(std::string_view message);

}  // namespace wasm_grpc::wasm
