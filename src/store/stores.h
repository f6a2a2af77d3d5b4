// Where the modules of a server find their stores.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "store/health.h"
#include "store/meter.h"
#include "store/store.h"
#include "store/trouble.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/store_counters.h"

namespace wasm_grpc::store {

namespace sqlite {
class Database;
}
namespace redis {
class Link;
}

/// Whether options of a store make sense; the error says what does not, and what was expected.
[[nodiscard]] Result<> check(const StoreOptions& options);

/// The same, and whether a file that is there can be a store, as far as can be told without a change to anything. A
/// server is not asked.
[[nodiscard]] Result<> look_at(const StoreOptions& options);

/// For a program in which nobody else uses SQLite, before anything else of this folder: it does not count the memory
/// that it takes, which nobody reads and costs a lock for each piece of it.
void leave_memory_uncounted() noexcept;

/// Of a server. Thread-safe.
class Stores {
 public:
  explicit Stores(Say say) : say_(std::move(say)) {}

  /// The store of a module that is not kept in memory. Stores of the same file or server share its threads. Blocks.
  [[nodiscard]] Result<std::shared_ptr<Store>> open(const ModuleOptions& module);
  /// Whether the module's store works, where it is open: `told` is called now, and at each change for as long as
  /// `owner` lives. As Health::watch().
  void watch_health(const ModuleOptions& module, const std::weak_ptr<const void>& owner, const Health::Told& told);
  /// Of the stores that are open, by the names of their modules.
  [[nodiscard]] std::vector<StoreCounters> counters() const;

 private:
  /// One for each module, which may open its store more than once.
  [[nodiscard]] std::shared_ptr<Meter> meter_of(const ModuleOptions& module);

  // With mutex_; nullptr where it is not open.
  [[nodiscard]] std::shared_ptr<redis::Link> find_link(const ModuleOptions& module);

  [[nodiscard]] Result<std::shared_ptr<Store>> open_sqlite(const ModuleOptions& module);
  [[nodiscard]] Result<std::shared_ptr<Store>> open_redis(const ModuleOptions& module);

  const Say say_;
  std::mutex mutex_;                                                  // held while a file is opened
  std::map<std::string, std::weak_ptr<sqlite::Database>> databases_;  // by path
  std::vector<std::weak_ptr<redis::Link>> links_;
  mutable std::mutex meters_mutex_;
  std::map<std::string, std::weak_ptr<Meter>> meters_;
};

}  // namespace wasm_grpc::store
