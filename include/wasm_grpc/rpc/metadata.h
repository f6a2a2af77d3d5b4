// Metadata of a call: an ordered list of key-value pairs, in one buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::rpc {

/// An ordered multimap of header names to values. Values of `-bin` keys are raw bytes, not base64.
/// Keeps its storage across clear(), so that a pooled call does not allocate again.
class Metadata {
 public:
  struct Entry {
    std::string_view key;
    std::string_view value;
  };

  class Iterator {
   public:
    Iterator(const Metadata* owner, std::size_t index) : owner_(owner), index_(index) {}
    Entry operator*() const { return (*owner_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const Metadata* owner_;
    std::size_t index_;
  };

  void add(std::string_view key, std::string_view value);
  /// Has the key with this value, once, in the place of its first value; at the end where it had none. Allocates only
  /// where it had not one value of the same size.
  void set(std::string_view key, std::string_view value);
  void clear() noexcept;

  /// The value of the index-th pair named `key`. The view lives until the next add() or clear().
  [[nodiscard]] std::optional<std::string_view> get(std::string_view key, std::size_t index = 0) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
  [[nodiscard]] bool empty() const noexcept { return slots_.empty(); }
  /// Bytes of all keys and values.
  [[nodiscard]] std::size_t byte_size() const noexcept { return bytes_.size(); }
  [[nodiscard]] Entry operator[](std::size_t index) const noexcept;
  [[nodiscard]] Iterator begin() const noexcept { return {this, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {this, slots_.size()}; }

 private:
  struct Slot {
    std::uint32_t offset;
    std::uint32_t key_size;
    std::uint32_t value_size;
  };
  std::string bytes_;
  std::vector<Slot> slots_;
};

/// True for keys that belong to the protocol and are never user metadata: beginning with ':' or "grpc-", `te`,
/// `content-type` and the connection headers HTTP/2 forbids (RFC 9113, 8.2.2).
[[nodiscard]] bool is_reserved_key(std::string_view key) noexcept;
/// True for keys a user may set: lower-case letters, digits, '_', '-', '.', not empty, not reserved
/// (grpc/doc/PROTOCOL-HTTP2.md, "Custom-Metadata").
[[nodiscard]] bool is_valid_key(std::string_view key) noexcept;
/// True for keys whose values are binary.
[[nodiscard]] bool is_binary_key(std::string_view key) noexcept;
/// True for values a non-binary key may have: printable ASCII, 0x20 to 0x7E.
[[nodiscard]] bool is_valid_ascii_value(std::string_view value) noexcept;

}  // namespace wasm_grpc::rpc
