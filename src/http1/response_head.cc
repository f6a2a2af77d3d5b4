#include "http1/response_head.h"

#include <algorithm>

namespace wasm_grpc::http1 {

namespace {

// Stands where the status line was, so that one parser reads the fields of requests and of responses.
constexpr std::string_view request_line = "GET / HTTP/1.1\r\n";
constexpr std::string_view version = "HTTP/1.";
constexpr std::size_t shortest_line = 12;  // "HTTP/1.1 200"

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

Parse ResponseHead::parse(std::string_view head) {
  if (!head.starts_with(version.substr(0, head.size()))) return Parse::malformed;
  const auto end = head.find("\r\n");
  if (end == std::string_view::npos) return Parse::incomplete;
  const std::string_view line = head.substr(0, end);
  if (line.size() < shortest_line) return Parse::malformed;
  if (line[7] != '0' && line[7] != '1') return Parse::wrong_version;
  const std::string_view code = line.substr(9, 3);
  // The space before a reason that is empty is left out by some.
  if (line[8] != ' ' || !std::ranges::all_of(code, is_digit) || (line.size() > 12 && line[12] != ' ')) {
    return Parse::malformed;
  }
  if (std::ranges::any_of(line, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 127; })) {
    return Parse::malformed;
  }
  status_ = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  if (status_ < 100 || status_ > 599) return Parse::malformed;
  is_http_1_1_ = line[7] == '1';
  text_.assign(request_line).append(head.substr(end + 2));
  const Parse outcome = parser_.parse(std::as_bytes(std::span(text_)));
  if (outcome == Parse::complete && parser_.size() != text_.size()) return Parse::malformed;
  return outcome;
}

}  // namespace wasm_grpc::http1
