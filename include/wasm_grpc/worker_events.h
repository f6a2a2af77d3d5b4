// Where a worker waits, when that is not the sockets of its own: the seam for a transport with an event loop of its
// own.
#pragma once

#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc {

/// The events of another library, such as a completion queue of grpc++, that one worker handles on its thread. So what
/// comes for a guest and the guest itself are on one thread, as with the sockets of Server::listen().
class WorkerEvents {
 public:
  virtual ~WorkerEvents() = default;
  /// Handles what has come, and if that is nothing, waits for more: no longer than until `until`, and not after wake()
  /// was called. A time that has passed: does not wait; time_point::max(): has no limit. True when something came. On
  /// the worker's thread, between the turns in which guests run; must not throw.
  virtual bool wait(rpc::Clock::time_point until) = 0;
  /// Ends the wait() that is under way, else the next one. From any thread, often without need.
  virtual void wake() noexcept = 0;
};

}  // namespace wasm_grpc
