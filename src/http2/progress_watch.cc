#include "http2/progress_watch.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "http2/connection.h"
#include "http2/core.h"

namespace wasm_grpc::http2 {

void ProgressWatch::begin(Core& core) { schedule(core, rpc::Clock::now()); }

void ProgressWatch::end(Core& core) noexcept { core.timers.cancel(*this); }

void ProgressWatch::schedule(Core& core, rpc::Clock::time_point now) {
  constexpr int looks = 4;  // in the shorter of the two times
  const auto header = core.settings.header_timeout;
  const auto stall = core.settings.stall_timeout;
  const auto shorter = header.count() == 0 ? stall : stall.count() == 0 ? header : std::min(header, stall);
  if (shorter.count() == 0) return;
  core.timers.schedule(*this, now + std::max(shorter / looks, std::chrono::milliseconds(1)));
}

void ProgressWatch::on_timer() noexcept {
  Core& core = connection_.core();
  const auto now = rpc::Clock::now();

  const std::uint64_t incomplete = connection_.incomplete();
  if (incomplete != incomplete_) incomplete_since_ = now;
  incomplete_ = incomplete;
  const auto header_timeout = core.settings.header_timeout;
  if (incomplete != 0 && header_timeout.count() != 0 && now - incomplete_since_ >= header_timeout) {
    connection_.end_for_delay(
        {EndReason::slow_headers, NGHTTP2_ENHANCE_YOUR_CALM, "a frame or header block that does not get complete"});
    return;
  }

  const bool waiting = connection_.output_waits();
  const std::uint64_t moved = connection_.output_moved();
  if (!waiting_ || moved != moved_) waiting_since_ = now;
  waiting_ = waiting;
  moved_ = moved;
  const auto stall_timeout = core.settings.stall_timeout;
  if (waiting && stall_timeout.count() != 0 && now - waiting_since_ >= stall_timeout) {
    connection_.end_for_delay(
        {EndReason::stalled_output, NGHTTP2_ENHANCE_YOUR_CALM, "answers that the client does not take"});
    return;
  }
  schedule(core, now);
}

}  // namespace wasm_grpc::http2
