#include "client/frames.h"

#include <cstdint>
#include <vector>

#include "rpc/buffer_pool.h"
#include "rpc/codec.h"

namespace wasm_grpc::client {

namespace {

constexpr std::size_t prefix_size = 5;

}  // namespace

std::string frame(std::string_view message) {
  const auto size = static_cast<std::uint32_t>(message.size());
  std::string framed{'\0', static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                     static_cast<char>(size)};
  return framed.append(message);
}

Result<bool> Deframer::next(std::string_view encoding, std::string& message) {
  if (buffer_.size() < prefix_size) return false;
  std::size_t size = 0;
  for (std::size_t i = 1; i < prefix_size; ++i) size = size << 8 | static_cast<std::uint8_t>(buffer_[i]);
  const auto too_large = [&] {
    return Error{"a response message is larger than the " + std::to_string(max_message_size_) + " bytes accepted"};
  };
  if (size > max_message_size_) return too_large();
  const char flag = buffer_[0];
  if (flag != 0 && flag != 1) return Error{"the server sent a message with the unknown flag " + std::to_string(flag)};
  if (buffer_.size() < prefix_size + size) return false;
  message = buffer_.substr(prefix_size, size);
  buffer_.erase(0, prefix_size + size);
  if (flag == 0) return true;
  const auto known = rpc::parse_encoding(encoding);
  if (!known || *known == rpc::Encoding::identity) {
    return Error{"the server sent a compressed message in the encoding \"" + std::string(encoding) + "\""};
  }
  rpc::BufferPool buffers;
  rpc::Codec codec(buffers);
  std::vector<std::byte> plain;
  const auto data = std::as_bytes(std::span(message));
  switch (codec.decompress(*known, data, max_message_size_, plain)) {
    case rpc::Codec::Outcome::done:
      message.assign(reinterpret_cast<const char*>(plain.data()), plain.size());
      return true;
    case rpc::Codec::Outcome::too_large:
      return too_large();
    default:
      break;
  }
  return Error{"the server sent a message that cannot be decompressed"};
}

}  // namespace wasm_grpc::client
