#include "access/base64url.h"

#include <algorithm>

#include "rpc/base64.h"

namespace wasm_grpc::access {

std::optional<std::string> base64url_decode(std::string_view text) {
  const auto is_in_alphabet = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (text.size() % 4 == 1 || !std::all_of(text.begin(), text.end(), is_in_alphabet)) return std::nullopt;
  // The last character stands for six bits, of which four or two are left over.
  if (text.size() % 4 == 2 && std::string_view("AQgw").find(text.back()) == std::string_view::npos) return std::nullopt;
  if (text.size() % 4 == 3 && std::string_view("AEIMQUYcgkosw048").find(text.back()) == std::string_view::npos) {
    return std::nullopt;
  }
  std::string bytes(text.size() / 4 * 3 + 2, '\0');
  const char* const end = rpc::any_base64_decode(text, bytes.data());
  if (end == nullptr) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(end - bytes.data()));
  return bytes;
}

}  // namespace wasm_grpc::access
