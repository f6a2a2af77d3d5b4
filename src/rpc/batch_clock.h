// The time, read once for all that is done together.
#pragma once

#include "wasm_grpc/rpc/request.h"

namespace wasm_grpc::rpc {

/// Requests come in batches and answers leave in batches: for when each began or ended, the time of its batch is as
/// good as its own, and costs a part of reading the clock. Belongs to one thread.
class BatchClock {
 public:
  /// What follows happens later than what came before.
  void begin_batch() noexcept { known_ = false; }
  /// The time when it was first asked for in this batch.
  [[nodiscard]] Clock::time_point now() noexcept {
    if (!known_) {
      now_ = Clock::now();
      known_ = true;
    }
    return now_;
  }

 private:
  Clock::time_point now_{};
  bool known_ = false;
};

}  // namespace wasm_grpc::rpc
