// gRPC's framing of messages, from the client's side (PROTOCOL-HTTP2.md, "Length-Prefixed-Message").
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

/// The message behind its prefix, not compressed.
[[nodiscard]] std::string frame(std::string_view message);

/// Takes in the bytes of a response stream in any portions.
class Deframer {
 public:
  /// A larger message is an error.
  explicit Deframer(std::size_t max_message_size) : max_message_size_(max_message_size) {}

  void receive(std::string_view bytes) { buffer_.append(bytes); }
  /// Takes the next complete message, decompressed by `encoding` (grpc-encoding); false when there is none yet.
  [[nodiscard]] Result<bool> next(std::string_view encoding, std::string& message);
  /// True in the middle of a message.
  [[nodiscard]] bool incomplete() const noexcept { return !buffer_.empty(); }

 private:
  std::size_t max_message_size_;
  std::string buffer_;
};

}  // namespace wasm_grpc::client
