// A listening socket.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "wasm_grpc/result.h"

namespace wasm_grpc::http2 {

struct Core;

/// Accepts connections for an endpoint. Shared with Asio's handlers, which may outlive the endpoint: after close() it
/// touches nothing of it.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(Core& core);

  Result<> open(const std::string& address, bool reuse_port);
  void close() noexcept;
  [[nodiscard]] asio::ip::tcp::endpoint local_endpoint() const;

 private:
  void accept();
  void on_accept(const asio::error_code& error, asio::ip::tcp::socket socket);
  void retry_later();

  Core* core_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  asio::ip::tcp::endpoint peer_;
};

}  // namespace wasm_grpc::http2
