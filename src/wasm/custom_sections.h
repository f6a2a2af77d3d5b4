// The custom sections of a module, which the engine does not look at.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace wasm_grpc::wasm {

/// Contents by name; those of sections with the same name follow each other.
using CustomSections = std::map<std::string, std::string, std::less<>>;

/// Those of a binary module whose names begin with `prefix` (WebAssembly core specification, "Custom Section"). Stops
/// where the bytes are no module any more.
[[nodiscard]] CustomSections read_custom_sections(std::span<const std::byte> binary, std::string_view prefix);

}  // namespace wasm_grpc::wasm
