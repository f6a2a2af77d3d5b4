// How many calls each client may begin.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/keyed_hash.h"
#include "access/pattern.h"
#include "access/principals.h"
#include "access/rate_table.h"
#include "wasm_grpc/access_options.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/request.h"

namespace wasm_grpc::access {

/// The limits of ServerOptions::access, and how much each client has left. Shared by the gates of all workers; any
/// thread may ask.
class RateLimits {
 public:
  /// The error names the limit.
  [[nodiscard]] static Result<std::shared_ptr<RateLimits>> make(const std::vector<RateLimit>& limits);

  /// When limits are looked at.
  enum class When { before_identity, after_identity };

  /// Takes a call of each limit that it falls under and that is looked at then; those by identity come after it is
  /// known. Nothing when it may begin; else the time until it may, by the first limit that says no: what others gave
  /// before is not given back.
  [[nodiscard]] std::optional<std::chrono::milliseconds> take(When when, const rpc::Request& request,
                                                              std::string_view path, const Identity& identity) noexcept;

 private:
  struct Limit {
    RateKey per;
    std::string header;
    Rate rate;
    std::vector<Pattern> paths;  // empty: all
    std::unique_ptr<RateTable> table;
  };

  explicit RateLimits(KeyedHash hash) : hash_(hash) {}
  [[nodiscard]] std::uint64_t key_of(const Limit& limit, const rpc::Request& request,
                                     const Identity& identity) const noexcept;
  [[nodiscard]] std::uint64_t key_of(const Identity& identity, const rpc::Request& request) const noexcept;

  KeyedHash hash_;
  std::vector<Limit> limits_;
};

}  // namespace wasm_grpc::access
