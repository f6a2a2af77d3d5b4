#include "runtime/instances/start_backoff.h"

#include <algorithm>

namespace wasm_grpc::runtime {

void StartBackoff::failed(Time now) noexcept {
  if (failing() && !trial_) return;
  trial_ = false;
  ++failures_;
  constexpr std::uint32_t doublings = 7;  // past the longest pause
  const auto pause = first_pause * (1 << std::min(failures_ - 1, doublings));
  const double jitter = std::uniform_real_distribution(0.75, 1.25)(random_);
  const auto jittered = std::chrono::duration_cast<std::chrono::milliseconds>(pause * jitter);
  until_ = now + std::min(jittered, longest_pause);
}

}  // namespace wasm_grpc::runtime
