// Named counters that many threads use.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::store {

/// Counters are made as they are asked for and never removed, so that their numbers stay good. Thread-safe; only
/// number_of() takes a lock.
class CounterTable {
 public:
  using Counter = std::atomic<std::uint64_t>;

  explicit CounterTable(std::uint32_t max_counters);

  /// The number of the counter of that name, which is made with the value 0; nothing when there are too many.
  [[nodiscard]] std::optional<std::uint32_t> number_of(std::string_view name);
  /// Null for a number that was never given.
  [[nodiscard]] Counter* find(std::uint32_t number) const noexcept {
    if (number >= count_.load(std::memory_order_acquire)) return nullptr;
    return &blocks_[number / block_size][number % block_size].value;
  }

 private:
  static constexpr std::uint32_t block_size = 256;
  /// On a cache line of its own: workers that use different ones do not disturb each other.
  struct alignas(64) Padded {
    Counter value = 0;
  };

  const std::uint32_t max_;
  std::mutex mutex_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::vector<std::unique_ptr<Padded[]>> blocks_;  // never resized; each is made before count_ covers it
  std::atomic<std::uint32_t> count_ = 0;
};

}  // namespace wasm_grpc::store
