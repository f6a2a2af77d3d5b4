#include "access/rate_table.h"

#include <algorithm>
#include <bit>

namespace wasm_grpc::access {

namespace {

constexpr double nanoseconds_a_second = 1e9;
// A bucket is full again within a day, so that nothing overflows.
constexpr double longest = 86'400 * nanoseconds_a_second;

std::int64_t nanoseconds(RateTable::Clock::time_point time) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

std::int64_t cost_of(const Rate& rate) noexcept {
  return static_cast<std::int64_t>(std::clamp(nanoseconds_a_second / rate.per_second, 1.0, longest));
}

std::int64_t room_of(const Rate& rate) noexcept {
  return static_cast<std::int64_t>(std::clamp(rate.burst * nanoseconds_a_second / rate.per_second, 1.0, longest));
}

}  // namespace

RateTable::RateTable(std::size_t buckets)
    : mask_(std::bit_ceil(std::max<std::size_t>((buckets + ways - 1) / ways, 1)) - 1),
      sets_(std::make_unique<Set[]>(mask_ + 1)) {}

// Two threads may bring the same key at once, and it then has two buckets, or take one place for two: each lasts until
// the next refill, and lets a burst through at most.
RateTable::Bucket& RateTable::bucket_of(std::uint64_t hash) noexcept {
  hash = std::max<std::uint64_t>(hash, 1);
  Set& set = sets_[(hash >> 32U) & mask_];
  for (Bucket& bucket : set.buckets) {
    if (bucket.hash.load(std::memory_order_relaxed) == hash) return bucket;
  }
  Bucket* emptiest = &set.buckets[0];
  for (Bucket& bucket : set.buckets) {
    if (bucket.full_at.load(std::memory_order_relaxed) < emptiest->full_at.load(std::memory_order_relaxed)) {
      emptiest = &bucket;
    }
  }
  emptiest->hash.store(hash, std::memory_order_relaxed);
  return *emptiest;
}

std::optional<std::chrono::nanoseconds> RateTable::take(std::uint64_t hash, const Rate& rate,
                                                        Clock::time_point time) noexcept {
  const std::int64_t now = nanoseconds(time);
  const std::int64_t cost = cost_of(rate);
  const std::int64_t room = std::max(room_of(rate), cost);
  Bucket& bucket = bucket_of(hash);
  std::int64_t full_at = bucket.full_at.load(std::memory_order_relaxed);
  std::int64_t then = 0;
  do {
    then = std::max(full_at, now) + cost;
    if (then - now > room) return std::chrono::nanoseconds(then - now - room);
  } while (!bucket.full_at.compare_exchange_weak(full_at, then, std::memory_order_relaxed));
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> RateTable::look(std::uint64_t hash, const Rate& rate,
                                                        Clock::time_point time) noexcept {
  hash = std::max<std::uint64_t>(hash, 1);
  const std::int64_t now = nanoseconds(time);
  const std::int64_t cost = cost_of(rate);
  const std::int64_t room = std::max(room_of(rate), cost);
  for (const Bucket& bucket : sets_[(hash >> 32U) & mask_].buckets) {
    if (bucket.hash.load(std::memory_order_relaxed) != hash) continue;
    const std::int64_t then = std::max(bucket.full_at.load(std::memory_order_relaxed), now) + cost;
    if (then - now > room) return std::chrono::nanoseconds(then - now - room);
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace wasm_grpc::access
