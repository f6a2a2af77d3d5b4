// The answering half of a stream.
#include <algorithm>
#include <cstring>
#include <ctime>
#include <limits>
#include <utility>

#include "http2/session/session_core.h"
#include "http2/session/stream.h"

namespace wasm_grpc::http2 {

namespace {

// From here on a payload is written from where it is rather than copied among the other frames.
constexpr std::size_t no_copy_size = 4 * 1024;

// RFC 9110, 6.4.1: these answers have no body, and their content-length would say something else.
bool has_no_content(int http_status) { return http_status == 204 || http_status == 304; }

ssize_t produce_output(nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t length,
                       std::uint32_t* data_flags, nghttp2_data_source* source, void*) {
  return static_cast<Stream*>(source->ptr)->produce(buffer, length, data_flags);
}

}  // namespace

void Stream::output_ready() noexcept {
  if (!open_) return;
  count_unread();
  session_->mark_dirty(*this);
}

void Stream::count_unread() noexcept {
  std::size_t unread = 0;
  if (open_) {
    unread = pending_output().size();
    if (facade_ != nullptr) unread += facade_->body.size() - facade_->body_sent;
  }
  if (unread != unread_) session_->change_unread(std::exchange(unread_, unread), unread);
}

void Stream::submit() {
  if (!open_) return;
  count_messages();
  if (!responded_) {
    if (!response_.headers_wanted) return;
    if (is_http()) {
      submit_http_response();
      return;
    }
    if (facade_ != nullptr) {
      submit_translated();
      return;
    }
    responded_ = true;
    if (plain_status_ != 0) {
      submit_plain_response();
    } else {
      submit_response();
    }
  } else if (deferred_) {
    deferred_ = false;
    nghttp2_session_resume_data(session_->nghttp2(), id_);
  }
}

void Stream::submit_response() {
  FieldBlock& block = session_->core().fields;
  block.clear();
  block.add(":status", "200");
  if (request_.content_subtype.empty()) {
    block.add("content-type", "application/grpc");
  } else {
    block.add_copy("content-type", "application/grpc+" + request_.content_subtype);
  }
  if (head_.mentions_encodings()) block.add("grpc-accept-encoding", rpc::known_encodings);
  if (response_.encoding != rpc::Encoding::identity) block.add("grpc-encoding", rpc::name(response_.encoding));
  block.add_metadata(response_.headers);
  // Without a message and without headers of its own the answer is a single frame ("Trailers-Only").
  const bool trailers_only = output_complete() && output_.empty() && response_.headers.empty();
  if (trailers_only) {
    block.add_status(response_.status, max_message_field());
    add_trailers(block);
    note_end_of_answer();
  }
  submit_fields(block, !trailers_only);
}

void Stream::submit_fields(FieldBlock& block, bool with_output) {
  const auto fields = block.fields();
  nghttp2_data_provider provider{};
  provider.source.ptr = this;
  provider.read_callback = produce_output;
  if (nghttp2_submit_response(session_->nghttp2(), id_, fields.data(), fields.size(),
                              with_output ? &provider : nullptr) != 0) {
    nghttp2_submit_rst_stream(session_->nghttp2(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_INTERNAL_ERROR);
  }
}

void Stream::submit_plain_response() {
  FieldBlock& block = session_->core().fields;
  block.clear();
  block.add_number(":status", static_cast<std::size_t>(plain_status_));
  if (!has_no_content(plain_status_)) block.add("content-type", "text/plain; charset=utf-8");
  block.add_headers(response_.headers);
  add_date(block);
  if (output_.empty()) note_end_of_answer();
  submit_fields(block, !output_.empty());
}

// RFC 9110, 6.6.1. Answers of gRPC do without: nothing of its protocol needs it.
void Stream::add_date(FieldBlock& block) {
  if (!response_.headers.get("date")) block.add_copy("date", session_->core().date.text(std::time(nullptr)));
}

bool Stream::takes_no_body() const noexcept { return has_no_content(response_.http_status) || head_.is_head_request(); }

void Stream::submit_http_response() {
  const bool sends_body = !takes_no_body();
  if (!sends_body) {
    // What the handler sends is only counted, and the answer leaves when that is known.
    const std::size_t unsent = pending_output().size();
    dropped_ += unsent;
    output_sent_ += unsent;
    count_unread();
    if (!response_.finished) {
      if (unsent > 0) session_->mark_written(*this);
      return;
    }
  }
  responded_ = true;
  if (!sends_body && response_.broken_off) {
    nghttp2_submit_rst_stream(session_->nghttp2(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_INTERNAL_ERROR);
    return;
  }
  FieldBlock& block = session_->core().fields;
  block.clear();
  block.add_number(":status", response_.http_status);
  block.add_headers(response_.headers);
  add_date(block);
  if (response_.finished && !response_.broken_off) {
    if (sends_body) {
      block.add_number("content-length", pending_output().size());
    } else if (!has_no_content(response_.http_status)) {
      block.add_number("content-length", dropped_);
    }
  }
  const bool ends = !sends_body || (response_.finished && !response_.broken_off && output_.empty());
  if (ends) note_end_of_answer();
  submit_fields(block, !ends);
}

ssize_t Stream::produce(std::uint8_t* buffer, std::size_t length, std::uint32_t* data_flags) {
  if (facade_ != nullptr) {
    const ssize_t produced = produce_translated(buffer, length, data_flags);
    count_unread();
    return produced;
  }
  const auto pending = pending_output();
  if (pending.empty() && !output_complete()) {
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (pending.empty() && response_.broken_off) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // resets the stream
  const ssize_t given = give_frames(pending, buffer, length, data_flags);
  if (static_cast<std::size_t>(given) == pending.size() && output_complete() && !response_.broken_off) {
    *data_flags |= NGHTTP2_DATA_FLAG_EOF;
    note_end_of_answer();
    if (plain_status_ == 0 && !is_http()) {
      *data_flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      submit_trailers();
    }
  }
  return given;
}

ssize_t Stream::give_frames(std::span<const std::byte> frames, std::uint8_t* buffer, std::size_t length,
                            std::uint32_t* data_flags) {
  const std::size_t size = std::min(frames.size(), length);
  if (size >= no_copy_size) {
    *data_flags |= NGHTTP2_DATA_FLAG_NO_COPY;  // send_large_data() calls take_output()
  } else if (size > 0) {
    std::memcpy(buffer, frames.data(), size);
    output_sent_ += size;
    count_unread();
    if (!output_complete()) session_->mark_written(*this);
  }
  return static_cast<ssize_t>(size);
}

void Stream::add_trailers(FieldBlock& block) {
  block.add_metadata(response_.trailers);
  if (const std::string& load = session_->core().load_trailer; !load.empty()) {
    block.add("endpoint-load-metrics-bin", load);
  }
}

void Stream::submit_trailers() {
  FieldBlock& block = session_->core().fields;
  block.clear();
  block.add_status(response_.status, max_message_field());
  add_trailers(block);
  const auto fields = block.fields();
  if (nghttp2_submit_trailer(session_->nghttp2(), id_, fields.data(), fields.size()) != 0) {
    nghttp2_submit_rst_stream(session_->nghttp2(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_INTERNAL_ERROR);
  }
}

void Stream::note_end_of_answer() { session_->answer_complete(*this); }

std::span<const std::byte> Stream::take_output(std::size_t length) {
  const auto piece = pending_output().first(length);
  output_sent_ += length;
  count_unread();
  return piece;
}

void Stream::output_written() {
  // Once finished nothing is added any more, and what nghttp2 still wants to read stays where it is.
  if (!output_complete()) output_drained();
}

// A client may refuse answers whose header list is too large, and then loses the status too: the message is what can be
// cut. Clients say a limit (SETTINGS_MAX_HEADER_LIST_SIZE), but those over gRPC core refuse at random from 8 KiB on,
// half of what they say, and 8 KiB is what gRPC's Java takes.
std::size_t Stream::max_message_field() const {
  constexpr std::size_t others = 512;  // the fields around it, generously
  constexpr std::size_t entry = 32;
  constexpr std::size_t customary = 8 * 1024;
  constexpr std::size_t least = 1024;  // where only the customary limit would cut it
  if (response_.status.message.empty()) return 0;
  const std::size_t limit =
      nghttp2_session_get_remote_settings(session_->nghttp2(), NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE);
  const std::size_t metadata = response_.headers.byte_size() * 2 + response_.trailers.byte_size() * 2 +
                               (response_.headers.size() + response_.trailers.size()) * entry + others;
  const auto room = [&](std::size_t list) { return list > metadata ? list - metadata : 0; };
  return std::min(room(limit), std::max(room(customary), least));
}

}  // namespace wasm_grpc::http2
