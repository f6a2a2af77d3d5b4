#include "abi/start_functions.h"

#include "wasm/instance.h"

namespace wasm_grpc::abi {

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

}  // namespace wasm_grpc::abi
