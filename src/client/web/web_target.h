// A server that is called by gRPC-Web or by Connect, over plain HTTP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "client/channel.h"
#include "client/outgoing/target_channel.h"
#include "rpc/outgoing_call.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

enum class WebProtocol : std::uint8_t {
  grpc_web,  // grpc/doc/PROTOCOL-WEB.md
  connect,   // connectrpc.com/docs/protocol
};

/// Used on the thread of `http`.
class WebTarget final : public rpc::CallTarget {
 public:
  /// `http` is called by requests of plain HTTP, whose fields may be any. A response message has so many bytes at most.
  WebTarget(std::unique_ptr<rpc::CallTarget> http, WebProtocol protocol, std::size_t max_message_size)
      : http_(std::move(http)), protocol_(protocol), max_message_size_(max_message_size) {}

  [[nodiscard]] rpc::OutgoingCallPtr begin(const rpc::OutgoingRequest& request) override;

 private:
  std::unique_ptr<rpc::CallTarget> http_;
  WebProtocol protocol_;
  std::size_t max_message_size_;
};

/// Of the server at the address of `options`, with what they say of TLS and of connecting, for
/// ChannelOptions::other_target.
[[nodiscard]] Result<std::unique_ptr<rpc::CallTarget>> make_web_target(const ChannelContext& context,
                                                                       const ChannelOptions& options,
                                                                       WebProtocol protocol);

}  // namespace wasm_grpc::client
