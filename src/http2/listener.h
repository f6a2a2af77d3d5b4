// A listening socket.
#pragma once

#include <asio/basic_socket_acceptor.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "http2/tls_context.h"
#include "http2/unix_socket.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::http2 {

struct Core;

/// Accepts connections for an endpoint. Shared with Asio's handlers, which may outlive the endpoint: after close() it
/// touches nothing of it.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(Core& core);

  /// With `tls`, that is what is spoken.
  Result<> open(const std::string& address, bool reuse_port, std::shared_ptr<TlsContext> tls);
  /// Listens on a unix socket. Such sockets cannot be bound once for each worker, and workers that accept from one
  /// socket race for connections: so one accepts, and hands them over in turn to itself and the `others`, which belong
  /// to endpoints of other threads and are not opened.
  Result<> open_unix(const std::string& path, std::vector<std::shared_ptr<Listener>> others);
  void close() noexcept;
  /// Where it listens, over TCP.
  [[nodiscard]] asio::ip::tcp::endpoint local_endpoint() const;

 private:
  using Protocol = asio::generic::stream_protocol;

  void accept();
  void on_accept(const asio::error_code& error, Protocol::socket socket);
  void retry_later();
  void hand_over(Protocol::socket socket);
  void adopt(Protocol::socket socket);

  Core* core_;
  asio::io_context& io_;
  asio::basic_socket_acceptor<Protocol> acceptor_;
  asio::steady_timer retry_;
  Protocol::endpoint peer_;
  std::shared_ptr<TlsContext> tls_;
  SocketFile file_;
  std::vector<std::shared_ptr<Listener>> others_;
  std::size_t turn_ = 0;
  bool accept_fails_ = false;
};

}  // namespace wasm_grpc::http2
