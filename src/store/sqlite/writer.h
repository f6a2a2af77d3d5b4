// Does what changes a file, many changes in one transaction.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "store/health.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/job_queue.h"
#include "store/sqlite/tables.h"
#include "store/trouble.h"
#include "wasm_grpc/store_options.h"

namespace wasm_grpc::store::sqlite {

/// The number of its thread, for Meter.
inline constexpr std::size_t writer_thread = 0;

/// What has come while one transaction was being written to disk is the next (group commit): so a disk that takes 5 ms
/// to sync serves hundreds of changes in that time. Made on one thread, then run on another.
class Writer {
 public:
  /// Throws Failure. `health` outlives it.
  Writer(const std::string& path, Health& health, Say say);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Until the queue is closed and empty.
  void run(JobQueue& queue);

 private:
  /// Does all of them in one transaction and answers them. False when that failed and each might yet succeed alone.
  [[nodiscard]] bool commit(std::span<Job> jobs);
  void commit();
  void answer(std::span<const Job> jobs, std::span<Answer> answers);
  /// Begins the transaction, as soon as no other process writes. Throws Failure when nobody wants to wait longer.
  void begin(std::span<const Job> jobs);
  void set_durability(std::span<const Job> jobs);
  /// Makes pairs go whose time has passed, and gives their pages back. True when there is more of that.
  [[nodiscard]] bool tidy();
  void checkpoint();
  /// While the file cannot be written, for who wants to know when it can: nobody else may ask for a change.
  void try_again();

  const Connection connection_;
  Transaction transaction_;
  Writing writing_;
  Trouble trouble_;
  Health& health_;
  StoreDurability durability_ = StoreDurability::full;
  std::map<std::int64_t, Space> spaces_;  // that were written to
  int log_pages_ = 0;                     // of the log beside the file
};

}  // namespace wasm_grpc::store::sqlite
