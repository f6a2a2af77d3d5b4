// The calls in handler style of one worker, and who begins them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/guests/guest_call.h"
#include "runtime/sharing/loan_handler.h"

namespace wasm_grpc::runtime {

class Loans;

/// What they share, and their memory. Used on the worker's thread.
class GuestCalls final : private InstanceHolder {
 public:
  /// What `context` names outlives it.
  explicit GuestCalls(const GuestContext& context) : context_(context) {}
  ~GuestCalls();
  GuestCalls(const GuestCalls&) = delete;
  GuestCalls& operator=(const GuestCalls&) = delete;

  /// Long calls are lent to other workers from now on.
  void share(Loans& loans) noexcept { loans_ = &loans; }

  /// Serves a call by a module's method.
  void serve(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost) noexcept;
  /// Serves a call that another worker lent; `guest` is in the middle of it, or there is none.
  void serve_loan(BorrowedCall& call, InstancePool& instances, std::int32_t tag, MethodCost& cost,
                  MovingGuest guest) noexcept;
  /// Goes on with a call that was lent with its guest, and has come home.
  void go_on(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost, MovingGuest guest) noexcept;
  /// Calls of this pool that only wait for their clients make way for others when it asks. The pool outlives this.
  void hold_for(InstancePool& pool) { pool.add_holder(*this); }
  /// Ends the calls of a pool, but for those that other workers lent: their clients get this status.
  void end_calls(const InstancePool& instances, const rpc::Status& status) noexcept;
  /// Ends all calls in progress at once.
  void abandon_all() noexcept;

  [[nodiscard]] const GuestContext& context() const noexcept { return context_; }

 private:
  friend class GuestCall;
  [[nodiscard]] std::optional<IdleStream> find_idle_stream(const Press& press) noexcept override;
  bool end_idle_stream(const Press& press) noexcept override;
  [[nodiscard]] std::pair<GuestCall*, IdleStream> largest_idle_stream(const Press& press) const noexcept;
  [[nodiscard]] GuestCall& take() noexcept;
  void recycle(GuestCall& call) noexcept;

  Loans* loans_ = nullptr;
  GuestContext context_;
  std::vector<std::unique_ptr<GuestCall>> all_;
  std::vector<GuestCall*> live_;
  GuestCall* free_ = nullptr;
};

/// Serves the calls of one method in handler style on one worker, its own and those that others lend it.
class GuestHandler final : public LoanHandler {
 public:
  GuestHandler(GuestCalls& calls, InstancePool& instances, std::int32_t tag)
      : calls_(calls), instances_(instances), tag_(tag) {}
  void start(rpc::Call& call) noexcept override {
    if (!refuses(call)) calls_.serve(call, instances_, tag_, cost_);
  }
  void start_loan(BorrowedCall& call, MovingGuest guest) noexcept override {
    calls_.serve_loan(call, instances_, tag_, cost_, std::move(guest));
  }
  void come_home(rpc::Call& call, MovingGuest guest) noexcept override {
    calls_.go_on(call, instances_, tag_, cost_, std::move(guest));
  }

 private:
  GuestCalls& calls_;
  InstancePool& instances_;
  std::int32_t tag_;
  MethodCost cost_;
};

}  // namespace wasm_grpc::runtime
