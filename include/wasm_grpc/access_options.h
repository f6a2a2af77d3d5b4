// Who may call what.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wasm_grpc {

/// Whose bearer tokens (JSON Web Tokens, RFC 7519) are believed, and for what.
struct TokenIssuer {
  /// The claim `iss` of its tokens, such as "https://login.example.com/".
  std::string name;
  /// Of which one must be among the claim `aud`: who this server is.
  std::vector<std::string> audiences;
  /// Its public keys: a JWK set (RFC 7517), as it publishes it. Looked at once a second, and read again when it has
  /// changed; tokens that were found good by keys before are looked at anew. One that makes no sense is logged, and the
  /// last good one holds.
  std::string keys_file;

  [[nodiscard]] bool operator==(const TokenIssuer&) const = default;
};

/// Tokens in the header `authorization`: "Bearer TOKEN" (RFC 6750).
struct TokenOptions {
  /// Empty: the header means nothing to the host, and guests see it.
  std::vector<TokenIssuer> issuers;
  /// How far the clocks of issuers may be from ours.
  std::chrono::seconds leeway{60};
  /// Whether a call without a token is answered UNAUTHENTICATED. False: it is one of somebody unknown, of whom the
  /// policy decides. A token that is not good is always refused.
  bool required = true;
  /// Whether guests see the token itself, in `authorization`, to show it to others. They always see what it says.
  bool forward = false;

  [[nodiscard]] bool operator==(const TokenOptions&) const = default;
};

/// What has a token bucket of its own. The numbers are those of texts that name them.
enum class RateKey : std::uint8_t {
  identity,  // who calls: the subject of its token, the first name of its certificate, or else its address
  address,   // the host it calls from; of IPv6 addresses the first half
  header,    // each value of a header; all who send none are one
};

/// How many calls each client may begin: those above are answered RESOURCE_EXHAUSTED, with the time after which to try
/// again.
struct RateLimit {
  RateKey per = RateKey::identity;
  /// The name of it, for RateKey::header.
  std::string header = {};
  double calls_per_second = 0;
  /// At once, after a while without.
  double burst = 0;
  /// What it is about: "/package.Service/Method", with an asterisk at one end if so wanted. Empty: all calls together.
  std::vector<std::string> paths = {};
  /// How many clients have a bucket of their own, of 16 bytes each. Where there are more at once, some share one.
  std::size_t max_clients = std::size_t{1} << 16;

  [[nodiscard]] bool operator==(const RateLimit&) const = default;
};

/// All that a call is held to before anything serves it, by whatever protocol it comes. docs/access.md is the guide.
/// Empty: whoever reaches the server may call all.
struct AccessOptions {
  /// gRPC's authorization policy, in JSON (gRFC A43): a file, which is looked at once a second, and read again when it
  /// has changed. One that makes no sense is logged, and the last good one holds.
  std::string policy_file;
  /// The same as a text. One of the two.
  std::string policy;

  /// Who clients are by the tokens that they show.
  TokenOptions tokens;

  /// How often clients may call.
  std::vector<RateLimit> rates;

  [[nodiscard]] bool empty() const noexcept {
    return policy_file.empty() && policy.empty() && tokens.issuers.empty() && rates.empty();
  }
  [[nodiscard]] bool operator==(const AccessOptions&) const = default;
};

}  // namespace wasm_grpc
