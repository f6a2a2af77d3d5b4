// How the calls of a target are made more than once (gRFC A6).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/rpc/status.h"
#include "wasm_grpc/target_options.h"

namespace wasm_grpc::client {

/// A set of statuses.
class StatusCodes {
 public:
  explicit StatusCodes(std::span<const rpc::StatusCode> codes) noexcept {
    for (const rpc::StatusCode code : codes) bits_ |= std::uint32_t{1} << static_cast<unsigned>(code);
  }
  [[nodiscard]] bool has(rpc::StatusCode code) const noexcept {
    return (bits_ >> static_cast<unsigned>(code) & 1) != 0;
  }

 private:
  std::uint32_t bits_ = 0;
};

/// For calls of some methods.
struct RepeatPolicy {
  explicit RepeatPolicy(const RetryOptions& options);
  explicit RepeatPolicy(const HedgingOptions& options);

  [[nodiscard]] bool is_for(std::string_view path) const noexcept {
    return max_attempts > 1 && (methods.empty() || std::ranges::any_of(methods, [&](const std::string& beginning) {
                                  return path.starts_with(beginning);
                                }));
  }
  /// The pause after so many attempts, before it varies.
  [[nodiscard]] std::chrono::milliseconds backoff(std::size_t attempts) const noexcept;

  bool hedges;
  std::size_t max_attempts;
  StatusCodes codes;  // that do not end a call
  std::vector<std::string> methods;
  std::chrono::milliseconds delay{0};  // between attempts that hedge
  std::chrono::milliseconds initial_backoff{0};
  std::chrono::milliseconds max_backoff{0};
  std::uint32_t multiplier = 1;
  std::chrono::milliseconds attempt_timeout{0};  // 0: none
};

/// Whether calls may be made again, by how those before went ("Throttling Retry Attempts and Hedged RPCs").
class RepeatThrottle {
 public:
  explicit RepeatThrottle(const RetryThrottlingOptions& options) noexcept
      : most_(options.max_tokens), ratio_(options.token_ratio), tokens_(most_) {}

  void failed() noexcept { tokens_ = std::max(0.0, tokens_ - 1); }
  void succeeded() noexcept { tokens_ = std::min(most_, tokens_ + ratio_); }
  [[nodiscard]] bool allows() const noexcept { return most_ == 0 || tokens_ > most_ / 2; }

 private:
  double most_;
  double ratio_;
  double tokens_;
};

}  // namespace wasm_grpc::client
