// How large windows have to be: what is on its way from a client within a round trip.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "wasm_grpc/rpc/request.h"

namespace wasm_grpc::http2 {

/// What the windows of all streams may have together beyond what each begins with. Thread-safe.
class WindowBudget {
 public:
  explicit WindowBudget(std::size_t bytes) noexcept : free_(bytes) {}

  /// Takes as much of it as there is.
  [[nodiscard]] std::size_t take(std::size_t wanted) noexcept {
    std::size_t free = free_.load(std::memory_order_relaxed);
    while (free > 0) {
      const std::size_t taken = wanted < free ? wanted : free;
      if (free_.compare_exchange_weak(free, free - taken, std::memory_order_relaxed)) return taken;
    }
    return 0;
  }
  void give_back(std::size_t bytes) noexcept { free_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> free_;
};

/// Finds out what a connection carries: counts the bytes that come between a PING and its answer. As grpc-go does it
/// (internal/transport/bdp_estimator.go), but that it begins only when a stream has used half of its window, so that
/// short calls cost no PINGs. Belongs to a session.
class BandwidthMeter {
 public:
  /// What the PINGs carry.
  static constexpr std::array<std::uint8_t, 8> payload = {'b', 'a', 'n', 'd', 'w', 'i', 'd', 't'};

  /// Windows are `least` bytes at first, and `most` at most.
  BandwidthMeter(std::size_t least, std::size_t most) noexcept : window_(least), most_(most) {}

  /// True when a PING is to be sent now, from which on is measured. `bytes` have come just before, of what the client
  /// was allowed to send at once.
  [[nodiscard]] bool begin(rpc::Clock::time_point now, std::size_t bytes) noexcept;
  void received(std::size_t bytes) noexcept {
    if (measuring_) bytes_ += bytes;
  }
  /// The PING was answered.
  void answered(rpc::Clock::time_point now) noexcept;
  /// What a stream needs not to wait for windows, as far as is known.
  [[nodiscard]] std::size_t window() const noexcept { return window_; }

 private:
  std::size_t window_;
  const std::size_t most_;
  bool measuring_ = false;
  std::size_t bytes_ = 0;  // since the PING, and just before
  rpc::Clock::time_point sent_;
  std::uint64_t samples_ = 0;
  double round_trip_ = 0;  // seconds, smoothed
  double most_per_second_ = 0;
};

}  // namespace wasm_grpc::http2
