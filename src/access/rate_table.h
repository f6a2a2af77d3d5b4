// Token buckets for as many clients as there are, in memory that does not grow.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace wasm_grpc::access {

/// So many calls at once, and so many a second after that.
struct Rate {
  double per_second = 1;
  double burst = 1;
};

/// A table of buckets by hash, shared by all workers, without a lock: a bucket is the moment at which it will be full
/// again (as in GCRA, ITU-T I.371), and who takes of it moves that. One cache line has the four places where a bucket
/// may be.
///
/// A bucket that is full is as good as none, and makes way. Where all four are in use, who comes gets the one that is
/// nearest to full, and shares it from then on: so the table never lets more through than its size times the rate,
/// whatever keys clients make up; but then some have less than their own.
class RateTable {
 public:
  using Clock = std::chrono::steady_clock;

  /// For at least so many buckets.
  explicit RateTable(std::size_t buckets);

  /// Takes one of the bucket of that hash. Nothing when it was there; else when it will be.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> take(std::uint64_t hash, const Rate& rate,
                                                             Clock::time_point now) noexcept;
  /// The same, but takes nothing.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> look(std::uint64_t hash, const Rate& rate,
                                                             Clock::time_point now) noexcept;

  /// How many buckets it has.
  [[nodiscard]] std::size_t size() const noexcept { return (mask_ + 1) * ways; }

 private:
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t cache_line = 64;

  struct Bucket {
    std::atomic<std::uint64_t> hash = 0;    // 0: nobody's yet
    std::atomic<std::int64_t> full_at = 0;  // nanoseconds of the clock
  };
  struct alignas(cache_line) Set {
    Bucket buckets[ways];
  };

  [[nodiscard]] Bucket& bucket_of(std::uint64_t hash) noexcept;

  std::size_t mask_;
  std::unique_ptr<Set[]> sets_;
};

}  // namespace wasm_grpc::access
