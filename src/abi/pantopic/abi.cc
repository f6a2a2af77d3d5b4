#include "abi/pantopic/abi.h"

#include <algorithm>

#include "abi/start_functions.h"

namespace wasm_grpc::abi::pantopic {

bool GuestAbi::recognises(const wasm::Module& module) const {
  const auto is_there = [&](const ExpectedExport& one) {
    return one.required && one.kind == wasm::ExternKind::function && module.find_export(one.name) != nullptr;
  };
  const auto is_ours = [&](const wasm::ImportInfo& import) { return has_import(import); };
  return (known_by_exports_ && std::ranges::any_of(exports_, is_there)) ||
         std::ranges::any_of(module.imports(), is_ours);
}

bool GuestAbi::has_import(const wasm::ImportInfo& import) const noexcept {
  return std::ranges::any_of(imports_, [&](const Import& one) {
    return one.module == import.module && one.name == import.name && one.type == import.type;
  });
}

Result<> GuestAbi::check(const wasm::Module& module) const {
  auto missing = find_missing_exports(module, name_, exports_);
  if (!missing.ok()) return std::move(missing).error();
  if (missing.value().empty()) return success();
  return Error{"it speaks ABI " + std::string(name_) + " but lacks the exports " + missing.value()};
}

// Their main() registers what they serve.
std::vector<std::string> GuestAbi::warnings(const wasm::Module& module) const {
  return warnings_of_start(module, Commands::usual);
}

}  // namespace wasm_grpc::abi::pantopic
