#include "store/transfer.h"

#include "store/sqlite/transfer.h"
#include "store/stores.h"

namespace wasm_grpc::store {

Result<Copied> copy_out(const ModuleOptions& module, const std::string& to) {
  if (auto sound = look_at(module.store); !sound.ok()) return std::move(sound).error();
  return sqlite::copy_out(module.store.path, module.name, to);
}

Result<Copied> copy_in(const ModuleOptions& module, const std::string& from) {
  // Makes the file, and the module's place in it, where they are missing.
  const auto opened = Stores([](LogLevel, const std::string&) {}).open(module);
  if (!opened.ok()) return opened.error();
  return sqlite::copy_in(module.store.path, module.name, from, module.shared_state);
}

}  // namespace wasm_grpc::store
