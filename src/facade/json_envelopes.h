// Messages in JSON, each behind a prefix of flags and length, as gRPC and Connect's streams have them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "facade/json_messages.h"

namespace wasm_grpc::facade {

class JsonEnvelopes {
 public:
  /// `encoding` is that of compressed requests; `gzip`: whether answers may be compressed so.
  JsonEnvelopes(JsonMessages messages, rpc::Encoding encoding, bool gzip, std::size_t max_size)
      : messages_(messages), encoding_(encoding), gzip_(gzip), max_size_(max_size) {}

  // As those of an Exchange.
  [[nodiscard]] rpc::Status take(std::span<const std::byte> body, std::vector<std::byte>& frames);
  [[nodiscard]] rpc::Status end() const;
  [[nodiscard]] std::size_t held() const noexcept { return envelope_.size(); }
  [[nodiscard]] std::size_t missing() const noexcept;
  [[nodiscard]] rpc::Status translate(std::span<const std::byte> frames, std::string& body) const;

 private:
  [[nodiscard]] rpc::Status take_envelope(std::vector<std::byte>& frames);

  const JsonMessages messages_;
  const rpc::Encoding encoding_;
  const bool gzip_;
  const std::size_t max_size_;
  std::string envelope_;  // as far as the next one has come
};

}  // namespace wasm_grpc::facade
