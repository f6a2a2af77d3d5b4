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
  /// What a compressed text may have in bytes: it is decompressed in one go.
  static constexpr std::size_t max_compressed = std::size_t{64} << 10;
  /// JSON is compressed between these sizes: less gains nothing, more takes a worker's time.
  static constexpr std::size_t least_compressed = 1024;
  static constexpr std::size_t most_compressed = std::size_t{256} << 10;

  /// All outlive it.
  JsonMessages(const Schema& schema, rpc::Codec& codec, std::size_t max_size)
      : schema_(schema), codec_(codec), max_size_(max_size) {}

  /// Appends the request that `text`, in `encoding`, stands for, as a frame; or INVALID_ARGUMENT with what is wrong.
  [[nodiscard]] rpc::Status read(std::string_view text, rpc::Encoding encoding, std::vector<std::byte>& frames) const;
  /// Appends a response in JSON; or INTERNAL.
  [[nodiscard]] rpc::Status write(std::span<const std::byte> message, std::string& text) const;
  /// Compresses `text`, from `begin` on, by gzip where that is worth it, and says whether it has.
  [[nodiscard]] bool compress(std::string& text, std::size_t begin) const;

 private:
  const Schema& schema_;
  rpc::Codec& codec_;
  const std::size_t max_size_;
};

}  // namespace wasm_grpc::facade
