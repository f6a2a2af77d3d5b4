#include "client/outgoing/outlier_ejection.h"

#include <algorithm>
#include <chrono>

#include "rpc/timer_queue.h"

namespace wasm_grpc::client {

namespace {

bool is_failure(rpc::StatusCode code) noexcept {
  switch (code) {
    case rpc::StatusCode::unavailable:
    case rpc::StatusCode::internal:
    case rpc::StatusCode::unknown:
    case rpc::StatusCode::data_loss:
    case rpc::StatusCode::deadline_exceeded:
      return true;
    default:
      return false;
  }
}

}  // namespace

void AddressHealth::note(rpc::StatusCode code) noexcept {
  if (is_failure(code)) return judge_.failed(*this);
  failures_ = 0;
  times_ = 0;
}

std::shared_ptr<AddressHealth> OutlierEjection::begin() {
  return enabled() ? std::make_shared<AddressHealth>(*this) : nullptr;
}

void OutlierEjection::failed(AddressHealth& address) noexcept {
  const auto now = rpc::Clock::now();
  if (address.is_out(now) || ++address.failures_ < options_.consecutive_failures) return;
  const auto out =
      static_cast<std::size_t>(std::ranges::count_if(all_, [&](const auto& other) { return other->is_out(now); }));
  const bool is_allowed = (out + 1) * 100 <= all_.size() * options_.max_percent && out + 1 < all_.size();
  if (!is_allowed || std::ranges::none_of(all_, [&](const auto& other) { return other.get() == &address; })) return;
  ++address.times_;
  const auto time = std::min(options_.max_time, options_.base_time * address.times_);
  address.out_until_ = rpc::later(now, time);
  if (told_) {
    told_("an address is left out for " + std::to_string(time.count()) + " ms after " +
          std::to_string(address.failures_) + " failures in a row");
  }
  address.failures_ = 0;
}

}  // namespace wasm_grpc::client
