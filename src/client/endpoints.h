// Where a server is, once its name is resolved.
#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <vector>

namespace wasm_grpc::client {

using Endpoint = asio::generic::stream_protocol::endpoint;

/// In the order in which connections are tried: families take turns, the first one's first (RFC 8305, 4).
[[nodiscard]] std::vector<Endpoint> interleave_families(const std::vector<Endpoint>& endpoints);

}  // namespace wasm_grpc::client
