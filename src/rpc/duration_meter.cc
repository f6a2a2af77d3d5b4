#include "rpc/duration_meter.h"

#include <cmath>
#include <limits>
#include <new>

namespace wasm_grpc::rpc {

DurationMeter::~DurationMeter() {
  Octaves* const octaves = octaves_.load(std::memory_order_relaxed);
  if (octaves == nullptr) return;
  for (const auto& octave : *octaves) delete octave.load(std::memory_order_relaxed);
  delete octaves;
}

// Readers find what a pointer points to as it was made, or later.
Counter* DurationMeter::make(DurationBounds::Place place) noexcept {
  Octaves* octaves = octaves_.load(std::memory_order_relaxed);
  if (octaves == nullptr) {
    octaves = new (std::nothrow) Octaves{};
    if (octaves == nullptr) return &above_;
    octaves_.store(octaves, std::memory_order_release);
  }
  auto* const octave = new (std::nothrow) Octave{};
  if (octave == nullptr) return &above_;
  (*octaves)[static_cast<std::size_t>(place.octave)].store(octave, std::memory_order_release);
  return &(*octave)[place.cell];
}

void DurationMeter::take_over(const DurationMeter& other) noexcept {
  below_ += other.below_;
  above_ += other.above_;
  nanoseconds_ += other.nanoseconds_;
  const Octaves* const octaves = other.octaves_.load(std::memory_order_acquire);
  if (octaves == nullptr) return;
  for (std::size_t i = 0; i < octaves->size(); ++i) {
    const Octave* const octave = (*octaves)[i].load(std::memory_order_acquire);
    if (octave == nullptr) continue;
    for (std::size_t cell = 0; cell < octave->size(); ++cell) {
      if ((*octave)[cell] > 0) *find({static_cast<int>(i), cell}) += (*octave)[cell];
    }
  }
}

void DurationMeter::add_to(DurationTotal& total) const noexcept {
  total.below_ += below_;
  total.above_ += above_;
  total.nanoseconds_ += nanoseconds_;
  const Octaves* const octaves = octaves_.load(std::memory_order_acquire);
  if (octaves == nullptr) return;
  for (std::size_t i = 0; i < octaves->size(); ++i) {
    const Octave* const octave = (*octaves)[i].load(std::memory_order_acquire);
    if (octave == nullptr) continue;
    for (std::size_t cell = 0; cell < octave->size(); ++cell) total.cells_[i][cell] += (*octave)[cell];
  }
}

Durations DurationMeter::durations() const {
  if (octaves_.load(std::memory_order_relaxed) == nullptr && below_ == 0 && above_ == 0) return {};
  DurationTotal total;
  add_to(total);
  return total.durations();
}

Durations DurationTotal::durations() const {
  Durations all;
  all.sum = static_cast<double>(nanoseconds_) / 1e9;
  double above = 0;
  const auto add = [&](double up_to, std::uint64_t count) {
    if (count > 0) all.buckets.push_back({above, up_to, count});
    all.count += count;
    above = up_to;
  };
  add(std::ldexp(1.0, DurationBounds::first_octave), below_);
  for (std::size_t octave = 0; octave < cells_.size(); ++octave) {
    for (std::size_t cell = 0; cell < cells_[octave].size(); ++cell) {
      add(DurationBounds::upper(octave, cell), cells_[octave][cell]);
    }
  }
  add(std::numeric_limits<double>::infinity(), above_);
  return all;
}

}  // namespace wasm_grpc::rpc
