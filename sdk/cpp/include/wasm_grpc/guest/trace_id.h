// The name of a trace, from the metadata of a call.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wasm_grpc::guest::detail {

/// Of W3C's "traceparent": "00-TRACE-SPAN-FLAGS", and more behind it of later versions.
[[nodiscard]] inline std::optional<std::string> trace_id_of_traceparent(std::string_view text) {
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view id = text.substr(3, 32);
  bool zero = true;
  for (const char c : id) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
    zero = zero && c == '0';
  }
  return zero ? std::nullopt : std::optional(std::string(id));
}

/// Of "grpc-trace-bin".
[[nodiscard]] inline std::optional<std::string> trace_id_of_binary(std::string_view bytes) {
  if (bytes.size() != 29 || bytes[0] != 0 || bytes[1] != 0) return std::nullopt;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id;
  bool zero = true;
  for (std::size_t i = 2; i < 18; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    id += digits[byte >> 4];
    id += digits[byte & 15];
    zero = zero && byte == 0;
  }
  return zero ? std::nullopt : std::optional(id);
}

}  // namespace wasm_grpc::guest::detail
