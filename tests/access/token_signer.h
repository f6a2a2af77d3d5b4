// An issuer of tokens, for tests: makes keys, publishes them, signs.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "access/key_set.h"

namespace wasm_grpc::access {

/// Base64url without padding.
[[nodiscard]] std::string base64url(std::string_view bytes);

/// A key pair.
class Signer {
 public:
  Signer(Algorithm algorithm, std::string id);

  /// "RS256", ...
  [[nodiscard]] std::string algorithm() const;
  [[nodiscard]] const std::string& id() const { return id_; }
  /// The public key as a JWK; `more` are further members, ",\"use\":\"sig\"".
  [[nodiscard]] std::string jwk(std::string_view more = "") const;
  /// A signature as tokens have it.
  [[nodiscard]] std::string sign(std::string_view text) const;
  /// A token with a header of its own making.
  [[nodiscard]] std::string token(std::string_view header, std::string_view claims) const;
  /// One with the header that it should have.
  [[nodiscard]] std::string token(std::string_view claims) const;
  /// The public key in PEM.
  [[nodiscard]] std::string pem() const;

 private:
  struct Deleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  Algorithm algorithm_;
  std::string id_;
  std::unique_ptr<EVP_PKEY, Deleter> key_;
};

/// {"keys": [...]}
[[nodiscard]] std::string key_set_of(std::initializer_list<const Signer*> signers);

}  // namespace wasm_grpc::access
