#include "http2/session/large_input.h"

#include <utility>

#include "http2/session/stream.h"

namespace wasm_grpc::http2 {

bool LargeInput::has_room_for(const Stream& stream) const noexcept {
  return granted_ == 0 || granted_ + stream.wanted_input() <= most_;
}

void LargeInput::request(Stream& stream) {
  if (stream.place().waits_for_grant) return;
  if (waiting_.empty() && has_room_for(stream)) {
    granted_ += stream.grant_large_input();
    return;
  }
  stream.place().waits_for_grant = true;
  stream.retain();
  waiting_.push_back(&stream);
}

void LargeInput::release(std::size_t bytes) {
  granted_ -= bytes;
  while (!waiting_.empty()) {
    Stream* stream = waiting_.front();
    if (!has_room_for(*stream)) return;
    waiting_.erase(waiting_.begin());
    stream->place().waits_for_grant = false;
    granted_ += stream->grant_large_input();
    stream->release();
  }
}

void LargeInput::close() {
  for (Stream* stream : std::exchange(waiting_, {})) {
    stream->place().waits_for_grant = false;
    stream->release();
  }
}

}  // namespace wasm_grpc::http2
