// A call in handler style: one instance serves it from its beginning to its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "abi/abi.h"
#include "abi/client_1/call_maker.h"
#include "runtime/guests/guest_run.h"
#include "runtime/guests/method_cost.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::runtime {

class GuestCalls;
class BorrowedCall;

/// One call in progress. Belongs to its worker's thread; comes from and returns to its GuestCalls.
///
/// An ABI may serve a call by several fibers, one after the other; between them it may wait for something to read.
/// Whoever runs (GuestRun) or tells (the call) may end it; end() is the one way out.
class GuestCall final : private GuestRun::Owner, private rpc::CallListener, private abi::client_1::CallWatcher {
 public:
  explicit GuestCall(GuestCalls& owner);
  ~GuestCall() override = default;

  /// Begins to serve `call`, which it holds until its end.
  void begin(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost) noexcept;
  /// Begins to serve a call that another worker lent, or goes on with a guest in the middle of it.
  void begin(BorrowedCall& call, InstancePool& instances, std::int32_t tag, MethodCost& cost,
             MovingGuest guest) noexcept;
  /// Goes on with a call that was lent with its guest, and has come home.
  void go_on(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost, MovingGuest guest) noexcept;
  /// True when it waits for its client to say something, or for anything while that has said nothing yet, and has an
  /// instance.
  [[nodiscard]] bool waits_for_client() const noexcept;
  /// Ends it, so that others get its instance.
  void make_way() noexcept;
  /// Ends it with this status, whatever it does; not one that another worker lent, which ends it there.
  void end_with(const rpc::Status& status) noexcept;
  /// Ends it without a status, whatever it does: for a worker that stops.
  void abandon() noexcept;

 private:
  friend class GuestCalls;

  // What it listens to.
  void on_turn() noexcept override;
  void on_refused(NoInstance why) noexcept override;
  void on_resumed() noexcept override;
  /// The call has ended for its client.
  [[nodiscard]] bool over() const noexcept override { return call_->cancelled() || call_->finished(); }
  [[nodiscard]] bool told_of_end() const noexcept override;
  void on_readable(rpc::Call& call) noexcept override;
  void on_writable(rpc::Call& call) noexcept override;
  void on_cancelled(rpc::Call& call) noexcept override;
  void on_outgoing_progress() noexcept override;

  void hold(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost) noexcept;
  /// True when it is to be served at once, inside of the guest that calls.
  [[nodiscard]] bool may_run_inside() const noexcept;
  /// Hands it to an idle worker, if that pays and there is one. This object is then done with it.
  [[nodiscard]] bool lend() noexcept;
  /// The same for one that another worker lent, in the other direction.
  [[nodiscard]] bool go_home() noexcept;
  /// True when it has an instance now; else it waits for one, or was ended.
  [[nodiscard]] bool acquire() noexcept;
  /// It is about to wait for an instance: false when it may not, and was ended.
  [[nodiscard]] bool may_wait() noexcept;
  void stop_waiting_in_chain() noexcept;
  /// The side of its instance by which the guest calls others; nullptr where it does not.
  [[nodiscard]] abi::client_1::InstanceBinding* client_side() const noexcept;
  /// Lets the guest call others from here on.
  void attach_client_side() noexcept;
  void run_guest() noexcept;
  /// Takes the next step of the call. True when there is a fiber to run.
  [[nodiscard]] bool take(abi::CallStep step) noexcept;
  [[nodiscard]] GuestRun::Step step() noexcept;
  void set_waiting(bool waiting) noexcept;
  void tell_span(rpc::SpanEvent event, std::string_view detail = {}) noexcept {
    if (rpc::CallSpan* const span = call_->span()) span->happened(event, detail);
  }

  void fail() noexcept;
  void fail_start() noexcept;
  void fail_guest() noexcept;
  void fail_spent() noexcept;
  /// The call has ended, and the guest goes on as if it had not.
  void drop_late_guest() noexcept;

  /// What may wake a call that waits; bits of abi::interest.
  [[nodiscard]] bool waits_for(std::uint32_t what) const noexcept;
  /// Lets go of the call and what is left of the instance.
  void end(bool instance_is_good) noexcept;

  GuestCalls& owner_;
  GuestRun run_;
  rpc::Call* call_ = nullptr;
  BorrowedCall* borrowed_ = nullptr;  // call_, when another worker lent it
  InstancePool* instances_ = nullptr;
  MethodCost* cost_ = nullptr;
  std::int32_t tag_ = 0;
  bool waits_in_chain_ = false;  // for an instance, as a call of a module by another
  bool guest_visits_ = false;    // it came with the loan, and goes back with it
  bool between_fibers_ = false;  // the guest has begun the call, and waits for something to read without a fiber
  GuestCall* next_free_ = nullptr;
  std::size_t live_index_ = 0;
};

}  // namespace wasm_grpc::runtime
