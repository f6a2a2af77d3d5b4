#include "store/stores.h"

#include <filesystem>
#include <system_error>

#include "store/sqlite/database.h"
#include "store/sqlite/file.h"

namespace wasm_grpc::store {

Result<> check(const StoreOptions& options) {
  if (options.timeout < std::chrono::milliseconds(1)) {
    return Error{"the timeout of the store is " + std::to_string(options.timeout.count()) +
                 " ms; expected at least 1, as every operation would be given up"};
  }
  const bool in_file = options.backend == StoreBackend::sqlite;
  if (in_file && options.path.empty()) {
    return Error{"the store is to be kept by SQLite, but no path says in which file; give it one"};
  }
  if (!in_file && !options.path.empty()) {
    return Error{"the store has a path, " + options.path +
                 ", but is kept in memory; choose the backend sqlite, or "
                 "leave the path out"};
  }
  return success();
}

Result<> look_at(const StoreOptions& options) {
  if (auto sound = check(options); !sound.ok()) return sound;
  return options.backend == StoreBackend::sqlite ? sqlite::look_at_file(options.path) : success();
}

Result<std::shared_ptr<Store>> Stores::open(const ModuleOptions& module) {
  if (auto sound = check(module.store); !sound.ok()) return std::move(sound).error();
  std::error_code error;
  const std::string path = std::filesystem::weakly_canonical(module.store.path, error).string();
  const std::lock_guard lock(mutex_);
  std::shared_ptr<sqlite::Database> database = databases_[path].lock();
  if (database == nullptr) {
    auto opened = sqlite::Database::open(path.empty() ? module.store.path : path, module.store.timeout, say_);
    if (!opened.ok()) return std::move(opened).error();
    database = std::move(opened).value();
    databases_[path] = database;
  }
  auto store = sqlite::SpaceStore::open(std::move(database), meter_of(module.name), module.store, module.shared_state);
  if (!store.ok()) return std::move(store).error();
  return std::shared_ptr<Store>(std::move(store).value());
}

std::shared_ptr<Meter> Stores::meter_of(const std::string& module) {
  const std::lock_guard lock(meters_mutex_);
  std::shared_ptr<Meter> meter = meters_[module].lock();
  if (meter == nullptr) {
    meter = std::make_shared<Meter>(module);
    meters_[module] = meter;
  }
  return meter;
}

std::vector<StoreCounters> Stores::counters() const {
  std::vector<StoreCounters> all;
  const std::lock_guard lock(meters_mutex_);
  for (const auto& [module, kept] : meters_) {
    if (const auto meter = kept.lock()) all.push_back(meter->counters());
  }
  return all;
}

}  // namespace wasm_grpc::store
