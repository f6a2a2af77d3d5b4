#include "http2/http1_wire.h"

namespace wasm_grpc::http2 {

void Http1Wire::feed(std::span<const std::byte> bytes) {
  bridge_.take(bytes);
  while (session_.takes_input()) {
    const auto frames = bridge_.next_frames();
    if (frames.empty()) break;
    session_.feed(frames);
  }
  if (bridge_.is_over() && !bridge_.complaint().empty()) {
    owner_.note_end(EndReason::malformed_http1, bridge_.complaint());
  }
}

Wire::Pulled Http1Wire::pull(net::OutputBatch& batch) {
  const bool wanted_input = bridge_.wants_input();
  const bool more = session_.pull(batch);
  for (const asio::const_buffer& frames : batch.buffers()) {
    bridge_.take_frames(std::span(static_cast<const std::byte*>(frames.data()), frames.size()));
  }
  batch.clear();
  if (!bridge_.output().empty()) batch.copy(bridge_.output());
  bridge_.output().clear();
  bridge_.shrink_when_idle();
  // Not here: handlers are not started in a flush.
  return {.more = more, .go_on = bridge_.has_frames() || (!wanted_input && bridge_.wants_input())};
}

}  // namespace wasm_grpc::http2
