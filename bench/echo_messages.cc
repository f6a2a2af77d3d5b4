#include "echo_messages.h"

namespace wasm_grpc::bench {
namespace {

constexpr std::size_t prefix_size = 5;
constexpr std::uint8_t varint_field_1 = 1 << 3 | 0;
constexpr std::uint8_t bytes_field_1 = 1 << 3 | 2;
constexpr std::uint8_t bytes_field_2 = 2 << 3 | 2;

// Reads a varint and moves `at` behind it.
bool read_varint(ByteView bytes, std::size_t& at, std::uint64_t& value) noexcept {
  value = 0;
  for (unsigned shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
    const std::uint8_t byte = bytes[at++];
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

void append_varint(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

void append_bytes(Bytes& out, std::uint8_t tag, ByteView value) {
  out.push_back(tag);
  append_varint(out, value.size());
  out.insert(out.end(), value.begin(), value.end());
}

}  // namespace

std::optional<Repeat> parse_repeat(ByteView message) noexcept {
  Repeat result;
  for (std::size_t at = 0; at < message.size();) {
    const std::uint8_t tag = message[at++];
    std::uint64_t value = 0;
    if (!read_varint(message, at, value)) return std::nullopt;
    if (tag == varint_field_1) {
      result.count = value;
    } else if (tag == bytes_field_2 && value <= message.size() - at) {
      result.payload = message.subspan(at, value);
      at += value;
    } else {
      return std::nullopt;
    }
  }
  return result;
}

Bytes repeat(std::uint64_t count, ByteView payload) {
  Bytes out{varint_field_1};
  append_varint(out, count);
  append_bytes(out, bytes_field_2, payload);
  return out;
}

std::optional<ByteView> parse_payload(ByteView message) noexcept {
  if (message.empty()) return message;
  std::size_t at = 1;
  std::uint64_t size = 0;
  if (message[0] != bytes_field_1 || !read_varint(message, at, size) || size != message.size() - at)
    return std::nullopt;
  return message.subspan(at);
}

Bytes message(ByteView payload) {
  Bytes out;
  append_bytes(out, bytes_field_1, payload);
  return out;
}

void append_framed(Bytes& out, ByteView message) {
  const auto length = static_cast<std::uint32_t>(message.size());
  const std::uint8_t prefix[prefix_size] = {0, static_cast<std::uint8_t>(length >> 24),
                                            static_cast<std::uint8_t>(length >> 16),
                                            static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
  out.insert(out.end(), prefix, prefix + prefix_size);
  out.insert(out.end(), message.begin(), message.end());
}

std::optional<Framed> first_framed(ByteView stream) noexcept {
  if (stream.size() < prefix_size) return std::nullopt;
  const std::uint32_t length = static_cast<std::uint32_t>(stream[1]) << 24 |
                               static_cast<std::uint32_t>(stream[2]) << 16 |
                               static_cast<std::uint32_t>(stream[3]) << 8 | stream[4];
  if (length > stream.size() - prefix_size) return std::nullopt;
  return Framed{stream.subspan(prefix_size, length), prefix_size + length};
}

}  // namespace wasm_grpc::bench
