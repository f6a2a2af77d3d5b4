// Numbers as JSON writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wasm_grpc::json {

/// The end of the number (RFC 8259, section 6) that begins at `at`; nullptr when there is none.
[[nodiscard]] const char* number_end(const char* at, const char* end) noexcept;

/// The value of a number, of any notation, that is a whole one: 100, 1e2 and 100.0 are the same.
struct Whole {
  bool is_negative = false;
  std::uint64_t magnitude = 0;
};
/// Nothing when it is not whole, or larger than 64 bits.
[[nodiscard]] std::optional<Whole> whole_of(std::string_view number) noexcept;

/// The nearest value; nothing when it is larger than what is finite.
[[nodiscard]] std::optional<double> float64_of(std::string_view number) noexcept;
[[nodiscard]] std::optional<float> float32_of(std::string_view number) noexcept;

/// Writes the shortest text that stands for that value and no other, finite or not (then with quotes), at `to`, which
/// has room for 32 characters. Returns its end.
[[nodiscard]] char* write_float(double value, char* to) noexcept;
[[nodiscard]] char* write_float(float value, char* to) noexcept;

}  // namespace wasm_grpc::json
