// A view of bytes: what messages are to the SDK.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace wasm_grpc::guest {

/// Bytes that somebody else owns. Cheap to copy; valid as long as what it was made from.
class Bytes {
 public:
  constexpr Bytes() = default;
  constexpr Bytes(const void* data, std::size_t size) : data_(static_cast<const char*>(data)), size_(size) {}
  constexpr Bytes(const char* data, std::size_t size) : data_(data), size_(size) {}
  constexpr Bytes(std::string_view text) : data_(text.data()), size_(text.size()) {}
  constexpr Bytes(const char* text) : Bytes(std::string_view(text)) {}
  Bytes(const std::string& text) : data_(text.data()), size_(text.size()) {}
  Bytes(std::span<const std::byte> bytes) : Bytes(static_cast<const void*>(bytes.data()), bytes.size()) {}
  Bytes(std::span<const std::uint8_t> bytes) : Bytes(static_cast<const void*>(bytes.data()), bytes.size()) {}

  [[nodiscard]] constexpr const char* data() const noexcept { return data_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  /// The same bytes as text; whether they are valid UTF-8 is not looked at.
  [[nodiscard]] constexpr std::string_view text() const noexcept { return {data_, size_}; }
  /// A copy that outlives what the view shows.
  [[nodiscard]] std::string copy() const { return std::string(data_, size_); }

  friend constexpr bool operator==(Bytes left, Bytes right) noexcept { return left.text() == right.text(); }

 private:
  const char* data_ = "";
  std::size_t size_ = 0;
};

}  // namespace wasm_grpc::guest
