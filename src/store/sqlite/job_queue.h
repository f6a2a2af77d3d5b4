// Requests that wait for a thread of a database.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "store/meter.h"
#include "store/sqlite/tables.h"
#include "store/store.h"
#include "wasm_grpc/store_options.h"

namespace wasm_grpc::store::sqlite {

/// Whose requests are. The same while there are any.
struct Asker {
  Space space;
  StoreDurability durability = StoreDurability::full;
  std::shared_ptr<Meter> meter;
  std::shared_ptr<const Watches> watches;  // nullptr: nobody watches
};

/// A request, and whose it is.
struct Job {
  std::shared_ptr<const Asker> asker;
  std::unique_ptr<Request> request;
  std::chrono::steady_clock::time_point since{};
  std::size_t bytes = 0;  // about what it takes while it waits: the queue's

  /// Answers it, and counts it on the thread of that number. Returns how long it took.
  std::chrono::nanoseconds finish(std::size_t thread, Answer answer, std::chrono::steady_clock::time_point now,
                                  Wakes& wakes) const;
};

/// Takes out those that nobody waits for, on the thread of that number.
void drop_unwanted(std::vector<Job>& jobs, std::size_t thread);

/// First in, first out. Thread-safe.
class JobQueue {
 public:
  /// Of one space, as is Space::max_waiting, so that a module that asks for much leaves room to others that share its
  /// file.
  static constexpr std::size_t max_bytes = std::size_t{64} << 20;

  /// False, and the job stays as it was, when there are too many of its space, or it is closed.
  [[nodiscard]] bool push(Job& job);
  /// Waits for jobs, and takes up to `most`, of about `most_bytes` together. None when none comes within `patience`, or
  /// it is closed and empty.
  [[nodiscard]] std::vector<Job> take(std::size_t most, std::size_t most_bytes, std::chrono::milliseconds patience);
  /// No more are taken on; those that wait are still handed out.
  void close();
  [[nodiscard]] bool closed() const;

 private:
  struct Load {
    std::size_t jobs = 0;
    std::size_t bytes = 0;
  };
  void call_one() noexcept;

  mutable std::mutex mutex_;
  std::condition_variable not_empty_;
  std::deque<Job> jobs_;
  std::map<std::int64_t, Load> loads_;  // by space
  std::size_t waiting_ = 0;             // threads
  bool called_ = false;                 // one of them, which has not looked yet: it takes what comes meanwhile too
  bool closed_ = false;
};

}  // namespace wasm_grpc::store::sqlite
