#include "store/transfer.h"

#include "store/redis/transfer.h"
#include "store/sqlite/transfer.h"
#include "store/stores.h"

namespace wasm_grpc::store {

namespace {

void say_nothing(LogLevel, const std::string&) {}

/// A module's store on a server that answers.
Result<std::shared_ptr<redis::SpaceStore>> open_redis(const ModuleOptions& module) {
  if (auto sound = look_at(module.store); !sound.ok()) return std::move(sound).error();
  return redis::SpaceStore::open(module, say_nothing);
}

}  // namespace

Result<Copied> copy_out(const ModuleOptions& module, const std::string& to) {
  if (module.store.backend == StoreBackend::redis) {
    const auto opened = open_redis(module);
    return opened.ok() ? redis::copy_out(*opened.value(), module, to) : opened.error();
  }
  if (auto sound = look_at(module.store); !sound.ok()) return std::move(sound).error();
  return sqlite::copy_out(module.store.path, module.name, to);
}

Result<Copied> copy_in(const ModuleOptions& module, const std::string& from) {
  if (module.store.backend == StoreBackend::redis) {
    const auto opened = open_redis(module);
    return opened.ok() ? redis::copy_in(*opened.value(), module, from) : opened.error();
  }
  // Makes the file, and the module's place in it, where they are missing.
  const auto opened = Stores(say_nothing).open(module);
  if (!opened.ok()) return opened.error();
  return sqlite::copy_in(module.store.path, module.name, from, module.shared_state);
}

}  // namespace wasm_grpc::store
