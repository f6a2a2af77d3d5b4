// Who is told of every call.
#pragma once

#include <string_view>

#include "wasm_grpc/rpc/request.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {

/// Told by a transport of the calls of one worker, on its thread. Costs each call two calls of a function, and what
/// these do: they are bounded, and wait for nobody.
class CallObserver {
 public:
  CallObserver(const CallObserver&) = delete;
  CallObserver& operator=(const CallObserver&) = delete;

  /// A call is about to be given to its handler. May change its metadata, which the handler has not seen, and give it a
  /// span.
  virtual void call_started(Request& request) noexcept = 0;
  /// It has ended for its client, with that status.
  virtual void call_ended(Request& request, StatusCode status) noexcept = 0;

 protected:
  CallObserver() = default;
  ~CallObserver() = default;
};

}  // namespace wasm_grpc::rpc
