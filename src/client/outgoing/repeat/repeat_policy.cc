#include "client/outgoing/repeat/repeat_policy.h"

namespace wasm_grpc::client {

RepeatPolicy::RepeatPolicy(const RetryOptions& options)
    : hedges(false),
      max_attempts(options.max_attempts),
      codes(options.codes),
      methods(options.methods),
      initial_backoff(options.initial_backoff),
      max_backoff(options.max_backoff),
      multiplier(options.multiplier),
      attempt_timeout(options.attempt_timeout) {}

RepeatPolicy::RepeatPolicy(const HedgingOptions& options)
    : hedges(true),
      max_attempts(options.max_attempts),
      codes(options.non_fatal_codes),
      methods(options.methods),
      delay(options.delay) {}

std::chrono::milliseconds RepeatPolicy::backoff(std::size_t attempts) const noexcept {
  std::chrono::milliseconds pause = initial_backoff;
  for (std::size_t i = 1; i < attempts && pause < max_backoff; ++i) pause *= multiplier;
  return std::min(pause, max_backoff);
}

}  // namespace wasm_grpc::client
