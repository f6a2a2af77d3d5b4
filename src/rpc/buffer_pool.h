// Memory of large messages, kept for the next ones.
#pragma once

#include <cstddef>
#include <vector>

namespace wasm_grpc::rpc {

/// A few large buffers for the calls of one transport, so that a call has one only while a message is in it: of many
/// streams that are open, most wait. And memory fresh from the system costs a page fault every 4 KiB, which for large
/// messages is more than copying them. Belongs to one thread.
class BufferPool {
 public:
  /// At most so many buffers are kept, and so many bytes in all.
  static constexpr std::size_t max_buffers = 16;
  static constexpr std::size_t max_bytes = 16 * 1024 * 1024;
  /// Buffers up to this size are not its business: whoever has one keeps it.
  static constexpr std::size_t small_buffer = 4 * 1024;

  /// Gives `buffer` room for `size` bytes, in memory that was kept if there is some; what it holds stays.
  void reserve(std::vector<std::byte>& buffer, std::size_t size);
  /// Takes the memory of `buffer`, which is empty afterwards.
  void keep(std::vector<std::byte>& buffer) noexcept;

  /// Bytes that are kept.
  [[nodiscard]] std::size_t size() const noexcept { return bytes_; }

 private:
  std::vector<std::vector<std::byte>> kept_;
  std::size_t bytes_ = 0;
};

}  // namespace wasm_grpc::rpc
