// As much of URLs as redirects need.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasm_grpc::registry {

/// An http or https URL without user and fragment.
struct Url {
  std::string scheme;     // "http" or "https"
  std::string authority;  // HOST[:PORT], in lower case
  std::string target;     // path and query: begins with '/'

  /// Nothing for anything else.
  [[nodiscard]] static std::optional<Url> parse(std::string_view text);
  /// What `reference` means, as the field Location has it: a URL, or one relative to this.
  [[nodiscard]] std::optional<Url> resolve(std::string_view reference) const;
  [[nodiscard]] std::string text() const { return scheme + "://" + authority + target; }
  [[nodiscard]] bool same_origin(const Url& other) const {
    return scheme == other.scheme && authority == other.authority;
  }
};

/// The most bytes of one.
inline constexpr std::size_t max_url_bytes = 16'384;

}  // namespace wasm_grpc::registry
