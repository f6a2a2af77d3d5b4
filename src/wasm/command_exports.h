// Whether a linker took a module for a command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wasm_grpc::wasm {

/// True when each function that the module exports runs the constructors before, and perhaps the destructors after.
/// wasm-ld makes exports so when nothing in the module calls its constructors, as _initialize of a reactor does: it
/// then takes each exported function for the whole run of a program. It is told by the names that wasm-ld gives them;
/// or else, in a module without names, by all of them calling first the same function of the module, which takes and
/// returns nothing: so much is left of it when an optimizer has been there. `binary` is a valid module that imports so
/// many functions.
[[nodiscard]] bool has_command_exports(std::span<const std::byte> binary, std::uint32_t imported_functions);

}  // namespace wasm_grpc::wasm
