#include "registry/digest.h"

#include <openssl/evp.h>

#include <array>

namespace wasm_grpc::registry {

namespace {

constexpr std::string_view prefix = "sha256:";
constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t hash_size = 32;

}  // namespace

std::optional<Digest> Digest::parse(std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  const std::string_view hex = text.substr(prefix.size());
  if (hex.size() != 2 * hash_size || hex.find_first_not_of(digits) != std::string_view::npos) return std::nullopt;
  return Digest(std::string(hex));
}

Digest Digest::of(std::string_view bytes) {
  std::array<unsigned char, hash_size> hash{};
  EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : hash) hex.append({digits[byte >> 4], digits[byte & 15]});
  return Digest(std::move(hex));
}

}  // namespace wasm_grpc::registry
