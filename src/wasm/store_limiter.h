// What one instance's memory and table may grow to, and what they take of a budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "wasm/memory_budget.h"

struct wasmtime_store;

namespace wasm_grpc::wasm {

/// What an instance may have. Of more than the engine's slots have it gets those (EngineOptions).
struct MemoryLimits {
  /// Bytes its memory may grow to.
  std::size_t max_memory_bytes = std::numeric_limits<std::size_t>::max();
  /// Elements its table may have.
  std::size_t max_table_elements = std::numeric_limits<std::size_t>::max();
  /// What it shares with others, which outlives it; nullptr for none.
  MemoryBudget* budget = nullptr;
};

/// What an element of a table takes.
inline constexpr std::size_t table_element_bytes = sizeof(void*);

/// Whom the engine asks, by engine/src/limiter.rs, which declares the same. A maximum is what the module declares.
struct LimiterCallbacks {
  void* env;
  bool (*memory_growing)(void* env, std::size_t current, std::size_t desired, std::size_t maximum);
  void (*memory_grow_failed)(void* env);
  bool (*table_growing)(void* env, std::size_t current, std::size_t desired, std::size_t maximum);
  void (*table_grow_failed)(void* env);
};

/// Of one store. Asked on the thread that runs it. Ends after the store, so that bytes are free when they count so.
class StoreLimiter {
 public:
  /// `room`: what it takes of the budget before it grows, for the start of its instance.
  StoreLimiter(const MemoryLimits& limits, MemoryReservation room);
  StoreLimiter(const StoreLimiter&) = delete;
  StoreLimiter& operator=(const StoreLimiter&) = delete;

  /// Has the store ask it.
  void install(wasmtime_store* store) noexcept;

  [[nodiscard]] const MemoryLimits& limits() const noexcept { return limits_; }
  /// Bytes of its memory and table.
  [[nodiscard]] std::size_t used() const noexcept { return memory_ + table_; }
  /// Bytes of its memory: as the engine says, where this is not in doubt. All that it has was asked for here.
  [[nodiscard]] std::size_t memory() const noexcept { return memory_; }
  /// True when the last growth was refused, or failed.
  [[nodiscard]] bool refused() const noexcept { return refused_; }
  void forget_refusal() noexcept { refused_ = false; }
  /// True when a growth failed that was allowed or was not asked for: which of the two is not told.
  [[nodiscard]] bool in_doubt() const noexcept { return in_doubt_; }
  /// How large the memory really is.
  void set_memory(std::size_t bytes) noexcept;
  /// Leaves so many of its bytes, or as many as it has, to another instance. Only when this one ends.
  [[nodiscard]] MemoryReservation leave(std::size_t bytes) noexcept { return reservation_.split(bytes); }

 private:
  [[nodiscard]] bool memory_growing(std::size_t current, std::size_t desired, std::size_t maximum) noexcept;
  [[nodiscard]] bool table_growing(std::size_t current, std::size_t desired, std::size_t maximum) noexcept;
  [[nodiscard]] bool reserve(std::size_t bytes) noexcept;

  MemoryLimits limits_;
  MemoryReservation reservation_;
  std::size_t least_;  // what it was made with, and may still need
  std::size_t memory_ = 0;
  std::size_t table_ = 0;
  bool refused_ = false;
  bool in_doubt_ = false;
  LimiterCallbacks callbacks_;
};

}  // namespace wasm_grpc::wasm
