// How long things took: a histogram that quantiles can be read from.
#pragma once

#include <cstdint>
#include <vector>

namespace wasm_grpc {

/// A snapshot, in seconds. Its bounds are the powers of 2^(1/16) from a microsecond to an hour, so that what lies in
/// one bucket differs by less than 4.5 %, and the bounds that go-grpc's and OpenTelemetry's histograms have.
struct Durations {
  /// How many took longer than `above` and at most `up_to`, which may be infinite.
  struct Bucket {
    double above = 0;
    double up_to = 0;
    std::uint64_t count = 0;
  };
  std::vector<Bucket> buckets;  // those that are not empty, the shortest first
  std::uint64_t count = 0;      // of all
  double sum = 0;

  /// The time that the part `q` of all (0.99: 99 in 100) took at most, right within 5 % from a microsecond on. 0 when
  /// there are none.
  [[nodiscard]] double quantile(double q) const noexcept;
  /// How many took at most so long; exact where that is a bound.
  [[nodiscard]] std::uint64_t count_up_to(double seconds) const noexcept;
  /// Counts those of another too.
  void add(const Durations& other);
  /// What was added to an earlier snapshot of the same since it was taken.
  [[nodiscard]] Durations since(const Durations& earlier) const;
};

}  // namespace wasm_grpc
