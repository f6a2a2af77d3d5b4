#include "wasm/custom_sections.h"

#include <cstdint>
#include <optional>

namespace wasm_grpc::wasm {

namespace {

/// Takes an unsigned LEB128 number of 32 bits from the front of `bytes`.
std::optional<std::uint32_t> take_number(std::string_view& bytes) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 35 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (shift == 28 && byte > 0x0f) return std::nullopt;
    value |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

/// Takes a length and as many bytes.
std::optional<std::string_view> take_sized(std::string_view& bytes) {
  const auto size = take_number(bytes);
  if (!size || *size > bytes.size()) return std::nullopt;
  const std::string_view taken = bytes.substr(0, *size);
  bytes.remove_prefix(*size);
  return taken;
}

}  // namespace

CustomSections read_custom_sections(std::span<const std::byte> binary, std::string_view prefix) {
  constexpr std::size_t preamble = 8;
  constexpr char custom = 0;
  CustomSections found;
  std::string_view bytes(reinterpret_cast<const char*>(binary.data()), binary.size());
  bytes.remove_prefix(std::min(preamble, bytes.size()));
  while (!bytes.empty()) {
    const char id = bytes.front();
    bytes.remove_prefix(1);
    auto section = take_sized(bytes);
    if (!section) break;
    if (id != custom) continue;
    const auto name = take_sized(*section);
    if (name && name->starts_with(prefix)) found[std::string(*name)].append(*section);
  }
  return found;
}

}  // namespace wasm_grpc::wasm
