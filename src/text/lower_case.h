// Letters that differ by case only.
#pragma once

#include <string>
#include <string_view>

namespace wasm_grpc::text {

/// `text` with the capital letters of ASCII as small ones; no locale has a say, as names of protocols want it.
[[nodiscard]] inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

}  // namespace wasm_grpc::text
