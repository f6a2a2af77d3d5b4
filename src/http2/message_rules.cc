#include "http2/message_rules.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>

namespace wasm_grpc::http2 {

namespace {

const std::uint8_t* bytes(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

bool is_name(std::string_view name) { return nghttp2_check_header_name(bytes(name), name.size()) != 0; }
bool is_value(std::string_view value) { return nghttp2_check_header_value_rfc9113(bytes(value), value.size()) != 0; }

bool has_upper_case(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

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
  if (malformed_) return false;
  const Verdict verdict = judge(name, value);
  malformed_ = verdict == Verdict::malformed;
  return verdict == Verdict::take;
}

MessageRules::Verdict MessageRules::judge(std::string_view name, std::string_view value) {
  const bool is_pseudo = name.starts_with(':');
  // The order counts also of what is passed over.
  if (!is_pseudo) seen_ |= regular_field;
  if (name.empty() || !is_name(name)) {
    return is_pseudo || has_upper_case(name) ? Verdict::malformed : Verdict::pass_over;
  }
  return is_pseudo ? judge_pseudo(name, value) : judge_regular(name, value);
}

MessageRules::Verdict MessageRules::judge_pseudo(std::string_view name, std::string_view value) noexcept {
  const auto take_if = [](bool good) { return good ? Verdict::take : Verdict::malformed; };
  if (!is_request_ || (seen_ & regular_field) != 0) return Verdict::malformed;
  if (name == ":authority") return take_if(see(authority) && is_value(value));
  if (name == ":method") {
    if (value == "CONNECT") seen_ |= connects;
    if (value == "OPTIONS") seen_ |= asks_options;
    return take_if(see(method) && nghttp2_check_method(bytes(value), value.size()) != 0);
  }
  if (name == ":path") {
    if (value == "*") seen_ |= path_of_server;
    if (value.starts_with('/')) seen_ |= path_of_resource;
    return take_if(see(path) && nghttp2_check_path(bytes(value), value.size()) != 0);
  }
  if (name == ":scheme") {
    if (value == "http" || value == "https") seen_ |= of_http;
    return take_if(see(scheme) && is_scheme(value));
  }
  return Verdict::malformed;  // ":protocol" too: we have not offered it (RFC 8441, 3)
}

MessageRules::Verdict MessageRules::judge_regular(std::string_view name, std::string_view value) {
  if (is_of_connection(name)) return Verdict::malformed;
  if (name == "te" && value != "trailers") return Verdict::malformed;
  if (name == "host" && !see(host)) return Verdict::malformed;
  if (name == "content-length" && is_request_) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (!see(content_length) || error != std::errc() || end != value.data() + value.size()) return Verdict::malformed;
    if ((seen_ & connects) == 0) left_[stream_] = length;
  }
  return is_value(value) ? Verdict::take : Verdict::pass_over;
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
