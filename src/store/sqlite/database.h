// A file with the stores of one or several modules, and the threads that use it.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "store/health.h"
#include "store/meter.h"
#include "store/sqlite/job_queue.h"
#include "store/sqlite/writer.h"
#include "store/store.h"
#include "store/trouble.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/shared_state.h"
#include "wasm_grpc/store_options.h"

namespace wasm_grpc::store::sqlite {

/// One thread writes, two others read beside it. Thread-safe.
class Database {
 public:
  /// Makes the file where it is missing. Blocks. The error says what is wrong with it, and what to do.
  [[nodiscard]] static Result<std::shared_ptr<Database>> open(const std::string& path,
                                                              std::chrono::milliseconds patience, Say say);
  /// Finishes what was submitted and is still wanted.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Of changes: whether the file can be written.
  [[nodiscard]] Health& health() noexcept { return health_; }
  /// As Store::submit().
  void submit(Job job) noexcept;

 private:
  class Reader;

  explicit Database(std::string path);

  const std::string path_;
  Health health_;
  JobQueue writes_;
  JobQueue reads_;
  std::unique_ptr<Writer> writer_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::thread> threads_;
};

/// The store of one module in the file: the namespace of its name, which the meter has.
class SpaceStore final : public Store {
 public:
  [[nodiscard]] static Result<std::shared_ptr<SpaceStore>> open(std::shared_ptr<Database> database,
                                                                std::shared_ptr<Meter> meter,
                                                                const StoreOptions& options,
                                                                const SharedStateLimits& limits);
  SpaceStore(std::shared_ptr<Database> database, std::shared_ptr<Meter> meter, const Space& space,
             StoreDurability durability)
      : database_(std::move(database)),
        asker_(std::make_shared<const Asker>(Asker{space, durability, std::move(meter), watches()})) {}

  void submit(std::unique_ptr<Request> request) noexcept override;

 private:
  const std::shared_ptr<Database> database_;
  const std::shared_ptr<const Asker> asker_;
};

}  // namespace wasm_grpc::store::sqlite
