// The frames of gRPC: a prefix of flags and length, and a message.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/message_prefix.h"

namespace wasm_grpc::facade {

inline constexpr std::byte compressed_flag{1};

struct Frame {
  std::byte flags{};
  std::span<const std::byte> message;
};

/// Takes the first frame off `frames`, which are whole ones; nothing when there is none.
[[nodiscard]] inline std::optional<Frame> take_frame(std::span<const std::byte>& frames) noexcept {
  if (frames.size() < rpc::prefix_size) return std::nullopt;
  const std::size_t length = rpc::read_length(frames.data());
  if (length > frames.size() - rpc::prefix_size) return std::nullopt;
  const Frame frame{frames[0], frames.subspan(rpc::prefix_size, length)};
  frames = frames.subspan(rpc::prefix_size + length);
  return frame;
}

/// Room for the prefix of a message whose length is not known yet; end_frame() writes it.
[[nodiscard]] inline std::size_t begin_frame(std::vector<std::byte>& frames) {
  frames.resize(frames.size() + rpc::prefix_size);
  return frames.size();
}
/// `begun` is what begin_frame() gave.
inline void end_frame(std::vector<std::byte>& frames, std::size_t begun, std::byte flags) noexcept {
  const auto prefix = rpc::make_prefix(flags, frames.size() - begun);
  std::copy(prefix.begin(), prefix.end(), frames.begin() + static_cast<std::ptrdiff_t>(begun - rpc::prefix_size));
}

inline void append_frame(std::vector<std::byte>& frames, std::byte flags, std::span<const std::byte> message) {
  const std::size_t begun = begin_frame(frames);
  frames.insert(frames.end(), message.begin(), message.end());
  end_frame(frames, begun, flags);
}

/// The same into text.
inline void append_frame(std::string& body, std::byte flags, std::string_view message) {
  for (const std::byte byte : rpc::make_prefix(flags, message.size())) body.push_back(std::to_integer<char>(byte));
  body.append(message);
}

[[nodiscard]] inline std::string_view text_of(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace wasm_grpc::facade
