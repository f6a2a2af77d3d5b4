#include "http2/session/message_rules.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>

namespace wasm_grpc::http2 {

namespace {

const std::uint8_t* bytes(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

bool is_name(std::string_view name) { return nghttp2_check_header_name(bytes(name), name.size()) != 0; }
bool is_value(std::string_view value) { return nghttp2_check_header_value_rfc9113(bytes(value), value.size()) != 0; }

// RFC 9113, 8.2.2.
bool is_of_connection(std::string_view name) {
  return name == "connection" || name == "keep-alive" || name == "proxy-connection" || name == "transfer-encoding" ||
         name == "upgrade";
}

bool is_scheme(std::string_view value) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !value.empty() && letter(value.front()) && std::all_of(value.begin(), value.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

}  // namespace

void MessageRules::begin(std::int32_t stream, bool is_request) noexcept {
  stream_ = stream;
  is_request_ = is_request;
  seen_ = 0;
  malformed_ = false;
}

bool MessageRules::take_field(std::string_view name, std::string_view value) {
  malformed_ =
      malformed_ || !is_name(name) || !(name.starts_with(':') ? take_pseudo(name, value) : take_regular(name, value));
  return !malformed_;
}

bool MessageRules::take_pseudo(std::string_view name, std::string_view value) noexcept {
  if (!is_request_ || (seen_ & regular_field) != 0) return false;
  if (name == ":authority") return see(authority) && is_value(value);
  if (name == ":method") {
    if (value == "CONNECT") seen_ |= connects;
    if (value == "OPTIONS") seen_ |= asks_options;
    return see(method) && nghttp2_check_method(bytes(value), value.size()) != 0;
  }
  if (name == ":path") {
    if (value == "*") seen_ |= path_of_server;
    if (value.starts_with('/')) seen_ |= path_of_resource;
    return see(path) && nghttp2_check_path(bytes(value), value.size()) != 0;
  }
  if (name == ":scheme") {
    if (value == "http" || value == "https") seen_ |= of_http;
    return see(scheme) && is_scheme(value);
  }
  return false;  // ":protocol" too: we have not offered it (RFC 8441, 3)
}

bool MessageRules::take_regular(std::string_view name, std::string_view value) {
  seen_ |= regular_field;
  if (is_of_connection(name) || !is_value(value)) return false;
  if (name == "te") return value == "trailers";
  if (name == "host") return see(host);
  if (name == "content-length") {
    if (!is_request_) return false;  // it would come too late (RFC 9110, 6.5.1)
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (!see(content_length) || error != std::errc() || end != value.data() + value.size()) return false;
    if ((seen_ & connects) == 0) left_[stream_] = length;
  }
  return true;
}

bool MessageRules::see(std::uint32_t what) noexcept {
  if ((seen_ & what) != 0) return false;
  seen_ |= what;
  return true;
}

bool MessageRules::is_complete() const noexcept {
  if ((seen_ & connects) != 0) return (seen_ & (scheme | path)) == 0 && (seen_ & authority) != 0;
  constexpr std::uint32_t needed = method | scheme | path;
  if ((seen_ & needed) != needed) return false;
  if ((seen_ & of_http) == 0) return true;
  return (seen_ & path_of_resource) != 0 || ((seen_ & path_of_server) != 0 && (seen_ & asks_options) != 0);
}

bool MessageRules::end_block(bool end_stream) {
  if (malformed_) return false;
  if (is_request_ ? !is_complete() : !end_stream) return false;
  return !end_stream || end_body(stream_);
}

bool MessageRules::take_data(std::int32_t stream, std::size_t size) noexcept {
  const auto left = left_.find(stream);
  if (left == left_.end()) return true;
  if (size > left->second) return false;
  left->second -= size;
  return true;
}

bool MessageRules::end_body(std::int32_t stream) noexcept {
  const auto left = left_.find(stream);
  return left == left_.end() || left->second == 0;
}

}  // namespace wasm_grpc::http2
