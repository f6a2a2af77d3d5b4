// What a registry says of how one may prove who one is: the field WWW-Authenticate (RFC 9110, 11.6.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::registry {

/// One of the schemes that are understood.
struct Challenge {
  enum class Scheme : unsigned char { basic, bearer };
  Scheme scheme = Scheme::basic;
  std::string realm;    // of Bearer: the URL that gives tokens
  std::string service;  // of Bearer: whom the token is for; may be empty
};

/// The fields of one answer, at most, and the bytes of each.
inline constexpr std::size_t max_challenges = 8;
inline constexpr std::size_t max_challenge_bytes = 4096;

/// The best of them: Bearer before Basic. Nothing where none is understood; a field that is malformed is passed over
/// from there on.
[[nodiscard]] std::optional<Challenge> choose_challenge(const std::vector<std::string>& fields);

}  // namespace wasm_grpc::registry
