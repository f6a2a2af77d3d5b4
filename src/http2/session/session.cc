#include "http2/session/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http2/session/session_core.h"
#include "http2/session/stream.h"

namespace wasm_grpc::http2 {

namespace {

// Bytes on their way to us. Costs no memory here: bytes leave this window as they arrive.
constexpr std::int32_t connection_window = 4 * 1024 * 1024;
constexpr std::uint32_t unlimited_streams = 0x7fffffff;

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

Session::Session(SessionCore& core, net::Counted& keeper, SessionOwner& owner, std::shared_ptr<rpc::Client> client,
                 Authorities authorities, std::shared_ptr<const net::Terms> terms)
    : core_(core),
      terms_(terms != nullptr ? std::move(terms) : core.terms),
      keeper_(keeper),
      owner_(owner),
      client_(std::move(client)),
      guard_(settings().clients),
      rules_(authorities == Authorities::any ? std::make_unique<MessageRules>() : nullptr),
      forced_resets_(settings().clients.reset_burst, settings().clients.resets_per_second),
      large_input_(settings().clients.max_large_input),
      bandwidth_(settings().clients.stream_window, connection_window),
      keeps_windows_(core.window_budget == nullptr) {}

Session::~Session() {
  if (session_ != nullptr) nghttp2_session_del(session_);
}

bool Session::begin() {
  if (nghttp2_session_server_new2(&session_, core_.callbacks.get(), this, make_options().get()) != 0) return false;
  const std::array<nghttp2_settings_entry, 4> entries = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, unlimited_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings().clients.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings().clients.max_header_list_size},
      // gRPC has no use for stream priorities, and nghttp2 schedules faster without them (RFC 9218, 2.1).
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  return nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries.data(), entries.size()) == 0 && say_settings() &&
         nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window) == 0;
}

// nghttp2 ends the connection of a client that opens more streams than it may, where refusing the stream is enough (RFC
// 9113, 5.1.2). So only the client hears how many it may open, in the frame that nghttp2 has made, and begin_head()
// holds it to that.
bool Session::say_settings() {
  constexpr std::size_t head_size = 9;
  constexpr std::size_t entry_size = 6;
  const std::uint8_t* frame = nullptr;
  const ssize_t size = nghttp2_session_mem_send(session_, &frame);
  if (size <= 0) return false;
  const auto bytes = std::as_bytes(std::span(frame, static_cast<std::size_t>(size)));
  hello_.assign(bytes.begin(), bytes.end());
  for (std::size_t at = head_size; at + entry_size <= hello_.size(); at += entry_size) {
    if (hello_[at] != std::byte{0} || hello_[at + 1] != std::byte{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS}) continue;
    for (std::size_t i = 0; i < 4; ++i) {
      hello_[at + 2 + i] = static_cast<std::byte>(settings().max_concurrent_streams >> (24 - 8 * i));
    }
  }
  return true;
}

// ---- Input ----

void Session::feed(std::span<const std::byte> bytes) {
  core_.clock.begin_batch();
  const std::size_t good = guard_.inspect(bytes);
  busy_ = true;
  const ssize_t result = nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), good);
  busy_ = false;
  if (close_wanted_) {
    deaf_ = true;
  } else if (result < 0) {
    const int error = static_cast<int>(result);
    owner_.note_end(error == NGHTTP2_ERR_FLOODED ? EndReason::control_flood : EndReason::protocol_error,
                    nghttp2_strerror(error));
    owner_.broken();
  } else if (guard_.violation()) {
    owner_.violated(*guard_.violation());
  }
}

void Session::begin_head(std::int32_t id) {
  head_stream_ = nullptr;
  // Handlers may still work on streams that the client has reset: those count too.
  const std::size_t most = settings().max_concurrent_streams;
  if (open_streams_ >= most || live_streams_ >= 2 * most) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  Stream* stream = core_.streams.take();
  stream->open(*this, id);
  nghttp2_session_set_stream_user_data(session_, id, stream);
  ++live_streams_;
  ++open_streams_;
  stream->place().next = streams_;
  if (streams_ != nullptr) streams_->place().previous = stream;
  streams_ = stream;
  head_stream_ = stream;
}

Stream* Session::end_head() noexcept {
  last_found_ = head_stream_;
  return std::exchange(head_stream_, nullptr);
}

Stream* Session::find(std::int32_t id) noexcept {
  if (last_found_ == nullptr || last_found_->id() != id) {
    last_found_ = static_cast<Stream*>(nghttp2_session_get_stream_user_data(session_, id));
  }
  return last_found_;
}

void Session::take_data(std::int32_t id, std::span<const std::byte> bytes) {
  bandwidth_.received(bytes.size());
  Stream* stream = find(id);
  if (stream == nullptr) return;
  if (rules_ != nullptr && !rules_->take_data(id, bytes.size())) {
    break_off(*stream);
  } else {
    stream->take_data(bytes);
  }
}

void Session::end_input(Stream& stream) {
  if (rules_ != nullptr && !rules_->end_body(stream.id())) {
    break_off(stream);
  } else {
    stream.end_input();
  }
}

// The request is malformed (RFC 9113, 8.1.1): nothing of it is served any more.
void Session::break_off(Stream& stream) {
  const std::int32_t id = stream.id();
  rules_->forget(id);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
  nghttp2_session_set_stream_user_data(session_, id, nullptr);
  forget_open(stream);
  stream.on_closed(rpc::CallEnd::client);
}

