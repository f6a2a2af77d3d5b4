// Looks after a connection whose client lets things lie: header blocks that do not get complete, requests that do not
// go on, answers that it does not take.
#pragma once

#include <chrono>
#include <cstdint>

#include "rpc/timer_queue.h"

namespace wasm_grpc::http2 {

struct Core;
class Connection;

/// Looks now and then rather than being told, so that calls pay nothing for it. Belongs to its connection.
class ProgressWatch final : private rpc::Timer {
 public:
  explicit ProgressWatch(Connection& connection) noexcept : connection_(connection) {}

  /// From the connection's first byte to its close; does nothing where all time limits are off.
  void begin(Core& core);
  void end(Core& core) noexcept;

 private:
  void on_timer() noexcept override;
  void schedule(Core& core, rpc::Clock::time_point now);

  Connection& connection_;
  std::chrono::milliseconds interval_{0};  // between looks
  /// After how many looks at which nothing of a request had come its time is over. Looks are counted rather than time:
  /// a worker that was kept away from its sockets does not take that for its clients' silence.
  std::uint64_t silent_looks_ = 0;
  // What was seen last, and since when.
  std::uint64_t incomplete_ = 0;
  rpc::Clock::time_point incomplete_since_{};
  bool waiting_ = false;
  std::uint64_t moved_ = 0;
  rpc::Clock::time_point waiting_since_{};
};

}  // namespace wasm_grpc::http2
