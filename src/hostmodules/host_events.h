// Events that host functions have for the guest of an instance, which come of what it began and did not wait for.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "wasm_grpc/completion.h"

namespace wasm_grpc::hostmodules {

/// One that the guest is to be told of.
struct HostEvent {
  std::int32_t number = 0;  // of what it began
  std::int32_t value = 0;
};

/// Those of one instance, which somebody tells it of one after the other. What a guest has begun has a number, and at
/// most one event at a time, so that there are never more of them than of that. Thread-safe.
class HostEvents {
 public:
  using Clock = std::chrono::steady_clock;

  // ---- For host functions, where the instance runs ----

  /// The number of something that begins, greater than 0. An event of the value `late` is due at `limit`, if there was
  /// none by then.
  [[nodiscard]] std::int32_t begin(Clock::time_point limit, std::int32_t late);
  /// No event follows of it.
  void end(std::int32_t number) noexcept;

  // ---- On any thread ----

  /// There is something to tell. Nothing happens for a number that has ended, or has an event that was not told yet.
  /// Whoever runs the instance is woken at once, or by `wakes`.
  void post(std::int32_t number, std::int32_t value, detail::ResultWakes* wakes = nullptr) noexcept;

  // ---- For whoever runs the instance ----

  /// `waker` is told, on any thread, when there is an event after there was none.
  void attach(std::shared_ptr<detail::ResultWaker> waker, std::uint64_t token);
  /// Nobody is told from here on.
  void detach() noexcept;
  [[nodiscard]] bool any() const noexcept;
  /// The next one, which is then told.
  [[nodiscard]] std::optional<HostEvent> take() noexcept;
  /// When expire() is to be called next.
  [[nodiscard]] Clock::time_point next_limit() const noexcept;
  /// Posts what is late.
  void expire(Clock::time_point now) noexcept;

 private:
  struct Entry {
    Clock::time_point limit;
    std::int32_t late = 0;
    bool queued = false;
  };
  void post_locked(std::int32_t number, std::int32_t value, detail::ResultWakes* wakes) noexcept;

  mutable std::mutex mutex_;
  std::map<std::int32_t, Entry> begun_;
  std::set<std::pair<Clock::time_point, std::int32_t>> limits_;
  std::deque<HostEvent> events_;
  std::int32_t last_ = 0;
  std::shared_ptr<detail::ResultWaker> waker_;
  std::uint64_t token_ = 0;
};

}  // namespace wasm_grpc::hostmodules
