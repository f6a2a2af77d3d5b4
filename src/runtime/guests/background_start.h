// Starts the instances that no call waits for yet.
#pragma once

#include <memory>

#include "runtime/guests/guest_run.h"

namespace wasm_grpc::runtime {

/// Runs the start of one instance of a pool at a time, a slice at a time like a call's, and gives it to the pool, which
/// outlives it. Used on the worker's thread.
class BackgroundStart final : public InstanceStarter, private GuestRun::Owner {
 public:
  BackgroundStart(InstancePool& pool, const GuestContext& context) : pool_(pool), run_(*this, context) {
    pool_.set_starter(this);
  }
  ~BackgroundStart() { pool_.set_starter(nullptr); }

  [[nodiscard]] bool busy() const noexcept override { return run_.has_guest(); }
  /// True when nothing is to be run, and it may be destroyed.
  [[nodiscard]] bool at_rest() const noexcept { return !busy() && !run_.queued(); }
  void start(std::unique_ptr<GuestInstance> guest, rpc::Clock::time_point limit) noexcept override {
    run_.start(pool_, std::move(guest), limit);
  }

 private:
  void on_turn() noexcept override;
  void on_refused(NoInstance) noexcept override {}  // it asks for none

  InstancePool& pool_;
  GuestRun run_;
};

}  // namespace wasm_grpc::runtime
