// For handlers on the host's side of methods that take one request.
#pragma once

#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::rpc {

/// Serves a call once its one request is there, decompressed.
class RequestHandler : public Handler, private CallListener {
 public:
  void start(Call& call) noexcept final {
    if (!call.prepare_message()) {
      call.retain();
      call.set_listener(this);
    } else {
      serve(call);
    }
  }

 protected:
  /// As start(): message() has the request, or nothing when it could not be decompressed.
  virtual void serve(Call& call) noexcept = 0;

 private:
  void on_readable(Call& call) noexcept final {
    call.set_listener(nullptr);
    serve(call);
    call.release();
  }
  void on_writable(Call&) noexcept final {}
  void on_cancelled(Call& call) noexcept final { call.release(); }
};

}  // namespace wasm_grpc::rpc
