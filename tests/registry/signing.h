// Keys, and what cosign makes with them.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "registry/digest.h"

namespace wasm_grpc::registry {

/// A key that signs.
class SigningKey {
 public:
  explicit SigningKey(const char* curve = "P-256") : key_(EVP_EC_gen(curve), &EVP_PKEY_free) {
    if (key_ == nullptr) std::abort();
  }
  /// Writes its public part, in PEM.
  void write_public(const std::string& path) const {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr || PEM_write_PUBKEY(file, key_.get()) != 1) std::abort();
    std::fclose(file);
  }
  /// ECDSA with SHA-256, in DER.
  [[nodiscard]] std::string sign(const std::string& text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    std::string signature(256, '\0');
    std::size_t size = signature.size();
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) !=
            1) {
      std::abort();
    }
    signature.resize(size);
    return signature;
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

/// What cosign signs of a manifest.
[[nodiscard]] inline std::string payload_of(const Digest& manifest,
                                            const std::string& type = "cosign container image signature") {
  return R"({"critical": {"identity": {"docker-reference": "here/team/greeter"}, "image": {"docker-manifest-digest": ")" +
         manifest.text() + R"("}, "type": ")" + type + R"("}, "optional": null})";
}

}  // namespace wasm_grpc::registry
