#include "wasm_grpc/rpc/method.h"

#include <algorithm>

namespace wasm_grpc::rpc {

namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

}  // namespace

std::string_view name(MethodKind kind) noexcept {
  switch (kind) {
    case MethodKind::unary:
      return "unary";
    case MethodKind::client_stream:
      return "client streaming";
    case MethodKind::server_stream:
      return "server streaming";
    case MethodKind::bidi_stream:
      return "bidirectional streaming";
    case MethodKind::http:
      return "HTTP";
  }
  return "unknown";
}

std::optional<MethodPath> parse_method_path(std::string_view path) noexcept {
  if (path.empty() || path.front() != '/') return std::nullopt;
  path.remove_prefix(1);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const MethodPath parsed{path.substr(0, slash), path.substr(slash + 1)};
  if (!is_name(parsed.service) || !is_name(parsed.method)) return std::nullopt;
  return parsed;
}

bool is_http_prefix(std::string_view path) noexcept {
  if (path == "/") return true;
  if (path.size() < 2 || path.front() != '/' || path.back() == '/') return false;
  return std::ranges::all_of(path, [](char c) { return c > ' ' && c <= '~' && c != '?' && c != '#'; });
}

}  // namespace wasm_grpc::rpc
