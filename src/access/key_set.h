// The public keys of an issuer of tokens: a JWK set (RFC 7517).
#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/value.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::access {

/// How a token may be signed: asymmetrically, and no other way (RFC 7518, 3.1; RFC 8037, 3.1). A key is for one of
/// them.
enum class Algorithm : std::uint8_t { rs256, es256, eddsa };

/// "RS256", "ES256" or "EdDSA"; nothing for any other name.
[[nodiscard]] std::optional<Algorithm> parse_algorithm(std::string_view name) noexcept;

/// Never changed once made; any thread may ask it.
class KeySet {
 public:
  /// Reads {"keys": [...]}. Keys for something else are passed over: of other types or curves, for encryption, for
  /// other algorithms. An error: a key that is malformed or too weak, one with its private part, and none that can be
  /// used.
  [[nodiscard]] static Result<std::shared_ptr<const KeySet>> parse(std::string_view jwks);

  /// How many can be used.
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

  /// Whether the text was signed by a key of that algorithm and id; without an id, by one of the algorithm's first
  /// `most_tried`. Takes 30 to 100 us for each key that is tried.
  [[nodiscard]] bool verify(Algorithm algorithm, const std::optional<std::string>& id, std::string_view text,
                            std::string_view signature) const;

  static constexpr int most_tried = 4;

 private:
  struct KeyDeleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  using PublicKey = std::unique_ptr<EVP_PKEY, KeyDeleter>;
  struct Key {
    std::optional<std::string> id;
    Algorithm algorithm;
    PublicKey key;
  };

  [[nodiscard]] static Result<std::optional<Key>> read_key(const Value& value);
  [[nodiscard]] static Result<PublicKey> read_rsa(const Value& value);
  [[nodiscard]] static Result<PublicKey> read_p256(const Value& value);
  [[nodiscard]] static Result<PublicKey> read_ed25519(const Value& value);
  [[nodiscard]] static bool verify(const Key& key, std::string_view text, std::string_view signature);

  std::vector<Key> keys_;
};

/// Of the text of a set.
inline constexpr std::size_t max_key_set_bytes = std::size_t{256} << 10;

}  // namespace wasm_grpc::access
