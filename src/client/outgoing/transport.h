// A socket that is connected, with TLS or without.
#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/stream.hpp>
#include <memory>

namespace wasm_grpc::client {

using Socket = asio::generic::stream_protocol::socket;
using TlsStream = asio::ssl::stream<Socket>;

struct Transport {
  std::unique_ptr<Socket> socket;  // nullptr with TLS
  std::shared_ptr<asio::ssl::context> tls_context;
  std::unique_ptr<TlsStream> tls;
  bool chose_http2 = false;  // by TLS
};

}  // namespace wasm_grpc::client
