// The messages of one call, which its client speaks in JSON.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "facade/schemas.h"
#include "wasm_grpc/rpc/encoding.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {
class Codec;
}

namespace wasm_grpc::facade {

/// Turns JSON into frames and messages into JSON, at once and on the thread that asks; so neither may be larger than a
/// request message.
class JsonMessages {
 public:
  /// All outlive it.
  JsonMessages(const Schema& schema, rpc::Codec& codec, std::size_t max_size)
      : schema_(schema), codec_(codec), max_size_(max_size) {}

  /// Appends the request that `text`, in `encoding`, stands for, as a frame; or INVALID_ARGUMENT with what is wrong.
  [[nodiscard]] rpc::Status read(std::string_view text, rpc::Encoding encoding, std::vector<std::byte>& frames) const;
  /// Appends a response in JSON; or INTERNAL.
  [[nodiscard]] rpc::Status write(std::span<const std::byte> message, std::string& text) const;
  /// See compress_json().
  [[nodiscard]] bool compress(std::string& text) const;

 private:
  const Schema& schema_;
  rpc::Codec& codec_;
  const std::size_t max_size_;
};

}  // namespace wasm_grpc::facade
