#include "http2/progress_watch.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "http2/connection.h"
#include "http2/core.h"

namespace wasm_grpc::http2 {

void ProgressWatch::begin(Core& core) {
  constexpr int looks = 4;  // in the shortest of the times
  constexpr std::chrono::milliseconds least(1);
  const ConnectionOptions& settings = connection_.settings();
  for (const auto limit :
       {settings.clients.header_timeout, settings.clients.stall_timeout, settings.clients.request_idle_timeout}) {
    if (limit.count() == 0) continue;
    const auto interval = std::max(limit / looks, least);
    interval_ = interval_.count() == 0 ? interval : std::min(interval_, interval);
  }
  if (interval_.count() == 0) return;
  const auto idle = settings.clients.request_idle_timeout;
  if (idle.count() > 0) silent_looks_ = static_cast<std::uint64_t>((idle - least) / interval_ + 1);  // rounded up
  schedule(core, rpc::Clock::now());
}

void ProgressWatch::end(Core& core) noexcept { core.timers.cancel(*this); }

void ProgressWatch::schedule(Core& core, rpc::Clock::time_point now) {
  core.timers.schedule(*this, rpc::later(now, interval_));
}

void ProgressWatch::on_timer() noexcept {
  Core& core = connection_.core();
  const auto now = rpc::Clock::now();

  const std::uint64_t incomplete = connection_.incomplete();
  if (incomplete != incomplete_) incomplete_since_ = now;
  incomplete_ = incomplete;
  const auto header_timeout = connection_.settings().clients.header_timeout;
  if (incomplete != 0 && header_timeout.count() != 0 && rpc::later(incomplete_since_, header_timeout) <= now) {
    connection_.end_for_delay(
        {EndReason::slow_headers, NGHTTP2_ENHANCE_YOUR_CALM, "a frame or header block that does not get complete"});
    return;
  }

  const bool waiting = connection_.output_waits();
  const std::uint64_t moved = connection_.output_moved();
  if (!waiting_ || moved != moved_) waiting_since_ = now;
  waiting_ = waiting;
  moved_ = moved;
  const auto stall_timeout = connection_.settings().clients.stall_timeout;
  if (waiting && stall_timeout.count() != 0 && rpc::later(waiting_since_, stall_timeout) <= now) {
    connection_.end_for_delay(
        {EndReason::stalled_output, NGHTTP2_ENHANCE_YOUR_CALM, "answers that the client does not take"});
    return;
  }
  if (silent_looks_ > 0) connection_.look_at_requests(silent_looks_);
  schedule(core, now);
}

}  // namespace wasm_grpc::http2
