#include "wasm_grpc/rpc/metadata.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wasm_grpc::rpc {

namespace {

// A pooled call keeps this much for its next use; what one large call needed is given back.
constexpr std::size_t kept_bytes = 4 * 1024;
constexpr std::size_t kept_slots = 128;

bool is_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

}  // namespace

void Metadata::add(std::string_view key, std::string_view value) {
  const auto offset = static_cast<std::uint32_t>(bytes_.size());
  bytes_.append(key).append(value);
  slots_.push_back({offset, static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size())});
}

void Metadata::set(std::string_view key, std::string_view value) {
  const Slot* only = nullptr;
  std::size_t found = 0;
  for (const Slot& slot : slots_) {
    if (std::string_view(bytes_).substr(slot.offset, slot.key_size) != key) continue;
    only = &slot;
    ++found;
  }
  if (found == 0) {
    add(key, value);
  } else if (found == 1 && only->value_size == value.size()) {
    bytes_.replace(only->offset + only->key_size, value.size(), value);
  } else {
    Metadata others;
    bool placed = false;
    for (const Entry entry : *this) {
      if (entry.key != key) {
        others.add(entry.key, entry.value);
      } else if (!std::exchange(placed, true)) {
        others.add(key, value);
      }
    }
    std::swap(*this, others);
  }
}

void Metadata::clear() noexcept {
  bytes_.clear();
  slots_.clear();
  if (bytes_.capacity() > kept_bytes) std::string().swap(bytes_);
  if (slots_.capacity() > kept_slots) std::vector<Slot>().swap(slots_);
}

std::optional<std::string_view> Metadata::get(std::string_view key, std::size_t index) const noexcept {
  for (const Entry entry : *this) {
    if (entry.key == key && index-- == 0) return entry.value;
  }
  return std::nullopt;
}

Metadata::Entry Metadata::operator[](std::size_t index) const noexcept {
  const Slot& slot = slots_[index];
  const std::string_view bytes = bytes_;
  return {bytes.substr(slot.offset, slot.key_size), bytes.substr(slot.offset + slot.key_size, slot.value_size)};
}

bool is_reserved_key(std::string_view key) noexcept {
  if (key.empty()) return false;
  if (key.front() == ':' || key.starts_with("grpc-")) return true;
  static constexpr std::array<std::string_view, 7> reserved = {
      "te", "content-type", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};
  return std::ranges::find(reserved, key) != reserved.end();
}

bool is_valid_key(std::string_view key) noexcept {
  return !key.empty() && std::ranges::all_of(key, is_key_char) && !is_reserved_key(key);
}

bool is_binary_key(std::string_view key) noexcept { return key.ends_with("-bin"); }

bool is_valid_ascii_value(std::string_view value) noexcept {
  return std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

}  // namespace wasm_grpc::rpc
