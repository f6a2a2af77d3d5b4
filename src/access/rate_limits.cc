#include "access/rate_limits.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <utility>

#include "wasm_grpc/rpc/metadata.h"

namespace wasm_grpc::access {

namespace {

constexpr std::size_t max_limits = 100;
constexpr std::size_t most_buckets = std::size_t{1} << 24;
constexpr double least_rate = 1.0 / 3600;
constexpr double most_rate = 1e9;

std::uint64_t random_key(std::random_device& source) { return static_cast<std::uint64_t>(source()) << 32U | source(); }

}  // namespace

Result<std::shared_ptr<RateLimits>> RateLimits::make(const std::vector<RateLimit>& limits) {
  if (limits.size() > max_limits) {
    return Error{"there are " + std::to_string(limits.size()) + " rate limits; expected at most " +
                 std::to_string(max_limits)};
  }
  std::random_device source;
  std::shared_ptr<RateLimits> made(new RateLimits(KeyedHash(random_key(source), random_key(source))));
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const RateLimit& limit = limits[i];
    const auto wrong = [&](const std::string& why) {
      return Error{"rate limit " + std::to_string(i + 1) + ": " + why};
    };
    if (!(limit.calls_per_second >= least_rate && limit.calls_per_second <= most_rate)) {
      return wrong("expected from one call an hour to 1,000,000,000 a second");
    }
    if (!(limit.burst >= 1 && limit.burst <= most_rate)) return wrong("burst: expected 1 to 1,000,000,000 calls");
    if (limit.max_clients < 1 || limit.max_clients > most_buckets) {
      return wrong("expected room for 1 to " + std::to_string(most_buckets) + " clients");
    }
    if ((limit.per == RateKey::header) != !limit.header.empty()) {
      return wrong("expected the name of a header where it is for each value of one, and none else");
    }
    if (limit.per == RateKey::header && (!rpc::is_valid_key(limit.header) || rpc::is_binary_key(limit.header))) {
      return wrong("\"" + limit.header +
                   "\": expected the name of a header that is metadata, in lower case, not binary");
    }
    Limit& added = made->limits_.emplace_back();
    added.per = limit.per;
    added.header = limit.header;
    added.rate = {limit.calls_per_second, limit.burst};
    for (const std::string& path : limit.paths) {
      auto pattern = Pattern::parse(path);
      if (!pattern || !(path.starts_with('/') || path.starts_with('*'))) {
        return wrong("\"" + path + "\": expected a path, with an asterisk at one end at most");
      }
      added.paths.push_back(std::move(*pattern));
    }
    added.table = std::make_unique<RateTable>(limit.max_clients);
  }
  return made;
}

std::optional<std::chrono::milliseconds> RateLimits::take(When when, const rpc::Request& request, std::string_view path,
                                                          const Identity& identity) noexcept {
  std::optional<RateTable::Clock::time_point> now;
  for (const Limit& limit : limits_) {
    if ((limit.per == RateKey::identity) != (when == When::after_identity)) continue;
    const auto matches = [path](const Pattern& pattern) { return pattern.matches(path); };
    if (!limit.paths.empty() && std::none_of(limit.paths.begin(), limit.paths.end(), matches)) continue;
    if (!now) now = RateTable::Clock::now();
    const auto wait = limit.table->take(key_of(limit, request, identity), limit.rate, *now);
    if (wait) return std::chrono::ceil<std::chrono::milliseconds>(*wait);
  }
  return std::nullopt;
}

std::uint64_t RateLimits::key_of(const Limit& limit, const rpc::Request& request,
                                 const Identity& identity) const noexcept {
  switch (limit.per) {
    case RateKey::identity:
      return key_of(identity, request);
    case RateKey::header:
      return hash_(request.metadata.get(limit.header).value_or(std::string_view()));
    case RateKey::address:
      break;
  }
  const std::uint64_t host = request.client == nullptr ? 0 : request.client->host;
  return hash_({reinterpret_cast<const char*>(&host), sizeof host});
}

// One client is one, whichever of its names comes first: the first is it. A token says more than a certificate, which
// may be that of a gateway.
std::uint64_t RateLimits::key_of(const Identity& identity, const rpc::Request& request) const noexcept {
  if (identity.claims != nullptr && !identity.claims->subject.empty()) {
    return std::rotl(hash_(identity.claims->issuer), 1) ^ hash_(identity.claims->subject);
  }
  if (!identity.names.empty()) {
    const TlsName& first = identity.names.front();
    return hash_(first.value) + static_cast<std::uint64_t>(first.kind) + 1;
  }
  const std::uint64_t host = request.client == nullptr ? 0 : request.client->host;
  return hash_({reinterpret_cast<const char*>(&host), sizeof host});
}

}  // namespace wasm_grpc::access
