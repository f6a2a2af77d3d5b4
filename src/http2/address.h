// Addresses as people write them.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <string>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::http2 {

/// Reads "ADDR:PORT": "127.0.0.1:50051", "[::1]:0", "localhost:50051"; a name is resolved (this blocks). The error
/// quotes the address.
Result<asio::ip::tcp::endpoint> resolve_address(asio::io_context& io, std::string_view address);

/// "127.0.0.1:4711" or "[::1]:4711".
[[nodiscard]] std::string to_text(const asio::ip::tcp::endpoint& endpoint);

}  // namespace wasm_grpc::http2
