#include "abi/pantopic/buffers.h"

#include <cstring>
#include <string>

namespace wasm_grpc::abi::pantopic {

namespace {

constexpr std::array<std::string_view, 7> names = {"method cap",  "method len",     "method buffer", "message cap",
                                                   "message len", "message buffer", "error code"};

bool is_inside(std::span<const std::byte> memory, std::uint32_t address, std::uint64_t size) {
  return address + size <= memory.size();
}

std::string outside(std::string_view what, std::uint32_t address, std::span<const std::byte> memory) {
  return "its " + std::string(what) + " is at " + std::to_string(address) + ", outside its memory of " +
         std::to_string(memory.size()) + " bytes";
}

}  // namespace

Result<Buffers> Buffers::read(std::span<const std::byte> memory, std::uint32_t address) {
  Buffers buffers;
  if (!is_inside(memory, address, sizeof(buffers.places_))) {
    return Error{outside("table of seven pointers", address, memory)};
  }
  std::memcpy(buffers.places_.data(), memory.data() + address, sizeof(buffers.places_));
  for (std::size_t i = 0; i < words; ++i) {
    const bool is_buffer = i == method_buffer || i == message_buffer;
    if (!is_inside(memory, buffers.places_[i], is_buffer ? 0 : sizeof(std::uint32_t))) {
      return Error{outside(names[i], buffers.places_[i], memory)};
    }
  }
  if (auto checked = buffers.check(memory, "method", method_buffer, method_cap); !checked.ok()) {
    return std::move(checked).error();
  }
  if (auto checked = buffers.check(memory, "message", message_buffer, message_cap); !checked.ok()) {
    return std::move(checked).error();
  }
  return buffers;
}

std::uint32_t Buffers::load(std::span<const std::byte> memory, Word word) const noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, memory.data() + places_[word], sizeof(value));
  return value;
}

void Buffers::store(std::span<std::byte> memory, Word word, std::uint32_t value) const noexcept {
  std::memcpy(memory.data() + places_[word], &value, sizeof(value));
}

Result<> Buffers::check(std::span<const std::byte> memory, std::string_view what, Word buffer, Word cap) const {
  const std::uint32_t capacity = load(memory, cap);
  if (is_inside(memory, places_[buffer], capacity)) return success();
  return Error{"its " + std::string(what) + " buffer of " + std::to_string(capacity) + " bytes at " +
               std::to_string(places_[buffer]) + " is not inside its memory of " + std::to_string(memory.size()) +
               " bytes"};
}

Result<> Buffers::put_method(std::span<std::byte> memory, std::string_view path) const {
  if (auto checked = check(memory, "method", method_buffer, method_cap); !checked.ok()) return checked;
  if (path.size() > load(memory, method_cap)) {
    return Error{"its method buffer of " + std::to_string(load(memory, method_cap)) + " bytes has no room for " +
                 std::string(path)};
  }
  std::memcpy(memory.data() + places_[method_buffer], path.data(), path.size());
  store(memory, method_len, static_cast<std::uint32_t>(path.size()));
  return success();
}

Result<bool> Buffers::has_room(std::span<const std::byte> memory, std::size_t size) const {
  if (auto checked = check(memory, "message", message_buffer, message_cap); !checked.ok()) {
    return std::move(checked).error();
  }
  return size <= message_capacity(memory);
}

void Buffers::put_message(std::span<std::byte> memory, std::span<const std::byte> message) const noexcept {
  if (!message.empty()) std::memcpy(memory.data() + places_[message_buffer], message.data(), message.size());
  store(memory, message_len, static_cast<std::uint32_t>(message.size()));
}

Result<bool> Buffers::append_message(std::span<std::byte> memory, std::span<const std::byte> piece) const {
  const auto there = message(memory);
  if (!there.ok()) return there.error();
  const std::size_t size = there.value().size() + piece.size();
  if (size > message_capacity(memory)) return false;
  if (!piece.empty()) {
    std::memcpy(memory.data() + places_[message_buffer] + there.value().size(), piece.data(), piece.size());
  }
  store(memory, message_len, static_cast<std::uint32_t>(size));
  return true;
}

Result<std::span<const std::byte>> Buffers::message(std::span<const std::byte> memory) const {
  const std::uint32_t size = load(memory, message_len);
  if (auto checked = check(memory, "message", message_buffer, message_cap); !checked.ok()) {
    return std::move(checked).error();
  }
  if (size > message_capacity(memory)) {
    return Error{"it gives " + std::to_string(size) + " bytes in its message buffer of " +
                 std::to_string(message_capacity(memory))};
  }
  return memory.subspan(places_[message_buffer], size);
}

}  // namespace wasm_grpc::abi::pantopic
