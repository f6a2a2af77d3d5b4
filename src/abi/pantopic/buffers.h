// The memory that a guest of wazero-grpc-server and its host exchange methods, messages and error codes in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::abi::pantopic {

/// Where the buffers of one instance are. The places are the guest's choice, made at its start; what it has in them
/// later is checked whenever it is used. `memory` is the guest's memory at that time: it only ever grows.
class Buffers {
 public:
  /// No buffers: not to be used.
  Buffers() = default;
  /// Reads the seven addresses at `address`, in the order of Word. The error says which is outside the memory.
  [[nodiscard]] static Result<Buffers> read(std::span<const std::byte> memory, std::uint32_t address);

  /// Writes the path of the method that is called. The error says why it does not fit.
  [[nodiscard]] Result<> put_method(std::span<std::byte> memory, std::string_view path) const;
  [[nodiscard]] std::uint32_t method_capacity(std::span<const std::byte> memory) const noexcept {
    return load(memory, method_cap);
  }
  /// Whether a message of so many bytes has room. The error is of a guest whose buffer is not in its memory.
  [[nodiscard]] Result<bool> has_room(std::span<const std::byte> memory, std::size_t size) const;
  /// Writes a message that has room.
  void put_message(std::span<std::byte> memory, std::span<const std::byte> message) const noexcept;
  /// Writes more of the message that is there. False where it has no room; nothing is written then. The error is of a
  /// guest whose buffer is not in its memory.
  [[nodiscard]] Result<bool> append_message(std::span<std::byte> memory, std::span<const std::byte> piece) const;
  /// The message the guest has written. The error says why it is none.
  [[nodiscard]] Result<std::span<const std::byte>> message(std::span<const std::byte> memory) const;
  [[nodiscard]] std::uint32_t message_capacity(std::span<const std::byte> memory) const noexcept {
    return load(memory, message_cap);
  }

  [[nodiscard]] std::uint32_t error(std::span<const std::byte> memory) const noexcept {
    return load(memory, error_code);
  }
  void put_error(std::span<std::byte> memory, std::uint32_t code) const noexcept { store(memory, error_code, code); }

 private:
  /// What each address is of; the buffers are bytes, the others a u32.
  enum Word : std::size_t {
    method_cap,
    method_len,
    method_buffer,
    message_cap,
    message_len,
    message_buffer,
    error_code
  };
  static constexpr std::size_t words = 7;

  [[nodiscard]] std::uint32_t load(std::span<const std::byte> memory, Word word) const noexcept;
  void store(std::span<std::byte> memory, Word word, std::uint32_t value) const noexcept;
  [[nodiscard]] Result<> check(std::span<const std::byte> memory, std::string_view what, Word buffer, Word cap) const;

  std::array<std::uint32_t, words> places_{};
};

}  // namespace wasm_grpc::abi::pantopic
