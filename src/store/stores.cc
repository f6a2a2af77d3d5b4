#include "store/stores.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "client/outgoing/target_address.h"
#include "client/outgoing/targets.h"
#include "store/redis/link.h"
#include "store/sqlite/database.h"
#include "store/sqlite/file.h"

namespace wasm_grpc::store {

namespace {

constexpr std::size_t max_prefix_bytes = 64;
constexpr std::size_t max_addresses = 16;

Result<> check_login(const RedisOptions& redis) {
  constexpr std::array<std::string_view, 4> names = {"user", "password", "sentinel-user", "sentinel-password"};
  const auto given = [&](std::string_view name) {
    return std::ranges::any_of(redis.login, [&](const auto& one) { return one.first == name && !one.second.empty(); });
  };
  for (const auto& [name, value] : redis.login) {
    if (std::ranges::find(names, name) == names.end()) {
      return Error{"the store's login has \"" + name +
                   "\"; expected user, password, sentinel-user or sentinel-password"};
    }
  }
  for (const std::string whose : {"", "sentinel-"}) {
    if (given(whose + "user") && !given(whose + "password")) {
      return Error{"the store's login has a " + whose + "user without a " + whose + "password"};
    }
  }
  if (redis.sentinel.empty() && given("sentinel-password")) {
    return Error{"the store's login has a password for sentinels, but no master's name says that there are any"};
  }
  return success();
}

Result<> check_redis(const RedisOptions& redis) {
  if (redis.addresses.empty() || redis.addresses.size() > max_addresses) {
    return Error{"the store is to be kept by Redis, but has " + std::to_string(redis.addresses.size()) +
                 " addresses; expected 1 to " + std::to_string(max_addresses)};
  }
  for (const std::string& text : redis.addresses) {
    const auto address = client::parse_target_address(text);
    if (!address.ok()) return Error{"the store: " + address.error().message};
  }
  const bool fits = std::ranges::all_of(redis.prefix, [](char c) { return c > ' ' && c < '\x7f' && c != ':'; });
  if (redis.prefix.empty() || redis.prefix.size() > max_prefix_bytes || !fits) {
    return Error{"the prefix of the store's keys has a character that none may have, or not 1 to " +
                 std::to_string(max_prefix_bytes) + "; expected letters, digits and such, without colons and spaces"};
  }
  if (auto sound = check_login(redis); !sound.ok()) return sound;
  if (!client::has_tls(redis.tls)) {
    if (!redis.tls_name.empty()) return Error{"the store has a name for certificates, but TLS is not to be spoken"};
    return success();
  }
  const auto files = client::check_tls(redis.tls);
  return files.ok() ? success() : Result<>(Error{"the store: " + files.error().message});
}

/// Of a file, by which path soever.
std::string known_path(const StoreOptions& options) {
  std::error_code error;
  std::string path = std::filesystem::weakly_canonical(options.path, error).string();
  return path.empty() ? options.path : path;
}

/// What only a server has, where there is none.
bool says_redis(const RedisOptions& redis) { return redis != RedisOptions(); }

}  // namespace

Result<> check(const StoreOptions& options) {
  if (options.timeout < std::chrono::milliseconds(1)) {
    return Error{"the timeout of the store is " + std::to_string(options.timeout.count()) +
                 " ms; expected at least 1, as every operation would be given up"};
  }
  if (options.max_waiting < 1) return Error{"no operation may wait for the store; expected at least 1"};
  if (options.backend == StoreBackend::memory && (options.max_rate != 0 || options.health)) {
    return Error{std::string("the store has ") + (options.health ? "health" : "a rate") +
                 ", but is kept in memory, which always answers at once; choose another backend, or leave it out"};
  }
  const bool in_file = options.backend == StoreBackend::sqlite;
  if (in_file && options.path.empty()) {
    return Error{"the store is to be kept by SQLite, but no path says in which file; give it one"};
  }
  if (!in_file && !options.path.empty()) {
    return Error{"the store has a path, " + options.path + ", but is kept " +
                 (options.backend == StoreBackend::redis ? "by Redis" : "in memory") +
                 "; choose the backend sqlite, or leave the path out"};
  }
  if (options.backend == StoreBackend::redis) return check_redis(options.redis);
  if (says_redis(options.redis)) {
    return Error{std::string("the store has settings of Redis, but is kept ") + (in_file ? "in a file" : "in memory") +
                 "; choose the backend redis, or leave them out"};
  }
  return success();
}

Result<> look_at(const StoreOptions& options) {
  if (auto sound = check(options); !sound.ok()) return sound;
  return options.backend == StoreBackend::sqlite ? sqlite::look_at_file(options.path) : success();
}

void leave_memory_uncounted() noexcept {
  static_cast<void>(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0));  // else it is as it was
}

