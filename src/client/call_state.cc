#include "client/call_state.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "client/status_of.h"
#include "rpc/base64.h"
#include "rpc/percent.h"

namespace wasm_grpc::client {

namespace {

nghttp2_nv pair(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // nghttp2 only reads
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

bool CallState::open(nghttp2_session* session, std::string_view scheme, std::string_view authority) {
  std::string timeout;
  std::vector<std::pair<std::string, std::string>> encoded;
  for (const auto& [name, value] : options_.metadata) {
    std::string text = value;
    if (name.ends_with("-bin")) {
      text.clear();
      rpc::base64_encode(value, text);
    }
    encoded.emplace_back(name, std::move(text));
  }
  std::vector<nghttp2_nv> fields = {pair(":method", "POST"),
                                    pair(":scheme", scheme),
                                    pair(":path", options_.path),
                                    pair(":authority", authority),
                                    pair("content-type", "application/grpc"),
                                    pair("te", "trailers"),
                                    pair("user-agent", "wasm-grpc"),
                                    pair("grpc-accept-encoding", "identity, deflate, gzip")};
  if (options_.deadline) {
    timeout = std::to_string(options_.deadline->count()) + "m";
    fields.push_back(pair("grpc-timeout", timeout));
  }
  for (const auto& [name, value] : encoded) fields.push_back(pair(name, value));
  nghttp2_data_provider source{};
  source.source.ptr = this;
  source.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t length,
                            std::uint32_t* flags, nghttp2_data_source* from,
                            void*) { return static_cast<CallState*>(from->ptr)->give(buffer, length, flags); };
  stream_ = nghttp2_submit_request(session, nullptr, fields.data(), fields.size(), &source, this);
  return stream_ >= 0;
}

void CallState::add_request(nghttp2_session* session, std::optional<std::string> message) {
  if (message) {
    output_ += frame(*message);
  } else {
    requests_ended_ = true;
  }
  if (deferred_) {
    deferred_ = false;
    static_cast<void>(nghttp2_session_resume_data(session, stream_));
  }
}

ssize_t CallState::give(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags) {
  const std::size_t size = std::min(length, waiting());
  std::memcpy(buffer, output_.data() + given_, size);
  given_ += size;
  if (waiting() == 0) {
    output_.clear();
    given_ = 0;
  }
  if (output_.empty() && requests_ended_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  } else if (size == 0) {
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(size);
}

void CallState::field(std::string_view name, std::string_view value) {
  if (name == ":status") {
    http_status_ = value;
  } else if (name == "grpc-status") {
    int code = -1;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), code);
    if (read.ec != std::errc() || code < 0) code = static_cast<int>(rpc::StatusCode::unknown);
    status_ = code;
  } else if (name == "grpc-message") {
    status_message_ = rpc::percent_decode(value);
  } else if (name == "grpc-encoding") {
    encoding_ = value;
  } else if (name.ends_with("-bin")) {
    std::string raw;
    if (!rpc::base64_decode(value, raw)) raw = value;
    if (name == "grpc-status-details-bin") {
      details_ = std::move(raw);
    } else {
      fields_.emplace_back(name, std::move(raw));
    }
  } else {
    fields_.emplace_back(name, value);
  }
}

void CallState::fields_end(bool end_of_stream) {
  if (http_status_.starts_with('1')) {  // informational: the response comes later (RFC 9113, 8.1)
    http_status_.clear();
    fields_.clear();
    return;
  }
  if (!headers_told_ && !end_of_stream) {
    headers_told_ = true;
    if (http_status_ != "200") {
      return end({code_of_http(http_status_),
                  "the server answered with HTTP status " + http_status_ + ", not as a gRPC server does"});
    }
    if (events_.headers) events_.headers(fields_);
    fields_.clear();
  }
}

void CallState::data(std::string_view bytes) {
  if (ended()) return;
  deframer_.receive(bytes);
  std::string message;
  while (!ended()) {
    const auto taken = deframer_.next(encoding_, message);
    if (!taken.ok()) return end({rpc::StatusCode::internal, taken.error().message});
    if (!taken.value()) return;
    if (auto told = events_.message(message); !told.ok()) give_up(std::move(told).error());
  }
}

void CallState::closed(std::uint32_t error_code) {
  if (ended()) return;
  if (status_ == 0 && deframer_.incomplete()) {
    end({rpc::StatusCode::internal, "the server ended the call in the middle of a message"});
  } else if (status_) {
    const int code = *status_ <= rpc::max_status_code ? *status_ : static_cast<int>(rpc::StatusCode::unknown);
    end({static_cast<rpc::StatusCode>(code), status_message_});
  } else if (error_code != NGHTTP2_NO_ERROR) {
    end({code_of_reset(error_code), std::string("the server reset the call: ") + nghttp2_http2_strerror(error_code)});
  } else if (http_status_ != "200") {
    end({code_of_http(http_status_), "the server answered with HTTP status " + http_status_});
  } else {
    end({rpc::StatusCode::internal, "the server ended the call without a status"});
  }
}

void CallState::end(rpc::Status status) {
  if (!ended()) end_ = CallEnd{std::move(status), std::move(fields_), std::move(details_)};
}

void CallState::give_up(Error error) {
  if (!ended()) error_ = std::move(error);
}

Result<CallEnd> CallState::result() {
  if (error_) return *error_;
  return *end_;
}

}  // namespace wasm_grpc::client
