#include "client/web/web_call.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "client/status_of.h"
#include "client/web/connect_end.h"
#include "rpc/base64.h"
#include "rpc/message_prefix.h"
#include "rpc/percent.h"
#include "text/lower_case.h"

namespace wasm_grpc::client {

namespace {

constexpr std::byte compressed_flag{1};
constexpr std::byte web_trailers_flag{0x80};
constexpr std::byte connect_end_flag{2};
/// What precedes trailers among the headers of a unary answer by Connect.
constexpr std::string_view trailer_prefix = "trailer-";
/// Bytes of JSON that an error, or trailers, may have.
constexpr std::size_t most_of_an_end = std::size_t{1} << 20;

rpc::Status internal(std::string what) { return {rpc::StatusCode::internal, std::move(what)}; }

rpc::Status answer_of_others(const std::string& http_status) {
  return {code_of_http(http_status),
          "the server answered with HTTP status " + http_status + ", not as one of this protocol does"};
}

void add_field(rpc::Metadata& to, std::string_view name, std::string_view value) {
  if (!rpc::is_valid_key(name) || name == "content-length") return;
  std::string raw;
  if (!rpc::is_binary_key(name)) {
    to.add(name, value);
  } else if (rpc::base64_decode(value, raw)) {
    to.add(name, raw);
  }
}

}  // namespace

WebBody body_of(WebProtocol protocol, rpc::MethodKind kind) noexcept {
  if (protocol == WebProtocol::grpc_web) return WebBody::grpc_web;
  return kind == rpc::MethodKind::unary ? WebBody::connect_unary : WebBody::connect_stream;
}

std::string_view content_type_of(WebBody body) noexcept {
  static constexpr std::array<std::string_view, 3> types = {"application/grpc-web+proto", "application/proto",
                                                            "application/connect+proto"};
  return types[static_cast<std::size_t>(body)];
}

WebCall::WebCall(rpc::OutgoingCallPtr http, WebBody body, const rpc::OutgoingRequest& request,
                 std::size_t max_message_size)
    : http_(std::move(http)),
      body_(body),
      kind_(request.kind),
      deadline_(request.deadline),
      max_message_size_(max_message_size) {
  http_->set_listener(this);
  read();
}

void WebCall::let_go() noexcept {
  http_.reset();
  delete this;
}

// ---- The request ----

rpc::SendResult WebCall::send(std::span<const std::byte> message, bool last) {
  if (std::exchange(sent_, true) && !rpc::streams_requests(kind_)) return rpc::SendResult::invalid;
  if (message.size() > UINT32_MAX) return rpc::SendResult::invalid;
  if (body_ == WebBody::connect_unary) return http_->send(message, last);
  const auto prefix = rpc::make_prefix(std::byte{0}, message.size());
  std::vector<std::byte> piece(prefix.begin(), prefix.end());
  piece.insert(piece.end(), message.begin(), message.end());
  return http_->send(piece, last);
}

// ---- The response ----

void WebCall::on_progress(rpc::OutgoingCall& /*http*/) noexcept {
  read();
  tell();
}

std::optional<std::span<const std::byte>> WebCall::message() noexcept {
  if (messages_.empty()) return std::nullopt;
  return std::as_bytes(std::span(messages_.front()));
}

void WebCall::pop_message() noexcept {
  if (messages_.empty()) return;
  messages_.pop_front();
  read();
}

void WebCall::read() {
  if (ended()) return;
  if (http_status_.empty() && http_->has_headers()) read_head();
  while (!ended() && (end_ || messages_.empty())) {
    const auto piece = http_->message();
    if (!piece) break;
    input_.append(reinterpret_cast<const char*>(piece->data()), piece->size());
    http_->pop_message();
    const std::size_t most = has_error_body() ? most_of_an_end : max_message_size_;
    if (body_ != WebBody::connect_unary) {
      if (!end_) read_frames();
      if (end_ && !input_.empty()) end(internal("the server sent more after the end of the call"));
    } else if (input_.size() > most) {
      end({rpc::StatusCode::resource_exhausted,
           "the server's answer has more than the " + std::to_string(most) + " bytes that are accepted"});
    }
  }
  if (!ended() && http_->ended() && !http_->message()) read_end();
}

void WebCall::read_head() {
  const rpc::Metadata& fields = http_->headers();
  http_status_ = fields.get(":status").value_or("");
  const std::string type(fields.get("content-type").value_or(""));
  const bool is_ours =
      body_ == WebBody::grpc_web ? type.starts_with("application/grpc-web") : type.starts_with(content_type_of(body_));
  if (http_status_ == "200" && !is_ours) {
    return end({rpc::StatusCode::unknown, "the server answered with the content-type \"" + type.substr(0, 100) +
                                              "\", not as one of this protocol does"});
  }
  if (http_status_ != "200" && body_ != WebBody::connect_unary) {
    return end(answer_of_others(http_status_));
  }
  for (const auto [name, value] : fields) {
    if (body_ == WebBody::connect_unary && name.starts_with(trailer_prefix)) {
      add_field(trailers_, name.substr(trailer_prefix.size()), value);
    } else if (body_ == WebBody::grpc_web && (name == "grpc-status" || name == "grpc-message")) {
      take_trailer(name, value);
    } else {
      add_field(headers_, name, value);
    }
  }
  has_headers_ = !has_error_body();
}

void WebCall::read_frames() {
  std::size_t at = 0;
  while (!ended() && !end_ && input_.size() - at >= rpc::prefix_size) {
    const auto* const prefix = reinterpret_cast<const std::byte*>(input_.data() + at);
    const std::byte flags = prefix[0];
    const std::size_t size = rpc::read_length(prefix);
    const bool is_end = body_ == WebBody::grpc_web ? flags == web_trailers_flag : flags == connect_end_flag;
    const std::size_t most = is_end ? most_of_an_end : max_message_size_;
    if (!is_end && flags == compressed_flag) return end(internal("the server sent a compressed message unasked"));
    if (!is_end && flags != std::byte{0}) {
      return end(internal("the server sent a message with the unknown flags " +
                          std::to_string(std::to_integer<unsigned>(flags))));
    }
    if (size > most) {
      return end({rpc::StatusCode::resource_exhausted, "the server sent a message of " + std::to_string(size) +
                                                           " bytes; at most " + std::to_string(most) +
                                                           " are accepted"});
    }
    if (input_.size() - at - rpc::prefix_size < size) break;
    std::string message = input_.substr(at + rpc::prefix_size, size);
    at += rpc::prefix_size + size;
    if (!is_end) {
      add_message(std::move(message));
    } else if (body_ == WebBody::grpc_web) {
      read_web_trailers(message);
    } else {
      end_ = read_connect_end(message, trailers_);
      if (!end_) end(internal("the server ended the call with what is no JSON of Connect"));
    }
  }
  input_.erase(0, at);
}

void WebCall::add_message(std::string message) {
  if (++received_ > 1 && !rpc::streams_responses(kind_)) {
    return end(internal("the server sent more than the one message of this method"));
  }
  messages_.push_back(std::move(message));
}

void WebCall::read_web_trailers(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find("\r\n"));
    text.remove_prefix(std::min(text.size(), line.size() + 2));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    take_trailer(text::lower_case(line.substr(0, colon)), value);
  }
  if (!end_) end(internal("the server ended the call without a status"));
}

