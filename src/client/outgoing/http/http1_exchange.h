// A call of plain HTTP as HTTP/1.1: what is sent of it, and how its answer is read. Knows no socket.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "client/outgoing/http/http_call.h"
#include "http1/framing.h"
#include "http1/response_head.h"

namespace wasm_grpc::client {

/// Belongs to the thread of its call, which lives as long as it.
class Http1Exchange {
 public:
  /// The call has begun.
  explicit Http1Exchange(HttpCall& call) : call_(call) {}

  [[nodiscard]] HttpCall& call() const noexcept { return call_; }
  /// Appends what is to be sent now to `out`, if there is anything.
  void take_output(std::string& out);
  /// Takes in bytes of the connection: how many are of this answer. Maybe the call has ended then.
  [[nodiscard]] std::size_t take(std::span<const std::byte> bytes) noexcept;
  /// The server has ended its side, or the connection is lost, as `why` says.
  void connection_lost(const std::string& why) noexcept;
  /// After it has ended well: the connection may have another.
  [[nodiscard]] bool leaves_connection() const noexcept;

 private:
  [[nodiscard]] std::size_t take_head(std::string_view bytes) noexcept;
  void read_head() noexcept;
  [[nodiscard]] std::size_t take_body(std::span<const std::byte> bytes) noexcept;
  void end_with_too_much() noexcept;

  HttpCall& call_;
  bool sent_head_ = false;
  bool sent_end_ = false;  // of a body in chunks
  std::string head_;
  std::size_t head_bytes_ = 0;  // of all heads, informational ones too
  http1::ResponseHead parser_;
  http1::ResponseFraming framing_;
  http1::BodyReader body_reader_;
  std::string line_;  // what the reader has left: of a chunk's line
};

/// Bytes that the heads of one answer may have.
inline constexpr std::size_t most_http_head = std::size_t{64} << 10;

}  // namespace wasm_grpc::client
