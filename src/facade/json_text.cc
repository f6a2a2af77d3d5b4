#include "facade/json_text.h"

#include <span>

#include "facade/frames.h"
#include "rpc/codec.h"

namespace wasm_grpc::facade {

namespace {

constexpr std::size_t least_compressed = 1024;
constexpr std::size_t most_compressed = std::size_t{256} << 10;

}  // namespace

rpc::Status decompress_json(rpc::Encoding encoding, rpc::Codec& codec, std::size_t max_size, std::string_view& text,
                            std::vector<std::byte>& plain) {
  if (encoding == rpc::Encoding::identity) return {};
  if (text.size() > max_compressed_json) {
    return {rpc::StatusCode::resource_exhausted,
            "the compressed JSON has " + std::to_string(text.size()) + " bytes; this server takes at most " +
                std::to_string(max_compressed_json) + ", and larger ones not compressed or in protobuf"};
  }
  switch (codec.decompress(encoding, std::as_bytes(std::span(text)), max_size, plain)) {
    case rpc::CodecOutcome::done:
      text = text_of(plain);
      return {};
    case rpc::CodecOutcome::too_large:
      return {rpc::StatusCode::resource_exhausted,
              "the decompressed JSON has more than the " + std::to_string(max_size) + " bytes this server accepts"};
    case rpc::CodecOutcome::no_memory:
      return {rpc::StatusCode::resource_exhausted, "the server has no memory for the decompressed JSON"};
    default:
      return {rpc::StatusCode::invalid_argument,
              "the request cannot be decompressed: it is not " + std::string(rpc::name(encoding))};
  }
}

bool compress_json(rpc::Codec& codec, std::string& text) {
  if (text.size() < least_compressed || text.size() > most_compressed) return false;
  std::vector<std::byte> compressed;
  if (!codec.compress(rpc::Encoding::gzip, std::as_bytes(std::span(text)), compressed)) return false;
  if (compressed.size() >= text.size()) return false;
  text.assign(text_of(compressed));
  return true;
}

rpc::Status check_size_for_json(std::size_t size, std::size_t max_size) {
  if (size <= max_size) return {};
  return {rpc::StatusCode::resource_exhausted, "the response has " + std::to_string(size) +
                                                   " bytes; this server sends at most " + std::to_string(max_size) +
                                                   " in JSON, and more in protobuf"};
}

}  // namespace wasm_grpc::facade
