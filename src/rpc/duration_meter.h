// Counts how long things took.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "rpc/counter.h"
#include "rpc/duration_bounds.h"
#include "wasm_grpc/durations.h"

namespace wasm_grpc::rpc {

/// What several meters have counted together.
class DurationTotal {
 public:
  [[nodiscard]] Durations durations() const;

 private:
  friend class DurationMeter;
  std::array<std::array<std::uint64_t, DurationBounds::most_cells>, DurationBounds::octaves> cells_{};
  std::uint64_t below_ = 0;
  std::uint64_t above_ = 0;
  std::uint64_t nanoseconds_ = 0;
};

/// Counts on one thread, is read from any. Takes 40 bytes until something is recorded, then 256, and 144 for each
/// octave that something falls into.
class DurationMeter {
 public:
  DurationMeter() = default;
  ~DurationMeter();
  DurationMeter(const DurationMeter&) = delete;
  DurationMeter& operator=(const DurationMeter&) = delete;

  void record(std::chrono::nanoseconds time) noexcept {
    const std::uint64_t nanoseconds = time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 0;
    nanoseconds_ += nanoseconds;
    const DurationBounds::Place place = DurationBounds::find(nanoseconds);
    if (Counter* counter = find(place)) ++*counter;
  }
  /// Counts what another one has counted, which counts no more.
  void take_over(const DurationMeter& other) noexcept;
  void add_to(DurationTotal& total) const noexcept;
  [[nodiscard]] Durations durations() const;

 private:
  using Octave = std::array<Counter, DurationBounds::most_cells>;
  using Octaves = std::array<std::atomic<Octave*>, DurationBounds::octaves>;

  [[nodiscard]] Counter* find(DurationBounds::Place place) noexcept {
    if (place.octave < 0) return &below_;
    if (place.octave >= static_cast<int>(DurationBounds::octaves)) return &above_;
    if (Octaves* octaves = octaves_.load(std::memory_order_relaxed)) {
      if (Octave* octave = (*octaves)[static_cast<std::size_t>(place.octave)].load(std::memory_order_relaxed)) {
        return &(*octave)[place.cell];
      }
    }
    return make(place);
  }
  [[nodiscard]] Counter* make(DurationBounds::Place place) noexcept;

  // Made by the counting thread, when first needed, and kept.
  std::atomic<Octaves*> octaves_ = nullptr;
  Counter below_;
  Counter above_;  // also what there was no memory for
  Counter nanoseconds_;
};

}  // namespace wasm_grpc::rpc
