// One call in event style: what its guest has still to be told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "abi/abi.h"
#include "rpc/timer_queue.h"
#include "runtime/guests/cpu_allowance.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::runtime {

class EventHub;

/// Notes the events of a call until its hub tells the guest: at most one of each kind, so that a client cannot make
/// more of them than the guest takes. What stays behind them, its messages, is bounded by the flow control of its
/// stream. Belongs to the hub's thread; comes from and returns to the hub.
class EventCall final : public rpc::CallListener, public rpc::Timer, public abi::EventCallHost {
 public:
  explicit EventCall(EventHub& hub) : hub_(hub) {}
  ~EventCall() override = default;

 private:
  friend class EventHub;
  friend class EventQueue;

  void on_readable(rpc::Call& call) noexcept override;
  void on_writable(rpc::Call& call) noexcept override;
  void on_cancelled(rpc::Call& call) noexcept override;
  void on_timer() noexcept override;
  void set_timer(std::chrono::nanoseconds timeout) noexcept override;
  void guest_finished() noexcept override;
  void refused() noexcept override { on_cancelled(*call_); }

  void note(abi::Event event) noexcept;
  /// The guest has been told of it, and knows it by its number.
  [[nodiscard]] bool opened() const noexcept { return id_ != 0; }
  /// The next event, which is then no longer noted; nothing when it waits for a message that is being decompressed, and
  /// is noted again with that.
  [[nodiscard]] std::optional<abi::Event> take_event() noexcept;

  EventHub& hub_;
  rpc::Call* call_ = nullptr;
  std::int32_t id_ = 0;
  std::int32_t tag_ = 0;
  CpuAllowance allowance_;   // of its events
  std::uint8_t events_ = 0;  // those noted, by the bit of their number
  bool told_half_close_ = false;
  bool waits_to_open_ = false;  // for its request to be decompressed
  bool queued_ = false;
  EventCall* previous_ = nullptr;
  EventCall* next_ = nullptr;
  std::size_t live_index_ = 0;
};

/// Calls with events to be told, in the order they came.
class EventQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  void push(EventCall& call) noexcept;
  [[nodiscard]] EventCall& pop() noexcept;
  /// Takes it out, if it is in.
  void remove(EventCall& call) noexcept;

 private:
  EventCall* first_ = nullptr;
  EventCall* last_ = nullptr;
};

}  // namespace wasm_grpc::runtime
