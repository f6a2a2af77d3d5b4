// How messages are compressed on the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wasm_grpc::rpc {

/// The encodings of messages this host knows (grpc/doc/compression.md). `deflate` is the zlib format of RFC 1950.
enum class Encoding : std::uint8_t { identity = 0, deflate = 1, gzip = 2 };

/// All of them, as grpc-accept-encoding lists them.
inline constexpr std::string_view known_encodings = "identity, deflate, gzip";

/// "identity", "deflate" or "gzip".
[[nodiscard]] std::string_view name(Encoding encoding) noexcept;
/// Nothing for a name this host does not know.
[[nodiscard]] std::optional<Encoding> parse_encoding(std::string_view name) noexcept;

/// The encodings a peer accepts; `identity` always is one.
class EncodingSet {
 public:
  void add(Encoding encoding) noexcept { bits_ = static_cast<std::uint8_t>(bits_ | 1U << static_cast<int>(encoding)); }
  /// Adds those of a grpc-accept-encoding field, which are separated by commas. Unknown ones are passed over.
  void add_list(std::string_view list) noexcept;
  void clear() noexcept { bits_ = 0; }

  /// The one to compress with: gzip, else deflate, else identity.
  [[nodiscard]] Encoding best() const noexcept {
    if (contains(Encoding::gzip)) return Encoding::gzip;
    return contains(Encoding::deflate) ? Encoding::deflate : Encoding::identity;
  }
  [[nodiscard]] bool contains(Encoding encoding) const noexcept {
    return encoding == Encoding::identity || (bits_ >> static_cast<int>(encoding) & 1U) != 0;
  }

 private:
  std::uint8_t bits_ = 0;
};

}  // namespace wasm_grpc::rpc
