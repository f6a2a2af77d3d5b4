#include "grpc_cpp/call.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include "grpc_cpp/queue.h"
#include "rpc/message_prefix.h"

namespace wasm_grpc::grpcpp {

namespace {

// Bytes of requests that may wait for a handler of a stream before grpc++ is asked for no more; one message may pass
// it. What grpc++ itself holds back is its flow control's business.
constexpr std::size_t input_high_water = std::size_t{64} << 10;

std::string_view view(grpc::string_ref text) { return {text.data(), text.size()}; }

/// "ipv4:127.0.0.1:4711" and "ipv6:%5B::1%5D:4711" without their schemes; others as they are.
std::string without_scheme(const std::string& peer) {
  std::string_view text = peer;
  if (text.starts_with("ipv4:")) return std::string(text.substr(5));
  if (text.starts_with("unix:")) return "unix:";
  if (!text.starts_with("ipv6:")) return peer;
  text.remove_prefix(5);
  std::string address;
  while (!text.empty()) {
    const bool opens = text.starts_with("%5B");
    if (opens || text.starts_with("%5D")) {
      address.push_back(opens ? '[' : ']');
      text.remove_prefix(3);
    } else {
      address.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return address;
}

}  // namespace

Call::Call(Queue& queue) : queue_(queue) {
  for (std::size_t i = 0; i < tags_.size(); ++i) tags_[i] = {this, static_cast<Step>(i)};
}

void* Call::ask_for(Step step) {
  hold();
  return &tags_[static_cast<std::size_t>(step)];
}

void Call::request() {
  context_.AsyncNotifyWhenDone(&tags_[static_cast<std::size_t>(Step::end)]);  // only of calls that begin
  queue_.service().RequestCall(&context_, &stream_, &queue_.events(), &queue_.events(), ask_for(Step::begin));
}

void Call::note_context() {
  request_.authority = context_.host();
  note_client();
  for (const auto& [key, value] : context_.client_metadata()) {
    if (rpc::is_valid_key(view(key)) || view(key) == "grpc-trace-bin") request_.metadata.add(view(key), view(value));
  }
  if (const auto deadline = context_.deadline(); deadline != std::chrono::system_clock::time_point::max()) {
    const auto left = deadline - std::chrono::system_clock::now();
    const auto now = rpc::Clock::now();
    if (left < rpc::Clock::time_point::max() - now) {
      request_.deadline = now + std::chrono::duration_cast<rpc::Clock::duration>(left);
    }
  }
}

void Call::note_client() {
  const std::string peer = context_.peer();
  // grpc++ does not number its connections, but tells their ports.
  known_client_ = std::make_shared<rpc::Client>(std::hash<std::string>{}(peer), without_scheme(peer));
  request_.client = known_client_.get();
  const auto authentication = context_.auth_context();
  if (authentication != nullptr) {
    const auto security = authentication->FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
    known_client_->is_encrypted = !security.empty() && security.front() == GRPC_SSL_TRANSPORT_SECURITY_TYPE;
  }
  if (authentication == nullptr || !authentication->IsPeerAuthenticated()) return;
  constexpr std::pair<TlsNameKind, const char*> properties[] = {
      {TlsNameKind::dns, GRPC_PEER_DNS_PROPERTY_NAME},        {TlsNameKind::uri, GRPC_PEER_URI_PROPERTY_NAME},
      {TlsNameKind::common_name, GRPC_X509_CN_PROPERTY_NAME}, {TlsNameKind::email, GRPC_PEER_EMAIL_PROPERTY_NAME},
      {TlsNameKind::ip, GRPC_PEER_IP_PROPERTY_NAME},
  };
  std::size_t bytes = 0;
  for (const auto& [kind, property] : properties) {
    for (const auto& value : authentication->FindPropertyValues(property)) {
      if (!is_sound_tls_name({value.data(), value.size()}) || value.size() > max_tls_names_bytes - bytes) continue;
      bytes += value.size();
      known_client_->tls_names.push_back({kind, std::string(value.data(), value.size())});
    }
  }
}

void Call::complete(Step step, bool ok) {
  switch (step) {
    case Step::begin:
      if (ok) {
        begin();
      } else {
        queue_.needs_server_no_more();  // grpc++'s server has ended
      }
      break;
    case Step::end:
      ended_ = true;
      if (rpc::CallObserver* const observer = started_ ? queue_.observer() : nullptr) {
        observer->call_ended(request_, finished() ? response_.status.code : rpc::StatusCode::cancelled);
      }
      end_counting(rpc::Clock::now());
      if (context_.IsCancelled() || !finished()) cancel();
      queue_.done(*this);
      break;
    case Step::read:
      reading_ = false;
      if (!ok) {
        end_input();
      } else if (rpc::Status status = take_message(); !status.ok()) {
        fail(std::move(status));
      } else if (started_) {
        notify_readable();
        read_more();
      } else {
        // What else such a client sends is not asked for: it has sent the one message it may.
        end_input();
      }
      break;
    case Step::headers:
      sending_headers_ = false;
      mark_dirty();
      break;
    case Step::write:
      if (ok) {
        output_sent_ += std::exchange(writing_, 0);
        output_drained();
      } else {
        writing_ = 0;
        cancel();
      }
      mark_dirty();
      break;
    case Step::finish:
      break;
  }
  drop();
}

// A call has come: another may.
void Call::begin() {
  hold();  // until Step::end
  queue_.begun(*this);
  const rpc::Method* const method = queue_.find_method(context_.method());
  if (!queue_.shutting_down()) queue_.request_call();
  note_context();
  if (auto refusal = queue_.refuse(request_, context_.method())) {
    refuse(std::move(*refusal));
    return;
  }
  if (method == nullptr) {
    ended_ = true;
    stream_.Finish({grpc::StatusCode::UNIMPLEMENTED, "unknown method \"" + context_.method() + "\""},
                   ask_for(Step::finish));
    return;
  }
  set_method(*method);
  if (queue_.shutting_down()) {
    shut_down();
    return;
  }
  if (rpc::streams_requests(request_.method->kind)) start();
  read_more();
}

void Call::refuse(rpc::Refusal&& refusal) {
  if (refusal.retry_after) {
    response_.trailers.add("grpc-retry-pushback-ms", std::to_string(refusal.retry_after->count()));
  }
  fail(std::move(refusal.status));
  mark_dirty();
}

void Call::shut_down() {
  if (ended_) return;
  fail({rpc::StatusCode::unavailable, "the server is shutting down"}, rpc::CallEnd::stopping);
  if (writing_ > 0) context_.TryCancel();  // a client that does not read would keep us waiting
  mark_dirty();
}

void Call::start() {
  if (started_ || cancelled()) return;
  started_ = true;
  request_.number = queue_.next_call_number();
  if (rpc::CallObserver* const observer = queue_.observer()) observer->call_started(request_);
  begin_counting(rpc::Clock::now());
  request_.method->handler->start(*this);
  if (!finished() && !cancelled()) let_go();
}

rpc::Status Call::take_message() {
  if (cancelled() || finished()) {
    read_.Clear();
    return {};
  }
  const std::size_t size = read_.Length();
  if (size > std::numeric_limits<std::uint32_t>::max()) {
    return {rpc::StatusCode::resource_exhausted, "the request message has more than 4 GiB"};
  }
  std::vector<grpc::Slice> slices;
  if (!read_.Dump(&slices).ok()) return {rpc::StatusCode::internal, "grpc++ cannot give the request message"};
  read_.Clear();
  held_ += rpc::prefix_size + size;
  rpc::Status status = receive(rpc::make_prefix(std::byte{0}, size), queue_.max_message_size());
  for (const grpc::Slice& slice : slices) {
    if (!status.ok()) break;
    status = receive(std::as_bytes(std::span(slice.begin(), slice.size())), queue_.max_message_size());
  }
  return status;
}

void Call::end_input() {
  if (request_.half_closed || cancelled() || finished()) {
    request_.half_closed = true;
  } else if (rpc::Status status = receive_end(); !status.ok()) {
    fail(std::move(status));
  } else if (started_) {
    notify_readable();
  } else {
    start();
  }
}

void Call::read_more() {
  if (reading_ || request_.half_closed || ended_ || cancelled() || finished() || held_ >= input_high_water) return;
  reading_ = true;
  stream_.Read(&read_, ask_for(Step::read));
}

void Call::flush() {
  dirty_ = false;
  count_messages();
  if (!ended_) {
    read_more();
    if (writing_ == 0 && !sending_headers_) write_more();
  }
  drop();  // of mark_dirty()
}

// One message at a time: a stream of grpc++ takes no more. It sends the headers with the first.
void Call::write_more() {
  if (cancelled()) {  // what was to be sent before is not wanted any more
    ended_ = true;
    stream_.Finish(finished() ? final_status() : grpc::Status::CANCELLED, ask_for(Step::finish));
    return;
  }
  if (!response_.headers_wanted) return;
  const bool begins = !std::exchange(headers_noted_, true);
  if (begins) {
    for (const auto& [key, value] : response_.headers)
      context_.AddInitialMetadata(std::string(key), std::string(value));
  }
  const auto output = pending_output();
  if (output.empty() && !finished()) {
    sending_headers_ = begins;
    if (begins) stream_.SendInitialMetadata(ask_for(Step::headers));
    return;
  }
  if (!output.empty()) {
    const std::size_t size = rpc::read_length(output.data());
    const grpc::Slice slice(output.data() + rpc::prefix_size, size);
    written_ = grpc::ByteBuffer(&slice, 1);
    writing_ = rpc::prefix_size + size;
    if (!finished() || writing_ < output.size()) {
      stream_.Write(written_, ask_for(Step::write));
      return;
    }
    ended_ = true;
    stream_.WriteAndFinish(written_, grpc::WriteOptions(), final_status(), ask_for(Step::finish));
    return;
  }
  ended_ = true;
  stream_.Finish(final_status(), ask_for(Step::finish));
}

grpc::Status Call::final_status() {
  std::string details;
  for (const auto& [key, value] : response_.trailers) {
    if (key == "grpc-status-details-bin") {
      details = value;  // grpc++ sends it as a trailer itself
    } else {
      context_.AddTrailingMetadata(std::string(key), std::string(value));
    }
  }
  return grpc::Status(static_cast<grpc::StatusCode>(response_.status.code), response_.status.message, details);
}

void Call::mark_dirty() noexcept {
  if (dirty_) return;
  dirty_ = true;
  hold();
  queue_.mark_dirty(*this);
}

void Call::hold() noexcept {
  ++ours_;
  retain();
}

void Call::drop() noexcept {
  --ours_;
  release();
}

// ---- rpc::Call ----

void Call::output_ready() noexcept {
  if (!ended_) mark_dirty();
}

void Call::input_consumed(std::size_t bytes) noexcept {
  held_ -= std::min(held_, bytes);
  if (!ended_ && !reading_ && !request_.half_closed && held_ < input_high_water) mark_dirty();
}

void Call::let_go() noexcept {
  if (ended_ || !started_ || holders() > ours_) return;
  set_listener(nullptr);  // whoever it was is not there any more
  fail({rpc::StatusCode::internal, "the handler gave no answer"});
}

void Call::recycle() noexcept { delete this; }

}  // namespace wasm_grpc::grpcpp
