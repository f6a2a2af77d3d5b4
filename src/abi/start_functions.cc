#include "abi/start_functions.h"

#include "wasm/instance.h"
#include "wasm/module.h"

namespace wasm_grpc::abi {

namespace {
constexpr std::string_view constructors_export = "__wasm_call_ctors";
constexpr std::string_view link_it =
    "link it as a reactor (clang and Zig: -mexec-model=reactor; Rust: crt1-reactor.o; Go: -buildmode=c-shared; "
    "docs/toolchains.md)";
}  // namespace

bool begin_if_exported(wasm::Instance& instance, std::string_view name) {
  const auto function = instance.find_function(name);
  if (!function) return false;
  instance.begin_call(*function, {}, false);
  return true;
}

bool begin_initialization(wasm::Instance& instance) {
  return begin_if_exported(instance, initialize_export) || begin_if_exported(instance, command_export);
}

bool exited_well(const wasm::Instance& instance) {
  const wasm::Failure& failure = instance.failure();
  return failure.kind == wasm::Failure::Kind::exit && failure.exit_code == 0;
}

std::vector<std::string> warnings_of_start(const wasm::Module& module, Commands commands) {
  const auto exports = [&](std::string_view name) { return module.find_export(name) != nullptr; };
  std::vector<std::string> warnings;
  const auto warn = [&](std::string_view what) { warnings.push_back(std::string(what) + "; " + std::string(link_it)); };
  if (module.has_command_exports()) {
    warn(
        "it runs its constructors anew at every call, and so forgets what it kept in globals: its linker took each "
        "export for a whole program");
  } else if (!exports(initialize_export) && exports(command_export)) {
    if (commands == Commands::unusual) {
      warn("it is a command: its main() has run, and its destructors perhaps, before its first call");
    }
  } else if (!exports(initialize_export) && exports(constructors_export)) {
    warn(
        "it exports __wasm_call_ctors, which the host does not call: unless it does so itself, its constructors do not "
        "run");
  }
  return warnings;
}

}  // namespace wasm_grpc::abi
