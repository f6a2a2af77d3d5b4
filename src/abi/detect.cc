#include <array>

#include "abi/abi.h"
#include "abi/v1_binding.h"
#include "wasm/module.h"

namespace wasm_grpc::abi {

namespace {
const v1::Abi1 abi_1;
const std::array<const Abi*, 1> known_abis = {&abi_1};
}  // namespace

Result<> define_imports(wasm::Linker& linker) { return v1::define_imports(linker); }

Result<const Abi*> detect(const wasm::Module& module) {
  std::string names;
  for (const Abi* abi : known_abis) {
    if (abi->recognises(module)) {
      if (auto checked = abi->check(module); !checked.ok()) return std::move(checked).error();
      return abi;
    }
    names += (names.empty() ? "" : ", ") + std::string(abi->name());
  }
  return Error{
      "it speaks no ABI this host knows: the exports \"wasm_grpc_start\" and \"wasm_grpc_call\" are missing (known "
      "ABIs: " +
      names + ")"};
}

}  // namespace wasm_grpc::abi