void WebCall::take_trailer(std::string_view name, std::string_view value) {
  if (name == "grpc-status") {
    if (!end_) end_.emplace();
    end_->code = code_of_grpc(value);
  } else if (name == "grpc-message") {
    if (!end_) end_ = rpc::Status{rpc::StatusCode::unknown, {}};
    end_->message = rpc::percent_decode(value);
  } else if (std::string raw; name == "grpc-status-details-bin" && rpc::base64_decode(value, raw)) {
    trailers_.add(name, raw);
  } else {
    add_field(trailers_, name, value);
  }
}

// ---- Its end ----

void WebCall::read_end() {
  if (!http_->status().ok()) return end(http_->status());
  if (end_) return end_well_or(*end_);
  if (body_ != WebBody::connect_unary) {
    return end(internal(input_.empty() ? "the server ended the call without a status"
                                       : "the server ended the call in the middle of a message"));
  }
  if (!has_error_body()) {
    add_message(std::move(input_));
    return end({});
  }
  auto error = read_connect_error(input_, trailers_);
  end(error ? std::move(*error) : answer_of_others(http_status_));
}

void WebCall::end_well_or(rpc::Status status) {
  if (status.ok() && received_ == 0 && !rpc::streams_responses(kind_)) {
    return end(internal("the server answered OK without a message"));
  }
  end(std::move(status));
}

void WebCall::end(rpc::Status status) { cancel(told_at(deadline_, std::move(status))); }

void WebCall::cancel(rpc::Status why) noexcept {
  if (ended()) return;
  status_ = std::move(why);
  if (!http_->ended()) http_->cancel(*status_);
}

}  // namespace wasm_grpc::client
