// A call that is made to try a method, on one worker.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "admin/trials.h"
#include "rpc/outgoing_call.h"
#include "runtime/outgoing/local_calls.h"

namespace wasm_grpc::runtime {

/// Takes what is answered, up to the limits of admin::Trials. Used on the worker's thread. Whoever has made it keeps it
/// until it is done, or drops it.
class TrialCall final : public std::enable_shared_from_this<TrialCall>, private rpc::OutgoingListener {
 public:
  /// Runs a function on the worker's thread, later.
  using Post = std::function<void(std::function<void()> function)>;
  /// Told once, and not in the midst of a guest.
  using Done = std::function<void(const TrialCall& call, admin::Outcome outcome)>;
  TrialCall(Post post, Done done) : post_(std::move(post)), done_(std::move(done)) {}
  TrialCall(const TrialCall&) = delete;
  TrialCall& operator=(const TrialCall&) = delete;

  /// Makes it, with one message. `method`: nullptr where it is not served any more.
  void begin(LocalCalls& calls, const rpc::Method* method, std::string_view message, const rpc::Metadata& metadata,
             std::chrono::milliseconds timeout);
  /// Ends it.
  void cancel() noexcept;
  /// Lets go of it without a word: its worker has ended.
  void drop() noexcept { call_.reset(); }

 private:
  void on_progress(rpc::OutgoingCall& call) noexcept override;
  void go_on();
  void end(rpc::Status status);

  const Post post_;
  const Done done_;
  rpc::OutgoingCallPtr call_;  // nullptr: it has not begun, or is over
  rpc::Clock::time_point began_{};
  admin::Outcome outcome_;
  std::size_t bytes_ = 0;
  bool is_told_ = false;  // go_on() is posted
};

}  // namespace wasm_grpc::runtime
