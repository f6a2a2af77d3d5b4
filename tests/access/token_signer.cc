#include "token_signer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <vector>

#include "rpc/base64.h"

namespace wasm_grpc::access {

namespace {

void require(bool good) {
  if (!good) std::abort();
}

std::string number(const EVP_PKEY* key, const char* name) {
  BIGNUM* value = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &value) == 1);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
  BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(value);
  return bytes;
}

std::string padded(std::string bytes, std::size_t size) { return std::string(size - bytes.size(), '\0') + bytes; }

std::string raw_signature(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  require(signature != nullptr);
  std::string raw(64, '\0');
  auto* to = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), to, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), to + 32, 32);
  ECDSA_SIG_free(signature);
  return raw;
}

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string text;
  rpc::base64_encode(bytes, text);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

Signer::Signer(Algorithm algorithm, std::string id) : algorithm_(algorithm), id_(std::move(id)) {
  switch (algorithm) {
    case Algorithm::rs256:
      key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
      break;
    case Algorithm::es256:
      key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
      break;
    case Algorithm::eddsa:
      key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
      break;
  }
  require(key_ != nullptr);
}

std::string Signer::algorithm() const {
  return algorithm_ == Algorithm::rs256 ? "RS256" : algorithm_ == Algorithm::es256 ? "ES256" : "EdDSA";
}

std::string Signer::jwk(std::string_view more) const {
  std::string members;
  if (algorithm_ == Algorithm::rs256) {
    members = R"("kty":"RSA","n":")" + base64url(number(key_.get(), OSSL_PKEY_PARAM_RSA_N)) + R"(","e":")" +
              base64url(number(key_.get(), OSSL_PKEY_PARAM_RSA_E)) + "\"";
  } else if (algorithm_ == Algorithm::es256) {
    members = R"("kty":"EC","crv":"P-256","x":")" +
              base64url(padded(number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X), 32)) + R"(","y":")" +
              base64url(padded(number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y), 32)) + "\"";
  } else {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    require(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size) == 1);
    members = R"("kty":"OKP","crv":"Ed25519","x":")" + base64url(raw) + "\"";
  }
  return "{" + members + (id_.empty() ? "" : R"(,"kid":")" + id_ + "\"") + std::string(more) + "}";
}

std::string Signer::sign(std::string_view text) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const EVP_MD* digest = algorithm_ == Algorithm::eddsa ? nullptr : EVP_sha256();
  require(EVP_DigestSignInit(context, nullptr, digest, nullptr, key_.get()) == 1);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  require(EVP_DigestSign(context, nullptr, &size, bytes, text.size()) == 1);
  std::string signature(size, '\0');
  require(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) == 1);
  signature.resize(size);
  EVP_MD_CTX_free(context);
  return algorithm_ == Algorithm::es256 ? raw_signature(signature) : signature;
}

std::string Signer::token(std::string_view header, std::string_view claims) const {
  const std::string text = base64url(header) + "." + base64url(claims);
  return text + "." + base64url(sign(text));
}

std::string Signer::token(std::string_view claims) const {
  return token(R"({"alg":")" + algorithm() + R"(","typ":"JWT")" + (id_.empty() ? "" : R"(,"kid":")" + id_ + "\"") + "}",
               claims);
}

std::string Signer::pem() const {
  BIO* out = BIO_new(BIO_s_mem());
  require(PEM_write_bio_PUBKEY(out, key_.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

std::string key_set_of(std::initializer_list<const Signer*> signers) {
  std::string keys;
  for (const Signer* signer : signers) keys += (keys.empty() ? "" : ",") + signer->jwk();
  return R"({"keys":[)" + keys + "]}";
}

}  // namespace wasm_grpc::access
