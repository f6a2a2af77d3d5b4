// What content is named by in a registry: the SHA-256 of its bytes.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace wasm_grpc::registry {

/// "sha256:" and 64 digits. Registries may know other algorithms; what is named by one of them is refused.
class Digest {
 public:
  /// Reads "sha256:HEX", in lower case as the specification wants it; nothing for anything else.
  [[nodiscard]] static std::optional<Digest> parse(std::string_view text);
  [[nodiscard]] static Digest of(std::string_view bytes);

  /// The 64 digits: a name for a file.
  [[nodiscard]] const std::string& hex() const noexcept { return hex_; }
  [[nodiscard]] std::string text() const { return "sha256:" + hex_; }
  auto operator<=>(const Digest&) const = default;

 private:
  explicit Digest(std::string hex) : hex_(std::move(hex)) {}
  std::string hex_;
};

}  // namespace wasm_grpc::registry
