// A stream whose client speaks another protocol than gRPC: between the call and the bodies there is an exchange.
#include <algorithm>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>

#include "facade/facades.h"
#include "http2/session/session_core.h"
#include "http2/session/stream.h"

namespace wasm_grpc::http2 {

namespace {

// What a worker, or a stream, keeps to use again.
constexpr std::size_t kept_buffer = std::size_t{64} << 10;

}  // namespace

void Stream::add_cors(const OwnAnswer& answer) {
  const auto& tools = session_->core().facade_tools;
  if (!tools || !tools->facades.cors.is_on()) return;
  const auto origin = request_.metadata.get("origin");
  if (!origin || !tools->facades.cors.allows(*origin)) return;
  if (answer.preflight) {
    tools->facades.cors.add_preflight_fields(*origin, request_.metadata, response_.headers);
  } else {
    tools->facades.cors.add_fields(*origin, {}, response_.headers);
  }
}

void Stream::begin_facade() {
  facade_ = std::make_unique<Facade>();
  facade_->exchange = head_.take_exchange();
  const facade::Cors& cors = session_->core().facade_tools->facades.cors;
  const auto origin = request_.metadata.get("origin");
  if (origin && cors.is_on() && cors.allows(*origin)) facade_->origin = *origin;
}

rpc::Status Stream::receive_translated(std::span<const std::byte> bytes, bool ends) {
  SessionCore& core = session_->core();
  facade::Exchange& exchange = *facade_->exchange;
  std::vector<std::byte>& frames = core.frames;
  frames.clear();
  const std::size_t kept = exchange.held();
  rpc::Status status = ends ? exchange.end(frames) : exchange.take(bytes, frames);
  // What it neither keeps nor has passed on is done with: the client may send as much more.
  held_ += exchange.held() + frames.size();
  held_ -= kept;
  if (status.ok() && !frames.empty()) status = receive(frames, session_->settings().max_message_size);
  if (frames.capacity() > kept_buffer) std::vector<std::byte>().swap(frames);
  if (status.ok() && !ends) credit(0);
  return status;
}

void Stream::submit_translated() {
  Facade& facade = *facade_;
  facade::Exchange& exchange = *facade.exchange;
  const bool whole = exchange.answers_whole();
  if (whole) {
    if (!output_complete()) return;
    if (response_.status.ok()) translate_output();
    exchange.finish(response_, facade.body);
    facade.finished = true;
    output_sent_ = output_.size();
    output_drained();
  }
  responded_ = true;
  const int status = exchange.head(response_, facade.fields);
  if (whole) facade.fields.add("content-length", std::to_string(facade.body.size()));
  if (!facade.origin.empty()) {
    const facade::Cors& cors = session_->core().facade_tools->facades.cors;
    const rpc::Metadata exposed = facade.fields;
    cors.add_fields(facade.origin, exposed, facade.fields);
  }
  FieldBlock& block = session_->core().fields;
  block.clear();
  block.add_number(":status", static_cast<std::size_t>(status));
  block.add_headers(facade.fields);
  block.add_copy("date", session_->core().date.text(std::time(nullptr)));
  const bool ends = whole && facade.body.empty();
  if (ends) note_end_of_answer();
  submit_fields(block, !ends);
  count_unread();
}

// Fills the empty body with what waits to be sent.
void Stream::translate_output() {
  const auto frames = pending_output();
  rpc::Status status = facade_->exchange->translate(frames, facade_->body);
  output_sent_ += frames.size();
  if (status.ok()) return;
  ignores_input_ = true;
  if (output_complete()) {
    response_.status = std::move(status);
  } else {
    fail(std::move(status));
  }
}

ssize_t Stream::produce_translated(std::uint8_t* buffer, std::size_t length, std::uint32_t* data_flags) {
  Facade& facade = *facade_;
  facade::Exchange& exchange = *facade.exchange;
  if (!facade.has_unsent_body()) {
    facade.body_sent = 0;
    facade.body.clear();
    if (facade.body.capacity() > kept_buffer) std::string().swap(facade.body);
    if (const auto frames = pending_output(); !frames.empty()) {
      if (exchange.passes_frames()) return give_frames(frames, buffer, length, data_flags);
      translate_output();
      if (!output_complete()) session_->mark_written(*this);
    }
    if (output_complete() && !std::exchange(facade.finished, true)) exchange.finish(response_, facade.body);
  }
  const std::size_t left = facade.body.size() - facade.body_sent;
  if (left == 0 && !facade.finished) {
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  const std::size_t size = std::min(left, length);
  std::memcpy(buffer, facade.body.data() + facade.body_sent, size);
  facade.body_sent += size;
  if (facade.finished && size == left) {
    *data_flags |= NGHTTP2_DATA_FLAG_EOF;
    note_end_of_answer();
    if (exchange.ends_in_trailers()) {
      *data_flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      submit_trailers();
    }
  }
  return static_cast<ssize_t>(size);
}

}  // namespace wasm_grpc::http2
