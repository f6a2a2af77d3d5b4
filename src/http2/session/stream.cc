#include "http2/session/stream.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "http2/session/forwarded_certificate.h"
#include "http2/session/session_core.h"
#include "rpc/timeout.h"

namespace wasm_grpc::http2 {

namespace {

constexpr std::size_t kept_streams = 1024;
constexpr std::uint16_t request_timeout = 408;

}  // namespace

StreamPool::~StreamPool() {
  for (Stream* stream : free_) delete stream;
}

Stream* StreamPool::take() {
  ++in_use_;
  if (free_.empty()) {
    free_.reserve(kept_streams);  // so that give_back() does not allocate
    return new Stream(*this);
  }
  Stream* stream = free_.back();
  free_.pop_back();
  return stream;
}

void StreamPool::give_back(Stream* stream) noexcept {
  --in_use_;
  if (free_.size() < kept_streams) {
    free_.push_back(stream);
  } else {
    delete stream;
  }
}

void Stream::open(Session& session, std::int32_t id) {
  session_ = &session;
  session.retain();
  id_ = id;
  request_.client = &session.client();
  window_ = session.settings().clients.stream_window;
  allowance_ = window_;
  open_ = true;
  retain();
}

void Stream::recycle() noexcept {
  Session* session = std::exchange(session_, nullptr);
  reset();
  head_.reset();
  facade_.reset();
  id_ = 0;
  plain_status_ = 0;
  dropped_ = 0;
  allowance_ = 0;
  held_ = 0;
  granted_ = 0;
  silent_looks_ = 0;
  over_time_ = false;
  started_ = false;
  ignores_input_ = false;
  responded_ = false;
  answers_at_end_ = false;
  deferred_ = false;
  session->forget();
  pool_.give_back(this);
  session->release();
}

void Stream::on_closed(rpc::CallEnd why) {
  open_ = false;
  count_unread();
  if (scheduled()) session_->core().timers.cancel(*this);
  if (granted_ > 0) session_->large_input().release(std::exchange(granted_, 0));
  shrink_window();
  count_end();
  cancel(why);
  release();
}

void Stream::count_end() noexcept {
  end_counting(session_->core().clock.now());
  if (plain_status_ != 0 || (!started_ && !response_.finished)) return;  // not gRPC, or no call yet
  const rpc::StatusCode code = response_.finished ? response_.status.code : rpc::StatusCode::cancelled;
  SessionCore& core = session_->core();
  ++core.counters.calls_ended[static_cast<std::size_t>(code)];
  if (core.observer != nullptr && started_) core.observer->call_ended(request_, code);
}

// ---- Receiving ----

void Stream::take_field(std::string_view name, std::string_view value) {
  head_.add(name, value, session_->settings().clients.max_header_list_size, request_.metadata);
}

void Stream::head_complete(bool end_stream) {
  SessionCore& core = session_->core();
  const ConnectionOptions& settings = session_->settings();
  const facade::Tools* tools = core.facade_tools ? &*core.facade_tools : nullptr;
  std::optional<facade::Tools> own_tools;
  if (tools != nullptr && tools->max_message_size != settings.max_message_size) {
    own_tools.emplace(*tools).max_message_size = settings.max_message_size;
    tools = &*own_tools;
  }
  auto own =
      head_.judge(core.methods, settings.clients.max_header_list_size, request_.metadata, tools, settings.protocols);
  if (head_.has_exchange()) begin_facade();
  if (request_.client->forwards_certificates || head_.has_forwarded_certificate()) take_forwarded_certificate();
  if (core.gate != nullptr) {
    if (auto refused = ask_gate(own)) own = std::move(refused);
  }
  if (own) {
    request_.half_closed = end_stream;
    answer_itself(*own);
    return;
  }
  if (const std::size_t dropped = head_.dropped_fields(); dropped > 0) core.counters.metadata_dropped += dropped;
  set_method(*head_.method());
  request_.authority.swap(head_.authority());
  if (is_http()) {
    request_.http_method = head_.http_method();
    request_.http_target = head_.target();
  } else {
    request_.encoding = head_.encoding();
    request_.accepted_encodings = head_.accepted_encodings();
    if (!head_.content_subtype().empty()) request_.content_subtype.swap(head_.content_subtype());
  }
  set_deadline();
  if (is_http() || rpc::streams_requests(request_.method->kind)) start();
  if (end_stream) end_input();
}

// Who may say so says of each request whose it is, also by saying nothing: the certificate of the proxy is none of its
// client's. From others the field is not let through, as handlers might take it for true.
void Stream::take_forwarded_certificate() {
  const bool believed = request_.client->forwards_certificates;
  request_.has_forwarded_tls_names = believed;
  if (!head_.has_forwarded_certificate()) return;
  std::optional<std::string_view> last;
  for (const auto [key, value] : request_.metadata) {
    if (key == forwarded_certificate_key) last = value;
  }
  if (!last) return;  // it was no text
  if (believed) {
    if (auto names = read_forwarded_certificate(*last)) {
      request_.forwarded_tls_names = std::move(*names);
      return;
    }
  }
  ++session_->core().counters.forwarded_certificates_dropped;
  rpc::Metadata others;
  for (const auto [key, value] : request_.metadata) {
    if (key != forwarded_certificate_key) others.add(key, value);
  }
  std::swap(request_.metadata, others);
}

std::chrono::milliseconds Stream::longest_time() const noexcept {
  return request_.method->max_call_time.value_or(session_->settings().max_call_time);
}

void Stream::set_deadline() {
  const auto timeout = is_http() ? std::nullopt : head_.timeout();
  const auto limit = longest_time();
  if (!timeout && limit.count() == 0) return;
  const auto now = rpc::Clock::now();
  if (timeout) request_.deadline = rpc::later(now, *timeout);
  if (limit.count() != 0 && rpc::later(now, limit) < request_.deadline) {
    request_.deadline = rpc::later(now, limit);
    over_time_ = true;
  }
  if (request_.deadline != rpc::Request::no_deadline) session_->core().timers.schedule(*this, request_.deadline);
}

void Stream::take_data(std::span<const std::byte> bytes) {
  silent_looks_ = 0;
  allowance_ -= std::min(allowance_, bytes.size());
  if (ignores_input_ || cancelled()) {
    // More is not let in, so there would be no end.
    if (answers_at_end_ && allowance_ < window_ / 2) answer_at_end();
    return;
  }
  const std::uint64_t before = received_messages();
  const std::size_t max_message = session_->settings().max_message_size;
  rpc::Status status;
  if (facade_ != nullptr) {
    status = receive_translated(bytes, false);
  } else {
    held_ += bytes.size();
    status = is_http() ? receive_body(bytes, std::min(max_message, rpc::max_body_piece)) : receive(bytes, max_message);
  }
  if (!status.ok()) {
    refuse_input(std::move(status));
    return;
  }
  if (wanted_input() > 0) session_->large_input().request(*this);
  if (started_ && received_messages() != before) {
    count_messages();
    notify_readable();
  }
}

void Stream::take_padding(std::size_t size) {
  allowance_ -= std::min(allowance_, size);
  credit(0);
}

void Stream::end_input() {
  if (ignores_input_ || request_.half_closed || cancelled()) {
    request_.half_closed = true;
    if (answers_at_end_) answer_at_end();
    return;
  }
  rpc::Status status;
  if (facade_ != nullptr) status = receive_translated({}, true);
  if (rpc::Status ended = receive_end(); status.ok()) status = std::move(ended);
  if (!status.ok()) {
    refuse_input(std::move(status));
  } else if (started_) {
    notify_readable();
  } else {
    start();
  }
}

void Stream::start() {
  if (cancelled()) return;
  SessionCore& core = session_->core();
  ++core.counters.calls_started;
  request_.number = core.next_call;
  core.next_call += core.call_step;
  if (core.observer != nullptr) core.observer->call_started(request_);
  begin_counting(core.clock.now());
  request_.method->handler->start(*this);
  started_ = true;
  if (!finished() && !cancelled()) let_go();
}

bool Stream::only_we_hold_it() const noexcept { return holders() <= 1 + place_.shares(); }

void Stream::let_go() noexcept {
  if (!open_ || !started_ || !only_we_hold_it()) return;
  set_listener(nullptr);  // whoever it was is not there any more
  ignores_input_ = true;
  fail({rpc::StatusCode::internal, "the handler gave no answer"});
}

void Stream::answer_itself(const OwnAnswer& answer) {
  ++session_->core().counters.calls_refused;
  ignores_input_ = true;
  add_refusal_fields(answer);
  if (answer.http_status != 0) {
    plain_status_ = answer.http_status;
    if (!answer.allow.empty()) response_.headers.add("allow", answer.allow);
    if (!answer.accept_post.empty()) response_.headers.add("accept-post", answer.accept_post);
    add_cors(answer);
    if (!head_.is_head_request()) {
      const auto body = std::as_bytes(std::span(answer.status.message));
      output_.assign(body.begin(), body.end());
    }
  }
  if (answer.after_request && !request_.half_closed) {
    answers_at_end_ = true;
    response_.status = answer.status;
  } else {
    fail(answer.status);
  }
}

void Stream::answer_at_end() {
  answers_at_end_ = false;
  // In plain HTTP what is said is in output_.
  fail(plain_status_ != 0 ? rpc::Status{rpc::StatusCode::unknown, ""} : std::move(response_.status));
}

void Stream::refuse_input(rpc::Status status) {
  if (!started_) ++session_->core().counters.calls_refused;
  ignores_input_ = true;
  fail(std::move(status));
}

void Stream::on_timer() noexcept {
  SessionCore& core = session_->core();
  ++(over_time_ ? core.counters.calls_over_time : core.counters.calls_past_deadline);
  ignores_input_ = true;
  if (!over_time_) {
    fail({rpc::StatusCode::deadline_exceeded, "the deadline passed before the call was answered"},
         rpc::CallEnd::deadline);
    return;
  }
  const std::string why = rpc::over_time_text(longest_time());
  fail(rpc::ended_by_server(why), rpc::CallEnd::deadline);
  core.owner.call_ended(*request_.method, peer(), why);
}

bool Stream::client_may_send() const noexcept {
  // What has come may wait to be taken here, or where the call was lent to.
  const std::size_t kept = facade_ != nullptr ? facade_->exchange->held() : 0;
  const bool untaken = started_ && held_ > incomplete_input() + kept;
  return allowance_ > 0 && !untaken && !place_.waits_for_grant;
}

void Stream::look_at_request(bool reads, std::uint64_t silent_looks) noexcept {
  const bool is_call = request_.method != nullptr && !finished() && !cancelled();  // its headers have come
  if (request_.half_closed || (!is_call && !answers_at_end_)) return;
  if (!reads || !client_may_send()) {
    silent_looks_ = 0;
    return;
  }
  // The first may have come right after the client's last byte.
  if (++silent_looks_ <= silent_looks) return;
  SessionCore& core = session_->core();
  ++core.counters.calls_idle;
  if (answers_at_end_) {
    answer_at_end();
    return;
  }
  if (!started_) ++core.counters.calls_refused;
  ignores_input_ = true;
  const std::string why = "its client sent nothing for " +
                          std::to_string(session_->settings().clients.request_idle_timeout.count()) +
                          " ms, and had not ended the request";
  fail(rpc::ended_by_server(why), rpc::CallEnd::deadline);
  if (is_http() && !response_.broken_off) response_.http_status = request_timeout;
  core.owner.call_ended(*request_.method, peer(), why);
}

// ---- Flow control of the request ----

void Stream::input_consumed(std::size_t bytes) noexcept {
  silent_looks_ = 0;
  held_ -= std::min(held_, bytes);
  if (!open_) return;
  if (granted_ > 0) {
    // What is beyond the window now; a client that has ended its side uses no more allowance.
    const std::size_t excess = std::max(held_ + (request_.half_closed ? 0 : allowance_), window_) - window_;
    if (granted_ > excess) session_->large_input().release(std::exchange(granted_, excess) - excess);
  }
  if (!request_.half_closed) credit(0);
}

// Restores the allowance to the window, less what is still held, once that is worth a frame; or adds `extra`.
void Stream::credit(std::size_t extra) {
  std::size_t increment = extra;
  if (extra == 0) {
    if (allowance_ + held_ > window_ / 2) return;
    grow_window();
    increment = window_ - allowance_ - held_;
  }
  allowance_ += increment;
  nghttp2_submit_window_update(session_->nghttp2(), NGHTTP2_FLAG_NONE, id_, static_cast<std::int32_t>(increment));
  session_->mark_dirty();
}

// Only where the handler takes what comes, as else nothing would be the faster for it.
void Stream::grow_window() {
  const std::size_t wanted = session_->window_wanted(window_ - std::min(window_, allowance_ + held_));
  if (wanted > window_) window_ += session_->core().window_budget->take(wanted - window_);
}

void Stream::shrink_window() noexcept {
  const SessionCore& core = session_->core();
  const std::size_t least = session_->settings().clients.stream_window;
  if (window_ > least) core.window_budget->give_back(window_ - least);
  window_ = least;
}

std::size_t Stream::wanted_input() const noexcept {
  if (!open_ || ignores_input_ || request_.half_closed || cancelled()) return 0;
  // A method with one request begins at the end of the stream, which some clients send in an empty frame of its own,
  // and those over nghttp2 not into a window that the request has used up to the byte.
  const std::size_t missing = facade_ != nullptr ? facade_->exchange->missing(missing_input()) : missing_input();
  const std::size_t needed = missing + (rpc::streams_requests(request_.method->kind) ? 0 : 1);
  return needed > allowance_ ? needed - allowance_ : 0;
}

std::size_t Stream::grant_large_input() {
  constexpr std::size_t max_increment = 0x7fffffff;
  const std::size_t extra = std::min(wanted_input(), max_increment - allowance_);
  if (extra == 0) return 0;
  granted_ += extra;
  credit(extra);
  return extra;
}

}  // namespace wasm_grpc::http2
