// The keys of session tickets.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>

namespace wasm_grpc::net {

/// A client that comes back resumes its session by a ticket, which the server has encrypted for itself. Who gets hold
/// of its key can read tickets, and with TLS 1.2 what was said in their sessions; so the key is a new one every two
/// hours. The last one is kept for as long, as long as a ticket is good. OpenSSL by itself keeps one key for the life
/// of a context. The keys are in this process's memory only, and all its workers share them; another server, or this
/// one after it was started again, makes clients shake hands in full. From any thread.
class TicketKeys {
 public:
  using Clock = std::chrono::steady_clock;
  /// How long a key encrypts, and a ticket is good.
  static constexpr std::chrono::hours period{2};

  /// Gives the context keys of its own, which go with it. False when the system has no memory or random numbers.
  [[nodiscard]] static bool attach(SSL_CTX* context);
  /// Those of a context that has some.
  [[nodiscard]] static TicketKeys& of(const SSL_CTX* context);

  TicketKeys() = default;
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  /// Makes the first key, and a new one when the period of the last is over. False when there are no random numbers.
  [[nodiscard]] bool renew(Clock::time_point now);

 private:
  using Name = std::array<unsigned char, 16>;  // in the ticket, as it is
  struct Key {
    Key() = default;
    Key(const Key&) = default;
    Key& operator=(const Key&) = default;
    ~Key();
    Name name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
  };

  static int prepare(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                     int encrypt);

  std::mutex mutex_;
  std::optional<Key> current_;
  std::optional<Key> previous_;
  Clock::time_point since_;  // when the period of the current one began
};

}  // namespace wasm_grpc::net
