#include "registry/signature.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "registry/files.h"
#include "rpc/base64.h"

namespace wasm_grpc::registry {

namespace {

using Json = nlohmann::json;

constexpr std::string_view payload_type = "application/vnd.dev.cosign.simplesigning.v1+json";
constexpr const char* signature_annotation = "dev.cosignproject.cosign/signature";
constexpr std::string_view payload_kind = "cosign container image signature";
constexpr std::size_t max_key_bytes = std::size_t{16} << 10;
constexpr std::size_t max_signature_bytes = 512;

bool is_p256(EVP_PKEY* key) {
  std::array<char, 64> name{};
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(), nullptr) == 1 &&
         std::string_view(name.data()) == "prime256v1";
}

/// What a payload says it signs; nothing where it is no payload of cosign.
std::optional<Digest> signed_manifest(std::string_view payload) {
  const Json json = Json::parse(payload, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  static const Json::json_pointer kind("/critical/type");
  static const Json::json_pointer digest("/critical/image/docker-manifest-digest");
  for (const auto& pointer : {kind, digest}) {
    if (!json.contains(pointer) || !json.at(pointer).is_string()) return std::nullopt;
  }
  if (json.at(kind).get_ref<const std::string&>() != payload_kind) return std::nullopt;
  return Digest::parse(json.at(digest).get_ref<const std::string&>());
}

bool verify(EVP_PKEY* key, const Signature& one) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const auto* signature = reinterpret_cast<const unsigned char*>(one.signature.data());
  const auto* payload = reinterpret_cast<const unsigned char*>(one.payload.data());
  const bool good = context != nullptr &&
                    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), signature, one.signature.size(), payload, one.payload.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

std::string signature_tag(const Digest& manifest) { return "sha256-" + manifest.hex() + ".sig"; }

std::vector<SignedLayer> signed_layers(const Manifest& manifest) {
  std::vector<SignedLayer> layers;
  for (const Descriptor& layer : manifest.layers) {
    if (layers.size() == max_signatures) break;
    const auto annotation = layer.annotations.find(signature_annotation);
    if (layer.media_type != payload_type || layer.size > max_payload_bytes || annotation == layer.annotations.end()) {
      continue;
    }
    std::string signature;
    if (annotation->second.size() > 2 * max_signature_bytes || !rpc::base64_decode(annotation->second, signature)) {
      continue;
    }
    layers.push_back({layer, std::move(signature)});
  }
  return layers;
}

std::string write_signatures(const std::vector<Signature>& signatures) {
  Json list = Json::array();
  for (const auto& [payload, signature] : signatures) {
    list.push_back({{"payload", rpc::padded_base64(payload)}, {"signature", rpc::padded_base64(signature)}});
  }
  return list.dump();
}

std::vector<Signature> read_signatures(std::string_view text) {
  std::vector<Signature> signatures;
  const Json list = Json::parse(text, nullptr, false);
  if (!list.is_array()) return signatures;
  const auto decode = [](const Json& entry, const char* name, std::string& out) {
    const auto found = entry.find(name);
    const auto* encoded_text = found == entry.end() ? nullptr : found->get_ptr<const std::string*>();
    return encoded_text != nullptr && rpc::base64_decode(*encoded_text, out);
  };
  for (const Json& entry : list) {
    Signature one;
    if (signatures.size() == max_signatures) break;
    if (!entry.is_object() || !decode(entry, "payload", one.payload) || !decode(entry, "signature", one.signature)) {
      continue;
    }
    signatures.push_back(std::move(one));
  }
  return signatures;
}

Result<SignatureKeys> SignatureKeys::read(const std::vector<std::string>& files) {
  SignatureKeys keys;
  for (const std::string& file : files) {
    auto text = read_file(file, max_key_bytes);
    if (!text.ok()) return std::move(text).error();
    const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(
        BIO_new_mem_buf(text.value().data(), static_cast<int>(text.value().size())), &BIO_free);
    EVP_PKEY* const key = bytes == nullptr ? nullptr : PEM_read_bio_PUBKEY(bytes.get(), nullptr, nullptr, nullptr);
    ERR_clear_error();
    std::shared_ptr<EVP_PKEY> owned(key, KeyFree());
    if (key == nullptr || !is_p256(key)) {
      return Error{file +
                   " is no key that signs modules; expected a public key on the curve P-256 in PEM, as cosign "
                   "generate-key-pair writes cosign.pub"};
    }
    keys.keys_.push_back(std::move(owned));
  }
  return keys;
}

bool SignatureKeys::have_signed(const Digest& manifest, const std::vector<Signature>& signatures) const {
  return std::any_of(signatures.begin(), signatures.end(), [&](const Signature& one) {
    if (one.payload.size() > max_payload_bytes || one.signature.size() > max_signature_bytes) return false;
    // What the payload says is looked at only once it is known who says it.
    const bool known = std::any_of(keys_.begin(), keys_.end(), [&](const auto& key) { return verify(key.get(), one); });
    return known && signed_manifest(one.payload) == manifest;
  });
}

}  // namespace wasm_grpc::registry
