// What texts of a policy match: exactly, by their beginning or end, or any that is not empty (gRFC A43).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wasm_grpc::access {

/// "abc", "abc*", "*abc", or "*".
class Pattern {
 public:
  enum class Kind : std::uint8_t { exact, prefix, suffix, present };

  /// Nothing where an asterisk is anywhere but at one end: "a*b" and "*a*" are not known.
  [[nodiscard]] static std::optional<Pattern> parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view text) const noexcept {
    switch (kind_) {
      case Kind::exact:
        return text == text_;
      case Kind::prefix:
        return text.starts_with(text_);
      case Kind::suffix:
        return text.ends_with(text_);
      case Kind::present:
        return !text.empty();
    }
    return false;
  }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  /// Without its asterisk.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  Pattern(Kind kind, std::string_view text) : kind_(kind), text_(text) {}

  Kind kind_;
  std::string text_;
};

}  // namespace wasm_grpc::access
