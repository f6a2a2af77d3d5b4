// A call that an instance makes beside others, whose events wake the coroutines that wait for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wasm_grpc/guest/async_call.h"
#include "wasm_grpc/guest/async_stream.h"
#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/client/abi.h"
#include "wasm_grpc/guest/client/made_call.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/wait.h"

namespace wasm_grpc::guest::detail {

/// The call and who waits for it.
class AsyncMadeCall final : private MadeCall, public LoopCall {
 public:
  AsyncMadeCall(const Context& context, std::string_view target, std::string_view path, std::int32_t kind,
                const CallOptions& options)
      : MadeCall(context, target, path, kind, options), LoopCall(*instance_of(context).loop, MadeCall::id()) {}
  ~AsyncMadeCall() override { ended_list_.wake_all(); }

  [[nodiscard]] const MadeCall& host() const noexcept { return *this; }
  [[nodiscard]] Buffer& buffer() const noexcept { return loop().instance().of_calls_made; }
  /// Who waits for its status.
  [[nodiscard]] WaitList& ended_list() noexcept { return ended_list_; }

  /// Sends the last request, or keeps it until there is room.
  void send_last(Bytes message) {
    if (host().send(message, true) == Sent::not_yet) unsent_ = message.copy();
  }
  /// In handler style: suspends the guest until it has ended, or the time has passed.
  void wait_ended(std::int64_t timeout_ns) {
    while (unsent_ && host().wait(abi::client_writable, timeout_ns) > 0) send_unsent();
    if (!unsent_) (void)host().wait(abi::client_ended, timeout_ns);
  }

 private:
  void take(std::int32_t event, std::int32_t holding) noexcept override {
    if (event != abi::event_client) return;
    if ((holding & abi::client_readable) != 0) readable().wake_all();
    if ((holding & abi::client_writable) != 0) {
      send_unsent();
      writable().wake_all();
    }
    if ((holding & abi::client_ended) != 0) ended_list_.wake_all();
  }
  void destroy() noexcept override { leave_loop(); }  // its owner's frame has it
  void send_unsent() {
    if (unsent_ && host().send(*unsent_, true) != Sent::not_yet) unsent_.reset();
  }

  std::optional<std::string> unsent_;
  WaitList ended_list_;
};

/// For select(), and for itself: one of what a call that was made may come to.
class MadeCallSource : public Awaitable<MadeCallSource> {
 public:
  MadeCallSource(AsyncMadeCall& call, std::int32_t interest) noexcept : call_(&call), interest_(interest) {}
  [[nodiscard]] bool ready() const { return call_->host().holds(interest_); }
  [[nodiscard]] WaitList& list() const noexcept {
    return interest_ == abi::client_readable   ? call_->readable()
           : interest_ == abi::client_writable ? call_->writable()
                                               : call_->ended_list();
  }

 private:
  AsyncMadeCall* call_;
  std::int32_t interest_;
};

}  // namespace wasm_grpc::guest::detail
