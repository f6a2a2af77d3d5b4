// How a module is set going once it is instantiated, whatever ABI it speaks.
#pragma once

#include <string_view>

namespace wasm_grpc::wasm {
class Instance;
}  // namespace wasm_grpc::wasm

namespace wasm_grpc::abi {

/// Of a WASI reactor, and of a WASI command.
inline constexpr std::string_view initialize_export = "_initialize";
inline constexpr std::string_view command_export = "_start";

/// Makes the fiber that calls an exported function without parameters. False, and no fiber, when there is none.
[[nodiscard]] bool begin_if_exported(wasm::Instance& instance, std::string_view name);
/// Makes the fiber that initializes the module's runtime. False, and no fiber, when it has nothing of the kind.
[[nodiscard]] bool begin_initialization(wasm::Instance& instance);
/// True when the initialization has failed only in that it ended by proc_exit(0), as a WASI command may.
[[nodiscard]] bool exited_well(const wasm::Instance& instance);

}  // namespace wasm_grpc::abi
