// A number that one thread counts and any thread reads.
#pragma once

#include <atomic>
#include <cstdint>

namespace wasm_grpc::rpc {

/// Counted by its worker's thread only, by a plain load and store: no locked instruction, no fence. Readers on other
/// threads see a value that was right a moment ago; several counters read one after the other need not agree.
class Counter {
 public:
  Counter() = default;
  Counter(const Counter& other) noexcept : value_(other.get()) {}
  Counter& operator=(const Counter& other) noexcept {
    set(other.get());
    return *this;
  }

  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
  operator std::uint64_t() const noexcept { return get(); }

  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  Counter& operator+=(std::uint64_t count) noexcept {
    set(get() + count);
    return *this;
  }
  Counter& operator++() noexcept { return *this += 1; }
  Counter& operator--() noexcept {
    set(get() - 1);
    return *this;
  }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace wasm_grpc::rpc
