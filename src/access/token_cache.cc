#include "access/token_cache.h"

#include <utility>

namespace wasm_grpc::access {

namespace {

/// What a token takes, about: its text, its claims as text and as a tree.
std::size_t bytes_of(const VerifiedToken& token) { return 512 + 2 * token.text.size() + 8 * token.claims.size(); }

}  // namespace

const std::shared_ptr<const VerifiedToken>* TokenCache::find(std::string_view text) {
  if (const auto found = young_.find(text); found != young_.end()) return &found->second;
  const auto found = old_.find(text);
  if (found == old_.end()) return nullptr;
  const std::shared_ptr<const VerifiedToken> token = std::move(found->second);
  old_.erase(found);
  add(token);
  return &young_.find(token->text)->second;
}

void TokenCache::add(const std::shared_ptr<const VerifiedToken>& token) {
  const std::size_t bytes = bytes_of(*token);
  if (young_bytes_ + bytes > half_) {
    old_ = std::exchange(young_, {});
    young_bytes_ = 0;
  }
  if (young_.emplace(token->text, token).second) young_bytes_ += bytes;
}

void TokenCache::clear() noexcept {
  young_.clear();
  old_.clear();
  young_bytes_ = 0;
}

}  // namespace wasm_grpc::access
