// How a module is set going once it is instantiated, whatever ABI it speaks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::wasm {
class Instance;
class Module;
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

/// Whether guests of an ABI are commands by right: their main() is run by _start, and they are called after it.
enum class Commands : bool { unusual, usual };
/// What is wrong with when the module's constructors run, and how it is to be linked instead; a line for each.
[[nodiscard]] std::vector<std::string> warnings_of_start(const wasm::Module& module, Commands commands);

}  // namespace wasm_grpc::abi
