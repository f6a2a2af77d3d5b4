#include "facade/json_messages.h"

#include "facade/frames.h"
#include "json/read.h"
#include "json/write.h"
#include "rpc/codec.h"

namespace wasm_grpc::facade {

rpc::Status JsonMessages::read(std::string_view text, rpc::Encoding encoding, std::vector<std::byte>& frames) const {
  std::vector<std::byte> plain;
  if (encoding != rpc::Encoding::identity) {
    if (text.size() > max_compressed) {
      return {rpc::StatusCode::resource_exhausted,
              "the compressed JSON has " + std::to_string(text.size()) + " bytes; this server takes at most " +
                  std::to_string(max_compressed) + " in JSON, and larger ones not compressed or in protobuf"};
    }
    switch (codec_.decompress(encoding, std::as_bytes(std::span(text)), max_size_, plain)) {
      case rpc::CodecOutcome::done:
        break;
      case rpc::CodecOutcome::too_large:
        return {rpc::StatusCode::resource_exhausted,
                "the decompressed JSON has more than the " + std::to_string(max_size_) + " bytes this server accepts"};
      case rpc::CodecOutcome::no_memory:
        return {rpc::StatusCode::resource_exhausted, "the server has no memory for the decompressed JSON"};
      default:
        return {rpc::StatusCode::invalid_argument,
                "the request cannot be decompressed: it is not " + std::string(rpc::name(encoding))};
    }
    text = text_of(plain);
  }
  const std::size_t begun = begin_frame(frames);
  if (auto wrong = json::read(*schema_.request, text, frames)) {
    frames.resize(begun - rpc::prefix_size);
    return {rpc::StatusCode::invalid_argument, std::move(*wrong)};
  }
  end_frame(frames, begun, std::byte{0});
  return {};
}

rpc::Status JsonMessages::write(std::span<const std::byte> message, std::string& text) const {
  if (message.size() > max_size_) {
    return {rpc::StatusCode::resource_exhausted, "the response has " + std::to_string(message.size()) +
                                                     " bytes; this server sends at most " + std::to_string(max_size_) +
                                                     " in JSON, and more in protobuf"};
  }
  if (auto wrong = json::write(*schema_.response, message, text)) {
    return {rpc::StatusCode::internal, "the response cannot be said in JSON: " + *wrong};
  }
  return {};
}

bool JsonMessages::compress(std::string& text, std::size_t begin) const {
  const std::size_t size = text.size() - begin;
  if (size < least_compressed || size > most_compressed) return false;
  std::vector<std::byte> compressed;
  const auto plain = std::as_bytes(std::span(text)).subspan(begin);
  if (!codec_.compress(rpc::Encoding::gzip, plain, compressed) || compressed.size() >= size) return false;
  text.resize(begin);
  text.append(text_of(compressed));
  return true;
}

}  // namespace wasm_grpc::facade
