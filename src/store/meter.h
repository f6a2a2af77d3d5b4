// Counts what a module asks of its store, and how fast it may.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "rpc/counter.h"
#include "rpc/duration_meter.h"
#include "store/operation.h"
#include "store/pace.h"
#include "wasm_grpc/store_counters.h"

namespace wasm_grpc::store {

/// Each thread of the store counts in a place of its own; any thread reads.
class Meter {
 public:
  static constexpr std::size_t threads = 3;

  /// `max_rate`: StoreOptions::max_rate.
  explicit Meter(std::string module, std::uint32_t max_rate = 0) : module_(std::move(module)), pace_(max_rate) {}

  /// Whether the module may ask this now; what it may not is counted as refused. On any thread.
  [[nodiscard]] bool admit(const Operation& operation) noexcept {
    if (!pace_.limits() || pace_.take(count_of(operation), Pace::Clock::now())) return true;
    refuse();
    return false;
  }

  /// On the thread of that number.
  void count(std::size_t thread, const Operation& operation, const Answer& answer,
             std::chrono::nanoseconds time) noexcept;
  void give_up(std::size_t thread) noexcept { ++places_[thread].given_up; }
  /// On any thread.
  void refuse() noexcept { refused_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] const std::string& module() const noexcept { return module_; }
  [[nodiscard]] StoreCounters counters() const;

 private:
  struct alignas(64) Place {
    rpc::Counter gets, sets, removes, counter_operations, failed, given_up, read, written;
    rpc::DurationMeter times;
  };

  const std::string module_;
  Pace pace_;
  std::array<Place, threads> places_;
  std::atomic<std::uint64_t> refused_ = 0;
};

}  // namespace wasm_grpc::store
