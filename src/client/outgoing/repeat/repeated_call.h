// One call that may take several attempts: retried, or hedged (gRFC A6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "client/outgoing/network_call.h"
#include "client/outgoing/repeat/repeat_policy.h"
#include "rpc/outgoing_call.h"
#include "rpc/timer_queue.h"

namespace wasm_grpc::client {

class RepeatedCall;

/// Who has the calls of a target. Outlives them.
class AttemptMaker {
 public:
  /// Begins one more attempt, of which there were `previous` before; one that cannot be made has ended.
  [[nodiscard]] virtual NetworkCall* begin_attempt(const rpc::OutgoingRequest& request, std::size_t previous) = 0;
  /// Whether another attempt could be made at all.
  [[nodiscard]] virtual bool takes_attempts() const noexcept = 0;
  /// The caller has let go: it is to be destroyed.
  virtual void gone(RepeatedCall& call) noexcept = 0;

 protected:
  ~AttemptMaker() = default;
};

/// Keeps what its caller sends, up to `most_kept_for_attempts`, until one attempt is chosen: the first that answers
/// with headers, ends in a way that ends the call, or is the last. From there on it is that attempt. Belongs to one
/// thread.
class RepeatedCall final : public rpc::OutgoingCall, private rpc::OutgoingListener, private rpc::Timer {
 public:
  struct Context {
    AttemptMaker& maker;
    rpc::TimerQueue& timers;
    RepeatThrottle& throttle;
    std::minstd_rand& random;
  };

  /// All outlive it, and `policy` too. `request` is read.
  RepeatedCall(const Context& context, const RepeatPolicy& policy, const rpc::OutgoingRequest& request);

  /// Begins the first attempt.
  void start();
  /// Ends it with this status, whatever has come of it.
  void stop(const rpc::Status& why) noexcept { cancel(why); }

  // ---- rpc::OutgoingCall ----

  [[nodiscard]] rpc::SendResult send(std::span<const std::byte> message, bool last) override;
  rpc::SendResult half_close() override;
  [[nodiscard]] bool writable() const noexcept override;
  std::optional<std::span<const std::byte>> message() noexcept override;
  void pop_message() noexcept override;
  [[nodiscard]] bool has_headers() const noexcept override { return chosen_ != nullptr && chosen_->has_headers(); }
  [[nodiscard]] const rpc::Metadata& headers() const noexcept override;
  [[nodiscard]] bool ended() const noexcept override { return own_status_ || (chosen_ != nullptr && chosen_->ended()); }
  [[nodiscard]] const rpc::Status& status() const noexcept override;
  [[nodiscard]] const rpc::Metadata& trailers() const noexcept override;
  void cancel(rpc::Status why) noexcept override;

 private:
  struct Attempt {
    std::unique_ptr<NetworkCall, rpc::ReleaseOutgoing> call;  // nullptr: it was given up
    std::size_t sent = 0;                                     // of messages_
    bool half_closed = false;
    bool over = false;  // it has ended, and is not to be chosen for that alone
    bool too_slow = false;
  };

  void let_go() noexcept override;
  void on_progress(rpc::OutgoingCall& call) noexcept override;
  void on_timer() noexcept override;

  void begin_attempt();
  void look_at(Attempt& attempt) noexcept;
  void attempt_failed(Attempt& attempt) noexcept;
  void hedge_further(Attempt& failed, bool stops) noexcept;
  void retry(Attempt& failed, bool stops) noexcept;
  void choose(Attempt& attempt) noexcept;
  void count_success() noexcept;
  void flush(Attempt& attempt) noexcept;
  void flush_all() noexcept;
  void arm() noexcept;
  [[nodiscard]] Attempt* oldest_alive() noexcept;

  Context context_;
  const RepeatPolicy& policy_;
  std::string path_;
  rpc::MethodKind kind_;
  rpc::Encoding encoding_;
  rpc::Clock::time_point deadline_;
  rpc::Metadata metadata_;

  std::vector<std::string> messages_;  // from the beginning until one is chosen; then those it has not taken
  std::size_t kept_ = 0;               // bytes of them
  std::uint64_t sent_messages_ = 0;
  bool half_closed_ = false;

  std::vector<Attempt> attempts_;  // has room for all from the start
  NetworkCall* chosen_ = nullptr;
  bool counted_ = false;                     // as one that succeeded
  std::optional<rpc::Status> own_status_;    // ended without one that was chosen
  rpc::Clock::time_point next_attempt_;      // max(): none
  rpc::Clock::time_point attempt_gives_up_;  // max(): never
};

/// Bytes of messages that are kept to be sent again; one message may pass it, and is the last that is. A call that
/// sends more has the attempt that it has then.
inline constexpr std::size_t most_kept_for_attempts = std::size_t{256} << 10;
/// A server that wants to be asked again later than that is not asked again.
inline constexpr std::chrono::milliseconds longest_pushback{60'000};

}  // namespace wasm_grpc::client
