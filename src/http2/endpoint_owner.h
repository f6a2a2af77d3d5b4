// What an endpoint needs from the worker it lives on.
#pragma once

#include <string_view>

#include "http2/session/end_reason.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::http2 {

/// Who an endpoint belongs to, and what it asks of it and tells it: its worker. Called on its thread, from inside the
/// endpoint.
class EndpointOwner {
 public:
  virtual ~EndpointOwner() = default;
  /// There is something to send: call Endpoint::flush() soon, after the guests that are ready had their turn. Called
  /// once until flush() was called.
  virtual void wake() noexcept = 0;
  /// After Endpoint::drain(): the last connection is gone.
  virtual void drained() noexcept = 0;
  /// A connection is being ended because of what its client did. `detail` says it in words of ours, never the client's.
  /// Clients decide how often this is called.
  virtual void connection_ended(EndReason reason, std::string_view peer, std::string_view detail) noexcept {
    static_cast<void>(reason), static_cast<void>(peer), static_cast<void>(detail);
  }
  /// A call was ended by a limit of ours to the time it takes. `why` says it in words of ours. Clients decide how
  /// often.
  virtual void call_ended(const rpc::Method& method, std::string_view peer, std::string_view why) noexcept {
    static_cast<void>(method), static_cast<void>(peer), static_cast<void>(why);
  }
};

}  // namespace wasm_grpc::http2
