#include "net/tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace wasm_grpc::net {

namespace {

constexpr int iv_size = 16;  // of AES in CBC mode

/// Where a context keeps its TicketKeys.
int slot() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* keys, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<TicketKeys*>(keys); });
  return index;
}

}  // namespace

TicketKeys::Key::~Key() {
  OPENSSL_cleanse(cipher.data(), cipher.size());
  OPENSSL_cleanse(mac.data(), mac.size());
}

bool TicketKeys::attach(SSL_CTX* context) {
  std::unique_ptr<TicketKeys> keys(new (std::nothrow) TicketKeys);
  if (!keys || !keys->renew(Clock::now())) return false;
  if (SSL_CTX_set_ex_data(context, slot(), keys.get()) != 1) return false;
  static_cast<void>(keys.release());
  SSL_CTX_set_timeout(context, std::chrono::seconds(period).count());
  return SSL_CTX_set_tlsext_ticket_key_evp_cb(context, prepare) == 1;
}

TicketKeys& TicketKeys::of(const SSL_CTX* context) {
  return *static_cast<TicketKeys*>(SSL_CTX_get_ex_data(context, slot()));
}

bool TicketKeys::renew(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (current_ && now - since_ < period) return true;
  Key fresh;
  if (RAND_bytes(fresh.name.data(), static_cast<int>(fresh.name.size())) != 1 ||
      RAND_priv_bytes(fresh.cipher.data(), static_cast<int>(fresh.cipher.size())) != 1 ||
      RAND_priv_bytes(fresh.mac.data(), static_cast<int>(fresh.mac.size())) != 1) {
    return false;
  }
  // After more than two periods without a client the last key is too old for any ticket.
  const bool keep = current_ && now - since_ < 2 * period;
  previous_ = keep ? current_ : std::nullopt;
  since_ = keep ? since_ + period : now;
  current_ = fresh;
  return true;
}

int TicketKeys::prepare(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                        int encrypt) {
  constexpr int failed = -1;
  constexpr int unknown = 0;
  constexpr int good = 1;
  constexpr int good_but_to_be_renewed = 2;

  TicketKeys& keys = of(SSL_get_SSL_CTX(ssl));
  if (!keys.renew(Clock::now())) return failed;
  Key key;
  bool current = true;
  {
    const std::lock_guard lock(keys.mutex_);
    const auto has_name = [&](const std::optional<Key>& one) {
      return one && std::memcmp(one->name.data(), name, one->name.size()) == 0;
    };
    if (encrypt == 0 && !has_name(keys.current_)) {
      if (!has_name(keys.previous_)) return unknown;
      current = false;
    }
    key = current ? *keys.current_ : *keys.previous_;
  }
  std::array<OSSL_PARAM, 3> of_mac = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>("SHA256"), 0),
      OSSL_PARAM_construct_end()};
  if (encrypt != 0) {
    std::copy(key.name.begin(), key.name.end(), name);
    if (RAND_bytes(iv, iv_size) != 1) return failed;
  }
  if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, encrypt != 0 ? 1 : 0) != 1 ||
      EVP_MAC_CTX_set_params(mac, of_mac.data()) != 1) {
    return failed;
  }
  // Tickets of TLS 1.3 are for one use (RFC 8446, appendix C.4), so that clients cannot be told to be the same.
  const bool keeps_it = encrypt != 0 || (current && SSL_version(ssl) != TLS1_3_VERSION);
  return keeps_it ? good : good_but_to_be_renewed;
}

}  // namespace wasm_grpc::net
