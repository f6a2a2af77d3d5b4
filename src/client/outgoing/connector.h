// Makes one connection to the first of several endpoints that can be reached.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/outgoing/target_address.h"
#include "client/outgoing/target_channel_options.h"
#include "client/outgoing/transport.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

/// One attempt: connections to the endpoints are begun one after the other, each when the one before has failed or has
/// taken 250 ms, and the first that is made is it (RFC 8305, 5); then TLS, where that is asked for. Belongs to the
/// thread of `io`; made by std::make_shared.
class Connector final : public std::enable_shared_from_this<Connector> {
 public:
  using Done = std::function<void(Result<Transport>)>;

  /// What is spoken over the connection.
  enum class Speaks : std::uint8_t {
    http2,   // which the server must choose, with TLS
    http1,   // which it is offered, with TLS
    either,  // both are offered with TLS, HTTP/2 first, and Transport::chose_http2 says what it has chosen
    other,   // nothing is offered
  };

  /// `name`: of the server, for its certificate; `tls`: nullptr for none.
  Connector(asio::io_context& io, std::vector<Endpoint> endpoints, const TargetTlsOptions* tls, std::string name,
            std::chrono::milliseconds timeout, Speaks speaks = Speaks::http2);

  // Before start().

  /// Whoever the server is, by its certificate.
  void take_any_certificate() noexcept { any_certificate_ = true; }
  /// Ends what is said of a TLS handshake that failed.
  void set_tls_advice(std::string advice) { tls_advice_ = std::move(advice); }

  /// `done` is told once, later; never once it was cancelled.
  void start(Done done);
  void cancel() noexcept;

 private:
  struct Attempt {
    explicit Attempt(asio::io_context& io) : socket(io) {}
    Socket socket;
    Endpoint endpoint;
  };

  void try_next();
  void connected(const std::shared_ptr<Attempt>& attempt);
  void failed(const std::string& why);
  void start_tls(Socket socket, const Endpoint& endpoint);
  void finish(Result<Transport> result);

  asio::io_context& io_;
  std::vector<Endpoint> endpoints_;
  const TargetTlsOptions* tls_;
  std::string name_;
  std::chrono::milliseconds timeout_;
  Speaks speaks_;
  bool any_certificate_ = false;
  std::string tls_advice_;
  Done done_;
  std::size_t next_ = 0;
  std::vector<std::shared_ptr<Attempt>> attempts_;  // those on their way
  asio::steady_timer stagger_;
  asio::steady_timer limit_;
  Transport transport_;  // while TLS begins
  std::string why_;      // of what has failed so far
};

}  // namespace wasm_grpc::client
