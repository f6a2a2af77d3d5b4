// Signatures of cosign, by keys: ECDSA with P-256 and SHA-256 over a "simple signing" payload, which names a manifest.
#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/digest.h"
#include "registry/manifest.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// What is signed, and by what.
struct Signature {
  std::string payload;
  std::string signature;  // DER
};

/// Of one payload, of one text of signatures, and how many are looked at.
inline constexpr std::size_t max_payload_bytes = std::size_t{64} << 10;
inline constexpr std::size_t max_signatures = 32;
inline constexpr std::size_t max_signatures_bytes = max_signatures * (max_payload_bytes + 1024) * 2;

/// The tag that the signatures of a manifest have, beside it.
[[nodiscard]] std::string signature_tag(const Digest& manifest);

/// The layers of a signature's manifest that are payloads, with their signatures in place of content; those that are
/// malformed are passed over.
struct SignedLayer {
  Descriptor layer;
  std::string signature;
};
[[nodiscard]] std::vector<SignedLayer> signed_layers(const Manifest& manifest);

/// As a text, to be kept.
[[nodiscard]] std::string write_signatures(const std::vector<Signature>& signatures);
/// Reads that; what is malformed is passed over.
[[nodiscard]] std::vector<Signature> read_signatures(std::string_view text);

/// Public keys. Never changed once made; any thread may ask them.
class SignatureKeys {
 public:
  /// Reads the files: public keys in PEM, on the curve P-256, as `cosign generate-key-pair` writes cosign.pub.
  [[nodiscard]] static Result<SignatureKeys> read(const std::vector<std::string>& files);

  /// Whether one of the keys has signed that manifest.
  [[nodiscard]] bool have_signed(const Digest& manifest, const std::vector<Signature>& signatures) const;
  [[nodiscard]] bool empty() const noexcept { return keys_.empty(); }

 private:
  struct KeyFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  std::vector<std::shared_ptr<EVP_PKEY>> keys_;
};

}  // namespace wasm_grpc::registry
