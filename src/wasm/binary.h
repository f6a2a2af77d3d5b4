// The bytes of a binary module, taken apart as far as the engine does not tell of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace wasm_grpc::wasm {

/// Takes values from the front of bytes. What is cut short or malformed is nothing, and the bytes are then of no use.
class BinaryReader {
 public:
  explicit BinaryReader(std::string_view bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] bool at_end() const noexcept { return bytes_.empty(); }
  [[nodiscard]] std::string_view rest() const noexcept { return bytes_; }

  std::optional<std::uint8_t> byte() noexcept {
    if (bytes_.empty()) return std::nullopt;
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  /// An unsigned LEB128 number of 32 bits.
  std::optional<std::uint32_t> number() noexcept {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto next = byte();
      if (!next || (shift == 28 && *next > 0x0f)) return std::nullopt;
      value |= static_cast<std::uint32_t>(*next & 0x7f) << shift;
      if ((*next & 0x80) == 0) return value;
    }
    return std::nullopt;
  }
  /// A length and as many bytes.
  std::optional<std::string_view> sized() noexcept {
    const auto size = number();
    if (!size || *size > bytes_.size()) return std::nullopt;
    const std::string_view taken = bytes_.substr(0, *size);
    bytes_.remove_prefix(*size);
    return taken;
  }

 private:
  std::string_view bytes_;
};

/// What the sections of a binary module are numbered by (core specification, "Modules").
enum class SectionId : std::uint8_t { custom = 0, types = 1, functions = 3, exports = 7, code = 10 };

/// Calls `visit(id, content)` for each section in turn, as far as the bytes are a module.
template <typename Visit>
void for_each_section(std::span<const std::byte> binary, const Visit& visit) {
  constexpr std::size_t preamble = 8;
  const std::string_view bytes(reinterpret_cast<const char*>(binary.data()), binary.size());
  BinaryReader reader(bytes.substr(std::min(preamble, bytes.size())));
  while (!reader.at_end()) {
    const auto id = reader.byte();
    const auto content = reader.sized();
    if (!content) return;
    visit(static_cast<SectionId>(*id), *content);
  }
}

}  // namespace wasm_grpc::wasm
