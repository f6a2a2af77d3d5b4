#include "observe/metrics/buckets.h"

#include "rpc/duration_bounds.h"

namespace wasm_grpc::observe {

namespace {

using rpc::DurationBounds;

std::vector<double> standard_bounds() {
  std::vector<double> bounds;
  for (const std::uint64_t named : DurationBounds::named_nanoseconds) {
    bounds.push_back(static_cast<double>(named) / 1e9);
  }
  return bounds;
}

// From 4 us to 64 s: what lies outside is told apart from it.
std::vector<double> fine_bounds() {
  constexpr double least = 1.0 / (1 << 18), most = 64;
  std::vector<double> bounds;
  for (std::size_t octave = 0; octave < DurationBounds::octaves; ++octave) {
    for (std::size_t cell = 0; cell < DurationBounds::most_cells; ++cell) {
      const double bound = DurationBounds::upper(octave, cell);
      if (bound >= least && bound <= most && (bounds.empty() || bound > bounds.back())) bounds.push_back(bound);
    }
  }
  return bounds;
}

}  // namespace

const std::vector<double>& bounds_of(MetricsBuckets buckets) {
  static const std::vector<double> standard = standard_bounds(), fine = fine_bounds();
  return buckets == MetricsBuckets::fine ? fine : standard;
}

std::vector<std::uint64_t> counts_up_to(const Durations& durations, const std::vector<double>& bounds) {
  std::vector<std::uint64_t> counts;
  counts.reserve(bounds.size());
  std::uint64_t up_to = 0;
  auto next = durations.buckets.begin();
  for (const double bound : bounds) {
    for (; next != durations.buckets.end() && next->up_to <= bound; ++next) up_to += next->count;
    counts.push_back(up_to);
  }
  return counts;
}

}  // namespace wasm_grpc::observe
