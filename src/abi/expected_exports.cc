#include "abi/expected_exports.h"

namespace wasm_grpc::abi {

void add_missing(std::string& list, std::string_view name) {
  list += (list.empty() ? "\"" : ", \"") + std::string(name) + "\"";
}

Result<std::string> find_missing_exports(const wasm::Module& module, std::string_view abi,
                                         std::span<const ExpectedExport> expected) {
  std::string missing;
  for (const ExpectedExport& one : expected) {
    const wasm::ExportInfo* found = module.find_export(one.name);
    if (found == nullptr) {
      if (one.required) add_missing(missing, one.name);
      continue;
    }
    if (found->kind != one.kind || found->type != one.type) {
      return Error{"its export \"" + found->name + "\" is a " + std::string(wasm::name(found->kind)) + " " +
                   found->type + "; ABI " + std::string(abi) + " expects a " + std::string(wasm::name(one.kind)) + " " +
                   std::string(one.type)};
    }
  }
  return missing;
}

}  // namespace wasm_grpc::abi
