// One gRPC call, seen from the side that makes it: the counterpart of rpc::Call.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/encoding.h"
#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {

class OutgoingCall;

/// Told of what happens to a call that one makes, on the thread of the call: it notes or schedules, and does not run
/// long. It may call the functions of the call, but for release().
class OutgoingListener {
 public:
  /// There are headers, a message, room to send, or the status, which was not so before. More than needed may be told.
  virtual void on_progress(OutgoingCall& call) noexcept = 0;

 protected:
  ~OutgoingListener() = default;
};

/// What is called.
struct OutgoingRequest {
  /// "/package.Service/Method".
  std::string_view path;
  MethodKind kind = MethodKind::unary;
  Clock::time_point deadline = Request::no_deadline;
  /// Read before the call is returned.
  const Metadata& metadata;
  /// The call that it is made for, and whose trace it belongs to; nullptr for none. Not kept.
  const Call* parent = nullptr;
  /// The call that its caller serves when it makes it; nullptr for none. Not kept.
  const Call* served = nullptr;
  /// That one has an instance of its own, which is in use as long as it.
  bool holds_instance = false;
  /// The name of the module that makes it; empty where it is none.
  std::string_view caller = {};
  /// How messages are sent, where the target compresses at all.
  Encoding encoding = Encoding::identity;
};

/// Adds what says to which trace a call belongs that is made for `parent`, but for what is there.
void add_trace_keys(Metadata& metadata, const Call& parent);

/// A call that was begun. It belongs to one thread. What it has received stays until it is let go of.
class OutgoingCall {
 public:
  OutgoingCall(const OutgoingCall&) = delete;
  OutgoingCall& operator=(const OutgoingCall&) = delete;

  // ---- The request ----

  /// Sends one message; it is copied. `last`: none follows. `again`: too much waits to be sent, on_progress() tells
  /// when there is room. `closed`: the last was sent. `cancelled`: the call has ended. `invalid`: a second message
  /// where the method takes one.
  [[nodiscard]] virtual SendResult send(std::span<const std::byte> message, bool last) = 0;
  /// No more messages follow.
  virtual SendResult half_close() = 0;
  /// True when send() would not answer `again`.
  [[nodiscard]] virtual bool writable() const noexcept = 0;

  // ---- The response ----

  /// The first message not yet taken, or nothing. It lives until the next function of this or any other call is called.
  [[nodiscard]] virtual std::optional<std::span<const std::byte>> message() noexcept = 0;
  virtual void pop_message() noexcept = 0;
  /// True once the response headers are there.
  [[nodiscard]] virtual bool has_headers() const noexcept = 0;
  [[nodiscard]] virtual const Metadata& headers() const noexcept = 0;
  /// True once there is a status. Messages that came before may still be there.
  [[nodiscard]] virtual bool ended() const noexcept = 0;
  /// Of a call that has ended.
  [[nodiscard]] virtual const Status& status() const noexcept = 0;
  /// Likewise; a google.rpc.Status is "grpc-status-details-bin".
  [[nodiscard]] virtual const Metadata& trailers() const noexcept = 0;
  /// True when it notes by itself when it began, with its first message where the method takes one, and when it ended:
  /// took() is then the time between, or until now.
  [[nodiscard]] virtual bool is_timed() const noexcept { return false; }
  [[nodiscard]] virtual Clock::duration took() const noexcept { return {}; }

  /// Ends it with this status, and tells the other side that nobody wants it; nothing happens when it has ended.
  virtual void cancel(Status why) noexcept = 0;

  // ---- Lifetime ----

  /// Who is told; nullptr for nobody. Not owned.
  void set_listener(OutgoingListener* listener) noexcept { listener_ = listener; }
  /// Nobody wants it any more: it ends, if it has not, and is gone.
  void release() noexcept {
    listener_ = nullptr;
    let_go();
  }

 protected:
  OutgoingCall() = default;
  virtual ~OutgoingCall() = default;

  /// Ends it, if it has not, and destroys it or puts it back into its pool.
  virtual void let_go() noexcept = 0;
  void tell() noexcept {
    if (listener_ != nullptr) listener_->on_progress(*this);
  }

 private:
  OutgoingListener* listener_ = nullptr;
};

struct ReleaseOutgoing {
  void operator()(OutgoingCall* call) const noexcept { call->release(); }
};
using OutgoingCallPtr = std::unique_ptr<OutgoingCall, ReleaseOutgoing>;

/// A call that has ended before it was begun.
[[nodiscard]] OutgoingCallPtr ended_call(Status status);

/// Somebody who can be called, on one worker; used on its thread.
class CallTarget {
 public:
  CallTarget(const CallTarget&) = delete;
  CallTarget& operator=(const CallTarget&) = delete;
  virtual ~CallTarget() = default;
  /// Begins a call. Never nullptr: one that cannot be made has ended.
  [[nodiscard]] virtual OutgoingCallPtr begin(const OutgoingRequest& request) = 0;

 protected:
  CallTarget() = default;
};

}  // namespace wasm_grpc::rpc
