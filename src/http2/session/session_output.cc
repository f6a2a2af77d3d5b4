// What a session sends.
#include <utility>

#include "http2/session/session.h"
#include "http2/session/session_core.h"
#include "http2/session/stream.h"

namespace wasm_grpc::http2 {

void Session::mark_dirty() {
  if (dirty_) return;
  dirty_ = true;
  owner_.has_output();
}

void Session::mark_dirty(Stream& stream) {
  if (stream.place().dirty) return;
  stream.place().dirty = true;
  stream.retain();
  dirty_streams_.push_back(&stream);
  mark_dirty();
}

void Session::mark_written(Stream& stream) {
  if (stream.place().written) return;
  stream.place().written = true;
  stream.retain();
  written_streams_.push_back(&stream);
}

void Session::submit() {
  // By index: what is said to a listener here may mark further streams.
  for (std::size_t i = 0; i < dirty_streams_.size(); ++i) {
    Stream* stream = dirty_streams_[i];
    stream->place().dirty = false;
    stream->submit();
    stream->release();
  }
  dirty_streams_.clear();
}

bool Session::pull(net::OutputBatch& batch) {
  if (!hello_.empty()) {
    batch.copy(hello_);
    std::vector<std::byte>().swap(hello_);
  }
  busy_ = true;
  batch_ = &batch;
  bool more = true;
  while (!batch.full()) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size <= 0) {
      close_wanted_ = close_wanted_ || size < 0;
      // Nothing is left, or send_large_data() has filled the batch.
      more = batch.full();
      break;
    }
    batch.copy(std::as_bytes(std::span(data, static_cast<std::size_t>(size))));
  }
  batch_ = nullptr;
  busy_ = false;
  return more;
}

int Session::send_large_data(Stream& stream, const std::uint8_t* frame_head, std::size_t length) {
  constexpr std::size_t frame_head_size = 9;
  batch_->copy(std::as_bytes(std::span(frame_head, frame_head_size)));
  batch_->refer(stream.take_output(length));
  mark_written(stream);
  // Give pull() the chance to stop here.
  return batch_->full() ? NGHTTP2_ERR_PAUSE : 0;
}

// One by one: what is told of it may close the connection.
void Session::written() {
  while (!written_streams_.empty()) {
    Stream* stream = written_streams_.back();
    written_streams_.pop_back();
    stream->place().written = false;
    stream->output_written();
    stream->release();
  }
}

void Session::answer_complete(Stream& stream) noexcept {
  guard_.answered(static_cast<std::uint32_t>(stream.id()));
  if (!stream.input_open()) return;
  stream.place().ends_early = true;
  ++early_ends_;
}

void Session::frame_sent(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_DATA:
      guard_.data_sent();
      ++data_sent_;
      [[fallthrough]];
    case NGHTTP2_HEADERS:
      ++answers_sent_;
      // The answer is complete and the client still sends: it may stop (RFC 9113, 8.1).
      if (early_ends_ > 0 && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        Stream* stream = find(frame.hd.stream_id);
        if (stream != nullptr && stream->place().ends_early) {
          stream->place().ends_early = false;
          --early_ends_;
          if (stream->input_open()) {
            nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_NO_ERROR);
          }
        }
      }
      break;
    case NGHTTP2_RST_STREAM:
      // The errors of a client cost us as much as its resets. Those of a handler are not its.
      if (Stream* stream = find(frame.hd.stream_id); stream != nullptr && stream->is_broken_off()) break;
      if (frame.rst_stream.error_code != NGHTTP2_NO_ERROR && !forced_resets_.take()) {
        owner_.violated({EndReason::error_flood, NGHTTP2_ENHANCE_YOUR_CALM, "too many errors that reset a stream"});
      }
      break;
    case NGHTTP2_GOAWAY:
      note_goaway(frame.goaway);
      break;
    default:
      break;
  }
}

void Session::frame_not_sent(const nghttp2_frame& frame, int error) {
  // An answer that nghttp2 refuses to send would leave its call without an end.
  if (frame.hd.type != NGHTTP2_HEADERS || error == NGHTTP2_ERR_STREAM_CLOSED || error == NGHTTP2_ERR_STREAM_CLOSING ||
      find(frame.hd.stream_id) == nullptr) {
    return;
  }
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_INTERNAL_ERROR);
}

bool Session::is_flooded() const noexcept {
  return nghttp2_session_get_outbound_queue_size(session_) > 4 * settings().max_concurrent_streams + 1000;
}

void Session::report_unread() noexcept {
  OutputBudget* const budget = core_.output_budget.get();
  if (budget == nullptr || forgiven_) return;
  const bool grows = unread_ > reported_;
  budget->change(reported_, unread_);
  reported_ = unread_;
  if (grows && budget->is_too_much(unread_)) budget->make_room();
}

void Session::forgive_unread() noexcept {
  if (core_.output_budget != nullptr) core_.output_budget->change(std::exchange(reported_, 0), 0);
  forgiven_ = true;
}

bool Session::output_waits() const noexcept {
  for (Stream* stream = streams_; stream != nullptr; stream = stream->place().next) {
    if (stream->has_unsent_output()) return true;
  }
  return false;
}

std::size_t Session::window_wanted(std::size_t bytes) {
  if (keeps_windows_) return 0;
  if (bandwidth_.begin(rpc::Clock::now(), bytes)) ping(BandwidthMeter::payload);
  return bandwidth_.window();
}

}  // namespace wasm_grpc::http2
