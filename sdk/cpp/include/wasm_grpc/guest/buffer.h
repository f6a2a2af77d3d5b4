// The memory request messages are received into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace wasm_grpc::guest {

/// A block of bytes that grows and is used again for message after message, so that receiving one does not allocate.
/// It keeps the size of the largest message seen: a wasm memory cannot shrink anyway.
class Buffer {
 public:
  constexpr Buffer() = default;

  [[nodiscard]] char* data() noexcept { return data_.get(); }
  [[nodiscard]] const char* data() const noexcept { return data_.get(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

  /// Makes room for `size` bytes; what was in the buffer is lost when that takes a new block.
  void reserve(std::uint32_t size) {
    if (size <= capacity_) return;
    std::uint32_t grown = capacity_ == 0 ? first_size : capacity_;
    while (grown < size && grown < largest_power) grown *= 2;
    if (grown < size) grown = size;
    data_.reset();  // first, so that the old block's room can become part of the new one
    data_ = std::make_unique_for_overwrite<char[]>(grown);
    capacity_ = grown;
  }

 private:
  static constexpr std::uint32_t first_size = 1024;
  static constexpr std::uint32_t largest_power = std::uint32_t{1} << 31;

  std::unique_ptr<char[]> data_;
  std::uint32_t capacity_ = 0;
};

}  // namespace wasm_grpc::guest
