#include "http2/session/bandwidth.h"

#include <algorithm>
#include <chrono>

namespace wasm_grpc::http2 {

namespace {

// Of grpc-go: samples before the average is a moving one, the weight of a new one then, how much of the window must
// have come for it to be too small, how much larger it becomes, and what a round trip is reckoned longer than measured.
constexpr std::uint64_t first_samples = 10;
constexpr double weight = 0.9;
constexpr double used_up = 0.66;
constexpr std::size_t growth = 2;
constexpr double caution = 1.5;

}  // namespace

bool BandwidthMeter::begin(rpc::Clock::time_point now, std::size_t bytes) noexcept {
  if (measuring_ || window_ >= most_) return false;
  measuring_ = true;
  bytes_ = bytes;
  sent_ = now;
  return true;
}

void BandwidthMeter::answered(rpc::Clock::time_point now) noexcept {
  if (!measuring_) return;
  measuring_ = false;
  const double took = std::max(std::chrono::duration<double>(now - sent_).count(), 1e-6);
  ++samples_;
  round_trip_ +=
      samples_ < first_samples ? (took - round_trip_) / static_cast<double>(samples_) : (took - round_trip_) * weight;
  const double per_second = static_cast<double>(bytes_) / (round_trip_ * caution);
  if (per_second <= most_per_second_) return;
  most_per_second_ = per_second;
  if (static_cast<double>(bytes_) < used_up * static_cast<double>(window_)) return;
  window_ = std::min(std::max(window_, growth * bytes_), most_);
}

}  // namespace wasm_grpc::http2
