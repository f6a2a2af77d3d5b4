#include <array>

#include "abi/abi.h"
#include "abi/client_1/binding.h"
#include "abi/pantopic/ext.h"
#include "abi/pantopic/pull.h"
#include "abi/pantopic/push.h"
#include "abi/v1/binding.h"
#include "wasm/guest_text.h"
#include "wasm/module.h"
#include "wasm/refusals/imports.h"

namespace wasm_grpc::abi {

namespace {
const v1::Abi1 abi_1;
const pantopic::ExtAbi pantopic_ext;
const pantopic::PushAbi pantopic_push;
const pantopic::PullAbi pantopic_pull;
const std::array<const Abi*, 4> known_abis = {&abi_1, &pantopic_ext, &pantopic_push, &pantopic_pull};

/// An import looks for the binding of its own ABI: a module keeps to one.
Result<> check_imports(const wasm::Module& module, const Abi& spoken) {
  for (const wasm::ImportInfo& import : module.imports()) {
    for (const Abi* other : known_abis) {
      if (other == &spoken || !other->has_import(import)) continue;
      return Error{"it speaks ABI " + std::string(spoken.name()) + " and imports \"" + import.module + "." +
                   wasm::printable(import.name, wasm::most_of_name) + "\" of ABI " + std::string(other->name()) +
                   "; a module speaks one ABI"};
    }
  }
  return success();
}

/// What lacks exports may be made for another host altogether, which its imports tell.
Error with_build_advice(Error error, const wasm::Module& module) {
  if (const auto advice = wasm::build_advice(module.imports())) error.message += "; " + *advice;
  return error;
}

}  // namespace

Result<> define_imports(wasm::Linker& linker) {
  if (auto defined = v1::define_imports(linker); !defined.ok()) return defined;
  if (auto defined = client_1::define_imports(linker); !defined.ok()) return defined;
  if (auto defined = pantopic::define_push_imports(linker); !defined.ok()) return defined;
  if (auto defined = pantopic::define_ext_imports(linker); !defined.ok()) return defined;
  return pantopic::define_pull_imports(linker);
}

Result<const Abi*> detect(const wasm::Module& module) {
  std::string names;
  for (const Abi* abi : known_abis) {
    if (abi->recognises(module)) {
      if (auto checked = abi->check(module); !checked.ok()) {
        return with_build_advice(std::move(checked).error(), module);
      }
      if (auto checked = check_imports(module, *abi); !checked.ok()) return std::move(checked).error();
      return abi;
    }
    names += (names.empty() ? "" : ", ") + std::string(abi->name());
  }
  return with_build_advice(
      {"it speaks no ABI this host knows: the exports \"wasm_grpc_start\" and \"wasm_grpc_call\" are missing (known "
       "ABIs: " +
       names + "); docs/toolchains.md says how they are exported"},
      module);
}

}  // namespace wasm_grpc::abi
