// The messages of examples/echo/echo.proto and gRPC's framing of them, as far as the benchmark needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wasm_grpc::bench {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// message Repeat { uint32 count = 1; bytes payload = 2; }
struct Repeat {
  std::uint64_t count = 0;
  ByteView payload;  // of the bytes parsed
};

/// Parses what a client may send; nothing else, and no unknown fields.
[[nodiscard]] std::optional<Repeat> parse_repeat(ByteView message) noexcept;
[[nodiscard]] Bytes repeat(std::uint64_t count, ByteView payload);

/// The payload of a message Message { bytes payload = 1; }: part of `message`.
[[nodiscard]] std::optional<ByteView> parse_payload(ByteView message) noexcept;
[[nodiscard]] Bytes message(ByteView payload);

/// Appends a message with its five-byte prefix (not compressed).
void append_framed(Bytes& out, ByteView message);

/// The first message of a stream of framed ones, when it is whole. It takes `framed_size` bytes of the stream.
struct Framed {
  ByteView message;
  std::size_t framed_size;
};
[[nodiscard]] std::optional<Framed> first_framed(ByteView stream) noexcept;

}  // namespace wasm_grpc::bench
