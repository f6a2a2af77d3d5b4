// JSON as it comes and leaves: compressed or not, in one go.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/rpc/encoding.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {
class Codec;
}

namespace wasm_grpc::facade {

/// What a compressed text may have in bytes: it is decompressed in one go.
inline constexpr std::size_t max_compressed_json = std::size_t{64} << 10;

/// Makes `text` what it is decompressed, of `max_size` bytes at most, held by `plain`; nothing to do for identity.
[[nodiscard]] rpc::Status decompress_json(rpc::Encoding encoding, rpc::Codec& codec, std::size_t max_size,
                                          std::string_view& text, std::vector<std::byte>& plain);

/// Compresses by gzip what is worth it and does not take too long, 1 KiB to 256 KiB, and says whether it has.
[[nodiscard]] bool compress_json(rpc::Codec& codec, std::string& text);

/// RESOURCE_EXHAUSTED for a response of more bytes than `max_size`: JSON is made of it in one go.
[[nodiscard]] rpc::Status check_size_for_json(std::size_t size, std::size_t max_size);

}  // namespace wasm_grpc::facade
