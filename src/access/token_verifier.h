// Bearer tokens: JSON Web Tokens (RFC 7519), signed (RFC 7515), read as RFC 8725 advises.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/claims.h"
#include "access/key_set.h"
#include "wasm_grpc/rpc/token.h"

namespace wasm_grpc::access {

/// A token that was found good.
struct VerifiedToken : rpc::Token {
  std::string text;  // of the token
  Claims parsed;
  double good_until = 0;  // seconds since 1970, leeway included
  double good_from = 0;
};

/// Whose tokens are believed, for what, and by which keys. Keys of one issuer say nothing of another's tokens.
struct TrustedIssuer {
  std::string name;                    // the claim `iss`
  std::vector<std::string> audiences;  // of which one must be in `aud`
  std::shared_ptr<const KeySet> keys;
};

/// Why a token is not good.
enum class TokenFault : std::uint8_t { malformed, issuer, audience, expired, not_yet, signature };
/// For logs and counters, never for clients.
[[nodiscard]] std::string_view name(TokenFault fault) noexcept;

/// What became of a token: `token`, or why there is none.
struct TokenCheck {
  std::shared_ptr<const VerifiedToken> token;
  TokenFault fault = TokenFault::malformed;
};

/// Never changed once made; any thread may ask it.
class TokenVerifier {
 public:
  TokenVerifier(std::vector<TrustedIssuer> issuers, std::chrono::seconds leeway)
      : issuers_(std::move(issuers)), leeway_(leeway) {}

  /// The algorithm is RS256, ES256 or EdDSA, and that of the key; `exp` must be there, `nbf` holds; a header with
  /// `crit` is refused, since nothing of it is known; keys and addresses in the header are not looked at. The signature
  /// comes last, as it costs most.
  [[nodiscard]] TokenCheck verify(std::string_view token, std::chrono::system_clock::time_point now) const;

 private:
  std::vector<TrustedIssuer> issuers_;
  std::chrono::seconds leeway_;
};

/// Larger ones are malformed.
inline constexpr std::size_t max_token_bytes = std::size_t{16} << 10;

/// Seconds since 1970.
[[nodiscard]] inline double seconds_of(std::chrono::system_clock::time_point time) noexcept {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace wasm_grpc::access