Result<std::shared_ptr<Store>> Stores::open(const ModuleOptions& module) {
  if (auto sound = check(module.store); !sound.ok()) return std::move(sound).error();
  return module.store.backend == StoreBackend::redis ? open_redis(module) : open_sqlite(module);
}

Result<std::shared_ptr<Store>> Stores::open_sqlite(const ModuleOptions& module) {
  const std::string path = known_path(module.store);
  const std::lock_guard lock(mutex_);
  std::shared_ptr<sqlite::Database> database = databases_[path].lock();
  if (database == nullptr) {
    auto opened = sqlite::Database::open(path, module.store.timeout, say_);
    if (!opened.ok()) return std::move(opened).error();
    database = std::move(opened).value();
    databases_[path] = database;
  }
  auto store = sqlite::SpaceStore::open(std::move(database), meter_of(module), module.store, module.shared_state);
  if (!store.ok()) return std::move(store).error();
  return std::shared_ptr<Store>(std::move(store).value());
}

Result<std::shared_ptr<Store>> Stores::open_redis(const ModuleOptions& module) {
  const std::lock_guard lock(mutex_);
  std::erase_if(links_, [](const auto& one) { return one.expired(); });
  std::shared_ptr<redis::Link> link = find_link(module);
  if (link == nullptr) {
    auto opened = redis::Link::open(module.store, module.shared_state.max_kv_value, say_);
    if (!opened.ok()) return std::move(opened).error();
    link = std::move(opened).value();
    links_.push_back(link);
  }
  return std::shared_ptr<Store>(
      std::make_shared<redis::SpaceStore>(std::move(link), meter_of(module), module.shared_state));
}

std::shared_ptr<redis::Link> Stores::find_link(const ModuleOptions& module) {
  std::shared_ptr<redis::Link> link;
  for (const auto& one : links_) {
    auto other = one.lock();
    if (other == nullptr || other->options() != module.store) continue;
    if (other->max_value() >= module.shared_state.max_kv_value) link = std::move(other);
  }
  return link;
}

void Stores::watch_health(const ModuleOptions& module, const std::weak_ptr<const void>& owner,
                          const Health::Told& told) {
  const std::lock_guard lock(mutex_);
  if (module.store.backend == StoreBackend::sqlite) {
    const auto known = databases_.find(known_path(module.store));
    const auto database = known == databases_.end() ? nullptr : known->second.lock();
    if (database != nullptr) database->health().watch(owner, told);
  } else if (module.store.backend == StoreBackend::redis) {
    if (const auto link = find_link(module)) link->health().watch(owner, told);
  }
}

std::shared_ptr<Meter> Stores::meter_of(const ModuleOptions& module) {
  const std::lock_guard lock(meters_mutex_);
  std::shared_ptr<Meter> meter = meters_[module.name].lock();
  if (meter == nullptr) {
    meter = std::make_shared<Meter>(module.name, module.store.max_rate);
    meters_[module.name] = meter;
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
