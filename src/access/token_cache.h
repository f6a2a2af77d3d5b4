// Tokens that were found good, so that the next call that shows one costs no signature check.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "access/token_verifier.h"

namespace wasm_grpc::access {

/// Bounded: what was not asked for while as much as it holds was added makes way. Only good tokens get in, so nobody
/// fills it who has none. Belongs to one thread.
class TokenCache {
 public:
  /// Half of that is what it holds at least of what was asked for last.
  explicit TokenCache(std::size_t max_bytes = std::size_t{4} << 20) : half_(max_bytes / 2) {}

  /// The token of that text; nullptr where it is not there. It may have expired.
  [[nodiscard]] const std::shared_ptr<const VerifiedToken>* find(std::string_view text);
  void add(const std::shared_ptr<const VerifiedToken>& token);
  void clear() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return young_.size() + old_.size(); }

 private:
  // The texts are those of the tokens.
  using Tokens = std::unordered_map<std::string_view, std::shared_ptr<const VerifiedToken>>;

  const std::size_t half_;
  Tokens young_;
  Tokens old_;
  std::size_t young_bytes_ = 0;
};

}  // namespace wasm_grpc::access
