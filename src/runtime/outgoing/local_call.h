// A call of a module by another of the same server: what one side sends is copied to the other, on one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rpc/outgoing_call.h"
#include "rpc/timer_queue.h"
#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/call_observer.h"
#include "wasm_grpc/rpc/gate.h"

namespace wasm_grpc::runtime {

class LocalCall;
class LocalCalls;

/// The call as the one who serves it sees it: an rpc::Call whose transport is its caller.
///
/// Its caller's functions are called in the midst of a guest, so that nothing of them may end another guest: what would
/// is done later, by LocalCalls::catch_up().
class ServedLocally final : public rpc::Call, private rpc::Timer {
 public:
  explicit ServedLocally(LocalCall& caller);

  [[nodiscard]] LocalCall& caller() const noexcept { return caller_; }
  /// Ends it for both sides. Not in the midst of a guest.
  void refuse(rpc::Status status) noexcept;

 private:
  friend class LocalCall;

  // rpc::Call
  void output_ready() noexcept override;
  void input_consumed(std::size_t bytes) noexcept override;
  void let_go() noexcept override;
  void recycle() noexcept override;
  // rpc::Timer
  void on_timer() noexcept override;

  void begin(const rpc::OutgoingRequest& request, const rpc::Method& method, std::shared_ptr<const rpc::Client> client,
             std::string_view authority);
  /// Makes its deadline no later than its method may take.
  void set_deadline() noexcept;
  void start() noexcept;
  void note_end() noexcept;
  /// One of its own holders: the caller.
  [[nodiscard]] bool only_caller_holds() const noexcept { return holders() == 1; }

  LocalCall& caller_;
  std::shared_ptr<const rpc::Client> known_client_;
  std::size_t held_ = 0;  // bytes of requests that were not taken
  bool started_ = false;
  bool over_time_ = false;  // its deadline is what its method may take
  bool counted_ = false;    // by the observer
  bool end_noted_ = false;
  // Once it was started, and its end noted.
  rpc::Clock::time_point started_at_{};
  rpc::Clock::time_point ended_at_{};
};

/// The same call as its caller sees it. Comes from and returns to LocalCalls.
class LocalCall final : public rpc::OutgoingCall {
 public:
  explicit LocalCall(LocalCalls& owner);

  // ---- rpc::OutgoingCall ----

  [[nodiscard]] rpc::SendResult send(std::span<const std::byte> message, bool last) override;
  rpc::SendResult half_close() override;
  [[nodiscard]] bool writable() const noexcept override;
  std::optional<std::span<const std::byte>> message() noexcept override;
  void pop_message() noexcept override;
  [[nodiscard]] bool has_headers() const noexcept override { return served_.response_.headers_wanted; }
  [[nodiscard]] const rpc::Metadata& headers() const noexcept override { return served_.response_.headers; }
  [[nodiscard]] bool ended() const noexcept override { return status_.has_value() || served_.output_complete(); }
  [[nodiscard]] const rpc::Status& status() const noexcept override {
    return status_ ? *status_ : served_.response_.status;
  }
  [[nodiscard]] const rpc::Metadata& trailers() const noexcept override { return served_.response_.trailers; }
  [[nodiscard]] bool is_timed() const noexcept override { return true; }
  [[nodiscard]] rpc::Clock::duration took() const noexcept override;
  void cancel(rpc::Status why) noexcept override;

  /// The call that its caller serves with an instance of its own, as long as that makes this one; nullptr: there is
  /// none.
  [[nodiscard]] const rpc::Call* holder() const noexcept { return holder_; }

 private:
  friend class LocalCalls;
  friend class ServedLocally;

  void let_go() noexcept override;
  void begin(const rpc::OutgoingRequest& request, const rpc::Method& method, std::shared_ptr<const rpc::Client> client,
             std::string_view authority);
  void end_requests();
  void catch_up() noexcept;
  void later() noexcept;
  void reset() noexcept;

  LocalCalls& owner_;
  ServedLocally served_;
  const rpc::Call* holder_ = nullptr;
  rpc::MethodKind kind_ = rpc::MethodKind::unary;
  std::uint64_t sent_messages_ = 0;
  bool half_closed_ = false;
  bool wants_room_ = false;
  bool caller_gone_ = false;
  bool queued_ = false;                 // for catch_up()
  std::optional<rpc::Status> status_;   // what the caller is told instead of what the other side has said
  std::optional<rpc::Status> failure_;  // how the call is to end
};

/// Bytes of requests that may wait to be taken before send() answers `again`; one message may pass it.
inline constexpr std::size_t most_untaken_requests = std::size_t{64} << 10;

}  // namespace wasm_grpc::runtime
