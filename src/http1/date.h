// The time of an answer, as the field `date` has it.
#pragma once

#include <array>
#include <cstddef>
#include <ctime>
#include <string_view>

namespace wasm_grpc::http1 {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7), made anew when the second changes.
class Date {
 public:
  /// Valid until the next call. `seconds` since 1970, of a year before 10000.
  [[nodiscard]] std::string_view text(std::time_t seconds) noexcept;

 private:
  std::time_t seconds_ = -1;
  std::size_t size_ = 0;
  std::array<char, 64> text_{};
};

}  // namespace wasm_grpc::http1
