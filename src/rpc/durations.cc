#include "wasm_grpc/durations.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace wasm_grpc {

// Between the bounds of the bucket in which it lies, which are close.
double Durations::quantile(double q) const noexcept {
  if (count == 0) return 0;
  const double rank = std::clamp(q, 0.0, 1.0) * static_cast<double>(count);
  double before = 0;
  for (const Bucket& bucket : buckets) {
    const auto here = static_cast<double>(bucket.count);
    if (before + here >= rank) {
      if (std::isinf(bucket.up_to)) return bucket.above;
      return bucket.above + (bucket.up_to - bucket.above) * std::clamp((rank - before) / here, 0.0, 1.0);
    }
    before += here;
  }
  return buckets.back().up_to;
}

std::uint64_t Durations::count_up_to(double seconds) const noexcept {
  std::uint64_t up_to = 0;
  for (const Bucket& bucket : buckets) {
    if (bucket.up_to > seconds) break;
    up_to += bucket.count;
  }
  return up_to;
}

void Durations::add(const Durations& other) {
  std::vector<Bucket> merged;
  merged.reserve(buckets.size() + other.buckets.size());
  auto own = buckets.begin();
  for (const Bucket& bucket : other.buckets) {
    while (own != buckets.end() && own->up_to < bucket.up_to) merged.push_back(*own++);
    merged.push_back(bucket);
    if (own != buckets.end() && own->up_to == bucket.up_to) merged.back().count += (own++)->count;
  }
  merged.insert(merged.end(), own, buckets.end());
  buckets = std::move(merged);
  count += other.count;
  sum += other.sum;
}

Durations Durations::since(const Durations& earlier) const {
  Durations added;
  added.sum = std::max(0.0, sum - earlier.sum);
  auto old = earlier.buckets.begin();
  for (const Bucket& bucket : buckets) {
    while (old != earlier.buckets.end() && old->up_to < bucket.up_to) ++old;
    const bool same = old != earlier.buckets.end() && old->up_to == bucket.up_to;
    const std::uint64_t more = bucket.count - std::min(bucket.count, same ? old->count : 0);
    if (more == 0) continue;
    added.buckets.push_back({bucket.above, bucket.up_to, more});
    added.count += more;
  }
  return added;
}

}  // namespace wasm_grpc
