#include "access/key_set.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <utility>

#include "access/base64url.h"

namespace wasm_grpc::access {

namespace {

constexpr std::size_t max_keys = 100;
// RFC 7518, 3.3, wants 2048 bits; more than 8192 make each check take milliseconds.
constexpr int least_rsa_bits = 2048;
constexpr int most_rsa_bits = 8192;
constexpr int most_exponent_bits = 64;
constexpr std::size_t p256_bytes = 32;
constexpr std::size_t ed25519_bytes = 32;

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Number = std::unique_ptr<BIGNUM, Freeing<BN_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freeing<EVP_PKEY_CTX_free>>;
using ParamBuild = std::unique_ptr<OSSL_PARAM_BLD, Freeing<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freeing<OSSL_PARAM_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freeing<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freeing<ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Number number_of(std::string_view bytes) {
  return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::string_view text_of(const Value& key, std::string_view member) {
  const Value* value = key.find(member);
  return value != nullptr && value->is(Value::Kind::string) ? std::string_view(value->text) : std::string_view();
}

Result<std::string> bytes_in(const Value& key, std::string_view member) {
  auto bytes = base64url_decode(text_of(key, member));
  if (!bytes || bytes->empty()) return Error{std::string(member) + ": expected base64url without padding"};
  return std::move(*bytes);
}

/// Makes a key of what was collected; nullptr when OpenSSL finds that it is none.
EVP_PKEY* make_key(const char* type, OSSL_PARAM_BLD* build) {
  const Params params(OSSL_PARAM_BLD_to_param(build));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool made = params && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
  ERR_clear_error();
  return made ? key : nullptr;
}

/// Of the form that JSON Web Signatures have (RFC 7518, 3.4) in the one that OpenSSL reads.
std::string der_signature(std::string_view raw) {
  Number r = number_of(raw.substr(0, p256_bytes));
  Number s = number_of(raw.substr(p256_bytes));
  const Signature signature(ECDSA_SIG_new());
  if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

/// The algorithm that keys of a type are for; nothing for types that are not used here.
std::optional<Algorithm> algorithm_for(std::string_view type, std::string_view curve) {
  if (type == "RSA") return Algorithm::rs256;
  if (type == "EC" && curve == "P-256") return Algorithm::es256;
  if (type == "OKP" && curve == "Ed25519") return Algorithm::eddsa;
  return std::nullopt;
}

/// True when the key may check signatures (RFC 7517, 4.2 and 4.3).
bool may_verify(const Value& key) {
  if (const Value* use = key.find("use"); use != nullptr && use->text != "sig") return false;
  const Value* operations = key.find("key_ops");
  if (operations == nullptr) return true;
  return std::any_of(operations->items.begin(), operations->items.end(),
                     [](const Value& operation) { return operation.text == "verify"; });
}

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view name) noexcept {
  if (name == "RS256") return Algorithm::rs256;
  if (name == "ES256") return Algorithm::es256;
  if (name == "EdDSA") return Algorithm::eddsa;
  return std::nullopt;
}

Result<std::shared_ptr<const KeySet>> KeySet::parse(std::string_view jwks) {
  auto value = read_value(jwks);
  if (!value.ok()) return Error{"the key set is not JSON: " + value.error().message};
  const Value* keys = value.value().find("keys");
  if (keys == nullptr || !keys->is(Value::Kind::array)) return Error{"expected a JWK set: {\"keys\": [...]}"};
  if (keys->items.size() > max_keys) {
    return Error{"there are " + std::to_string(keys->items.size()) + " keys; expected at most " +
                 std::to_string(max_keys)};
  }
  auto set = std::make_shared<KeySet>();
  for (std::size_t i = 0; i < keys->items.size(); ++i) {
    auto key = read_key(keys->items[i]);
    if (!key.ok()) return Error{"keys[" + std::to_string(i) + "]: " + key.error().message};
    if (key.value()) set->keys_.push_back(std::move(*key.value()));
  }
  if (set->keys_.empty()) {
    return Error{"no key in it can check tokens; expected one of RSA, EC on P-256, or OKP on Ed25519, for signatures"};
  }
  return std::shared_ptr<const KeySet>(std::move(set));
}

Result<std::optional<KeySet::Key>> KeySet::read_key(const Value& value) {
  if (!value.is(Value::Kind::object)) return Error{"expected an object"};
  const auto algorithm = algorithm_for(text_of(value, "kty"), text_of(value, "crv"));
  if (!algorithm || !may_verify(value)) return std::optional<Key>();
  if (value.find("alg") != nullptr && parse_algorithm(text_of(value, "alg")) != algorithm) return std::optional<Key>();
  if (value.find("d") != nullptr) {
    return Error{"it has its private part (d), which belongs to the issuer alone; expected public keys"};
  }
  std::optional<std::string> id;
  if (const Value* kid = value.find("kid")) {
    if (!kid->is(Value::Kind::string)) return Error{"kid: expected a string"};
    id = kid->text;
  }
  Result<PublicKey> key = *algorithm == Algorithm::rs256   ? read_rsa(value)
                          : *algorithm == Algorithm::es256 ? read_p256(value)
                                                           : read_ed25519(value);
  if (!key.ok()) return std::move(key).error();
  return std::optional<Key>(Key{std::move(id), *algorithm, std::move(key).value()});
}

Result<KeySet::PublicKey> KeySet::read_rsa(const Value& value) {
  auto modulus = bytes_in(value, "n");
  if (!modulus.ok()) return std::move(modulus).error();
  auto exponent = bytes_in(value, "e");
  if (!exponent.ok()) return std::move(exponent).error();
  if (modulus.value().size() > std::size_t{most_rsa_bits} / 8 + 1 || exponent.value().size() > 16) {
    return Error{"n or e has too many bytes; expected an RSA key of 2048 to 8192 bits"};
  }
  const Number n = number_of(modulus.value());
  const Number e = number_of(exponent.value());
  if (!n || !e) return Error{"no memory"};
  if (const int bits = BN_num_bits(n.get()); bits < least_rsa_bits || bits > most_rsa_bits) {
    return Error{"an RSA key of " + std::to_string(bits) + " bits; expected 2048 to 8192"};
  }
  if (BN_num_bits(e.get()) > most_exponent_bits || BN_num_bits(e.get()) < 2 || BN_is_odd(e.get()) == 0 ||
      BN_is_odd(n.get()) == 0) {
    return Error{"n and e are not those of an RSA key"};
  }
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (!build || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return Error{"no memory"};
  }
  PublicKey key(make_key("RSA", build.get()));
  if (!key) return Error{"n and e are not those of an RSA key"};
  return key;
}

Result<KeySet::PublicKey> KeySet::read_p256(const Value& value) {
  auto x = bytes_in(value, "x");
  if (!x.ok()) return std::move(x).error();
  auto y = bytes_in(value, "y");
  if (!y.ok()) return std::move(y).error();
  if (x.value().size() != p256_bytes || y.value().size() != p256_bytes) {
    return Error{"x and y: expected 32 bytes each"};
  }
  const std::string point = "\x04" + x.value() + y.value();  // uncompressed (SEC 1, 2.3.3)
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (!build || OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return Error{"no memory"};
  }
  PublicKey key(make_key("EC", build.get()));
  if (!key) return Error{"x and y are no point of P-256"};
  return key;
}

Result<KeySet::PublicKey> KeySet::read_ed25519(const Value& value) {
  auto x = bytes_in(value, "x");
  if (!x.ok()) return std::move(x).error();
  if (x.value().size() != ed25519_bytes) return Error{"x: expected 32 bytes"};
  PublicKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x.value()), x.value().size()));
  ERR_clear_error();
  if (!key) return Error{"x is no key of Ed25519"};
  return key;
}

bool KeySet::verify(Algorithm algorithm, const std::optional<std::string>& id, std::string_view text,
                    std::string_view signature) const {
  int tried = 0;
  for (const Key& key : keys_) {
    if (key.algorithm != algorithm || (id && key.id != id)) continue;
    if (++tried > most_tried) return false;
    if (verify(key, text, signature)) return true;
  }
  return false;
}

bool KeySet::verify(const Key& key, std::string_view text, std::string_view signature) {
  std::string der;
  if (key.algorithm == Algorithm::es256) {
    if (signature.size() != 2 * p256_bytes) return false;
    der = der_signature(signature);
    signature = der;
  }
  const DigestContext context(EVP_MD_CTX_new());
  const EVP_MD* digest = key.algorithm == Algorithm::eddsa ? nullptr : EVP_sha256();
  // RSA keys pad as PKCS #1 v1.5 does where nothing else is said, which is what RS256 is.
  const bool good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.key.get()) == 1 &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace wasm_grpc::access
