// What the bindings of guests that call need of their host.
#pragma once

#include <chrono>
#include <string_view>

#include "rpc/outgoing_call.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::abi::client_1 {

/// Whom a module may call. Belongs to the host, which knows what it is; thread-safe.
class Grants {
 public:
  /// False where a module that needs the target is not to be loaded.
  [[nodiscard]] virtual bool has(std::string_view target) const noexcept = 0;

 protected:
  ~Grants() = default;
};

/// How a call went.
struct CallOutcome {
  rpc::StatusCode code = rpc::StatusCode::ok;
  std::chrono::nanoseconds took{};
};

/// Keeps an account of a call. Used on the thread of the call.
class CallAccount {
 public:
  /// A message was sent, or taken by the guest.
  virtual void sent() noexcept = 0;
  virtual void received() noexcept = 0;
  /// It has ended, or its caller has let go of it before. Told once.
  virtual void ended(const CallOutcome& outcome) noexcept = 0;
  /// Its caller has let go of it; the account may be gone afterwards.
  virtual void let_go() noexcept = 0;

 protected:
  ~CallAccount() = default;
};

struct MadeCall {
  rpc::OutgoingCallPtr call;
  CallAccount* account = nullptr;  // nullptr: nobody keeps one
};

/// Makes calls for the guests of one worker; used on its thread.
class CallMaker {
 public:
  /// Begins a call by a module that was granted `grants`. One that cannot be made has ended.
  [[nodiscard]] virtual MadeCall begin(const Grants& grants, std::string_view target,
                                       const rpc::OutgoingRequest& request) = 0;

 protected:
  ~CallMaker() = default;
};

/// Who runs the guest. Told from anywhere on its thread: it notes or schedules.
class CallWatcher {
 public:
  /// Something has come of a call that the guest made.
  virtual void on_outgoing_progress() noexcept = 0;

 protected:
  ~CallWatcher() = default;
};

}  // namespace wasm_grpc::abi::client_1
