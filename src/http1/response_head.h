// The head of a response: what the parser of requests makes of its fields, behind a status line.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http1/parser.h"

namespace wasm_grpc::http1 {

/// Reads the head of a response (RFC 9112, 4 and 5), as strictly as HeadParser does that of a request. Reused: it holds
/// the last head.
class ResponseHead {
 public:
  /// Takes a head from its first byte to its empty line: `complete` or what is wrong.
  [[nodiscard]] Parse parse(std::string_view head);

  // After `complete`, until the next parse():
  [[nodiscard]] int status() const noexcept { return status_; }  // 100 to 599
  [[nodiscard]] bool is_http_1_1() const noexcept { return is_http_1_1_; }
  [[nodiscard]] std::span<const Field> fields() const noexcept { return parser_.fields(); }

 private:
  std::string text_;  // what the fields point into
  HeadParser parser_;
  int status_ = 0;
  bool is_http_1_1_ = false;
};

}  // namespace wasm_grpc::http1
