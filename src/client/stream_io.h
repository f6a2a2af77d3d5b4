// The bytes of a connection: TCP or a unix socket, with TLS or without.
#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ssl.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/channel.h"
#include "client/endpoints.h"
#include "client/target.h"

namespace wasm_grpc::client {

/// Connected. Reads and writes one at a time each, by handlers that run in the io_context.
class StreamIo {
 public:
  using Handler = std::function<void(const asio::error_code& error, std::size_t size)>;

  /// Connects, with the TLS handshake where there is to be one. Blocks, for the connect timeout at most, in which the
  /// name is looked up and the addresses are tried, too.
  [[nodiscard]] static Result<std::unique_ptr<StreamIo>> connect(asio::io_context& io, const Target& target,
                                                                 const ChannelOptions& options);

  void read(asio::mutable_buffer buffer, Handler handler);
  void write(asio::const_buffer buffer, Handler handler);

 private:
  using Socket = asio::generic::stream_protocol::socket;

  explicit StreamIo(asio::io_context& io) : io_(io), socket_(io) {}
  [[nodiscard]] Result<> open(const Target& target);
  [[nodiscard]] asio::error_code race(const std::vector<Endpoint>& endpoints);
  [[nodiscard]] Result<> start_tls(const Target& target, const ChannelOptions& options);
  /// Runs what was begun until it has set `error`, or the time is over.
  [[nodiscard]] asio::error_code wait(const std::optional<asio::error_code>& error);

  asio::io_context& io_;
  Socket socket_;
  std::chrono::steady_clock::time_point give_up_;
  std::optional<asio::ssl::context> context_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
};

}  // namespace wasm_grpc::client
