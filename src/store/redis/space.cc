#include "store/redis/space.h"

#include <utility>

namespace wasm_grpc::store::redis {

namespace {

/// A name without the separator, so that no two modules share a key.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == separator) {
      text += "%3A";
    } else if (c == '%') {
      text += "%25";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

Space::Space(std::string_view prefix, std::shared_ptr<Meter> its_meter, std::shared_ptr<const Watches> watches,
             const SharedStateLimits& limits, std::size_t max_waiting)
    : base_(std::string(prefix) + separator + escaped(its_meter->module()) + separator),
      pairs_(base_ + "pair" + separator),
      meter_(std::move(its_meter)),
      watches_(std::move(watches)),
      limits_(limits),
      max_waiting_(max_waiting) {}

bool Space::enter(std::size_t bytes) noexcept {
  const bool fits = jobs_.fetch_add(1, std::memory_order_relaxed) < max_waiting_;
  if (bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= max_job_bytes && fits) return true;
  leave(bytes);
  return false;
}

void Space::leave(std::size_t bytes) noexcept {
  jobs_.fetch_sub(1, std::memory_order_relaxed);
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

std::int64_t Space::number_of(const std::string& counter) {
  const auto [known, added] = numbers_.emplace(counter, static_cast<std::int64_t>(names_.size()));
  if (added) names_.push_back(&known->first);
  return known->second;
}

const std::string* Space::name_of(std::int64_t counter) const noexcept {
  if (counter < 0 || static_cast<std::size_t>(counter) >= names_.size()) return nullptr;
  return names_[static_cast<std::size_t>(counter)];
}

}  // namespace wasm_grpc::store::redis