void Session::stream_closed(std::int32_t id, std::uint32_t error) {
  if (rules_ != nullptr) rules_->forget(id);
  Stream* stream = find(id);
  if (stream == nullptr) return;
  forget_open(*stream);
  stream->on_closed(error == NGHTTP2_NO_ERROR && stream->finished() ? rpc::CallEnd::answered : rpc::CallEnd::client);
}

void Session::forget_open(Stream& stream) noexcept {
  if (last_found_ == &stream) last_found_ = nullptr;
  if (head_stream_ == &stream) head_stream_ = nullptr;
  --open_streams_;
  StreamPlace& place = stream.place();
  if (place.previous != nullptr) {
    place.previous->place().next = place.next;
  } else {
    streams_ = place.next;
  }
  if (place.next != nullptr) place.next->place().previous = place.previous;
  if (place.ends_early) --early_ends_;
  place.ends_early = false;
  place.previous = nullptr;
  place.next = nullptr;
  if (streams_ == nullptr && settings().max_connection_idle.count() > 0) owner_.became_idle();
}

void Session::frame_received(const nghttp2_frame& frame) {
  const bool end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  const bool acknowledges = (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS: {
      const bool is_request = frame.headers.cat == NGHTTP2_HCAT_REQUEST;
      Stream* stream = is_request ? end_head() : find(frame.hd.stream_id);
      if (stream == nullptr) break;
      if (rules_ != nullptr && !rules_->end_block(end)) {
        break_off(*stream);
      } else if (is_request) {
        stream->head_complete(end);
      } else if (end) {
        stream->end_input();
      }
      break;
    }
    case NGHTTP2_DATA:
      if (end || frame.data.padlen > 0) {
        Stream* stream = find(frame.hd.stream_id);
        if (stream == nullptr) break;
        if (end) {
          end_input(*stream);
        } else {
          stream->take_padding(frame.data.padlen);
        }
      }
      break;
    case NGHTTP2_SETTINGS:
      if (!acknowledges) owner_.client_opened();
      break;
    case NGHTTP2_PING:
      if (acknowledges) {
        if (std::ranges::equal(frame.ping.opaque_data, BandwidthMeter::payload)) {
          bandwidth_.answered(rpc::Clock::now());
        } else {
          owner_.ping_answered(frame.ping.opaque_data);
        }
      } else {
        owner_.client_pinged();
      }
      break;
    default:
      break;
  }
}

// A client that leaves names the last stream of the server's, of which there are none; grpc-go names 2^31-1, as servers
// do (RFC 9113, section 6.8). To nghttp2 that is an error, which it ends the connection for; the client does so too.
void Session::invalid_frame(const nghttp2_frame& frame) noexcept {
  client_leaves_ =
      frame.hd.type == NGHTTP2_GOAWAY && frame.hd.stream_id == 0 && frame.goaway.error_code == NGHTTP2_NO_ERROR;
}

void Session::look_at_requests(bool reads, std::uint64_t silent_looks) noexcept {
  Stream* next = nullptr;
  for (Stream* stream = streams_; stream != nullptr; stream = next) {
    next = stream->place().next;
    stream->look_at_request(reads, silent_looks);
  }
}

// ---- Goodbyes ----

void Session::ping(std::span<const std::uint8_t, 8> payload) {
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, payload.data());
  mark_dirty();
}

void Session::announce_end() {
  nghttp2_submit_shutdown_notice(session_);
  mark_dirty();
}

void Session::name_last_stream(std::uint32_t error, std::string_view said) {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_), error,
                        reinterpret_cast<const std::uint8_t*>(said.data()), said.size());
  mark_dirty();
}

void Session::end(std::uint32_t error) {
  nghttp2_session_terminate_session(session_, error);
  mark_dirty();
}

// What nghttp2 ends a connection for by itself.
void Session::note_goaway(const nghttp2_goaway& goaway) {
  if (goaway.error_code == NGHTTP2_NO_ERROR || client_leaves_) return;
  const auto reason =
      goaway.error_code == NGHTTP2_ENHANCE_YOUR_CALM ? EndReason::control_flood : EndReason::protocol_error;
  const std::string_view said = text(goaway.opaque_data, goaway.opaque_data_len);
  owner_.note_end(reason, said.empty() ? nghttp2_http2_strerror(goaway.error_code) : said);
}

bool Session::is_over() const noexcept {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void Session::drop_streams() {
  core_.clock.begin_batch();
  deaf_ = true;
  while (streams_ != nullptr) {
    Stream& stream = *streams_;
    nghttp2_session_set_stream_user_data(session_, stream.id(), nullptr);
    forget_open(stream);
    stream.on_closed(rpc::CallEnd::connection);
  }
}

bool Session::may_close() noexcept {
  close_wanted_ = close_wanted_ || busy_;
  return !busy_;
}

void Session::close(rpc::CallEnd why) {
  core_.clock.begin_batch();
  deaf_ = true;
  large_input_.close();
  while (streams_ != nullptr) {
    Stream& stream = *streams_;
    forget_open(stream);
    stream.on_closed(why);
  }
  for (Stream* stream : std::exchange(dirty_streams_, {})) {
    stream->place().dirty = false;
    stream->release();
  }
  for (Stream* stream : std::exchange(written_streams_, {})) {
    stream->place().written = false;
    stream->release();
  }
  nghttp2_session_del(std::exchange(session_, nullptr));
}

}  // namespace wasm_grpc::http2
