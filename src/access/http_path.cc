#include "access/http_path.h"

#include "rpc/percent.h"

namespace wasm_grpc::access {

namespace {

bool needs_encoding(int c) noexcept {
  const bool is_unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                             c == '.' || c == '_' || c == '~';
  return !is_unreserved && c != '/' && c != '\\' && c != '%' && c >= 0x20 && c != 0x7f;
}

bool is_plain_segment(std::string_view segment) noexcept {
  if (segment == "." || segment == "..") return false;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] == '\\') return false;
    if (segment[i] != '%') continue;
    const int high = i + 2 < segment.size() ? rpc::hex_value(segment[i + 1]) : -1;
    const int low = i + 2 < segment.size() ? rpc::hex_value(segment[i + 2]) : -1;
    if (high < 0 || low < 0 || !needs_encoding(high << 4 | low)) return false;
    i += 2;
  }
  return true;
}

}  // namespace

bool is_plain_path(std::string_view path) noexcept {
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  while (true) {
    const auto end = path.find('/');
    if (!is_plain_segment(path.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    if (end == 0) return false;  // "//"
    path.remove_prefix(end + 1);
  }
}

}  // namespace wasm_grpc::access
