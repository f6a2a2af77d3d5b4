#include "abi/pantopic/services.h"

#include <optional>
#include <unordered_set>

#include "wasm/guest_text.h"

namespace wasm_grpc::abi::pantopic {

namespace {

std::string quoted(std::string_view text) { return "\"" + wasm::printable(text, wasm::most_of_name) + "\""; }

Error refuse(const std::string& why) {
  return Error{"its list of services was refused: " + why +
               "; it should read like /pkg.Service/u.Method,s.Method/pkg.Other/b.Method"};
}

std::optional<rpc::MethodKind> kind_of(char letter) {
  switch (letter) {
    case 'u':
      return rpc::MethodKind::unary;
    case 'c':
      return rpc::MethodKind::client_stream;
    case 's':
      return rpc::MethodKind::server_stream;
    case 'b':
      return rpc::MethodKind::bidi_stream;
    default:
      return std::nullopt;
  }
}

/// Takes what is before the first `separator`, or all, off the front of `text`.
std::string_view take_until(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return taken;
}

}  // namespace

Result<std::vector<DeclaredMethod>> parse_services(std::string_view list) {
  if (list.empty()) return refuse("it is empty");
  if (list.front() != '/') return refuse("it begins with " + quoted(list.substr(0, 1)) + ", not with a slash");
  list.remove_prefix(1);
  if (list.empty()) return refuse("it names no service");

  std::vector<DeclaredMethod> methods;
  std::unordered_set<std::string> paths;
  while (!list.empty()) {
    const std::string_view service = take_until(list, '/');
    std::string_view names = take_until(list, '/');
    if (names.empty()) return refuse("the service " + quoted(service) + " has no methods");
    while (!names.empty()) {
      const std::string_view method = take_until(names, ',');
      const auto kind = method.size() > 2 && method[1] == '.' ? kind_of(method[0]) : std::nullopt;
      if (!kind) return refuse(quoted(method) + " is no u.Method, c.Method, s.Method or b.Method");
      if (service.size() + method.size() > max_path_bytes) {  // its slashes are as long as its kind
        return refuse("the path of " + quoted(method) + " is longer than 1024 bytes");
      }
      std::string path = "/" + std::string(service) + "/" + std::string(method.substr(2));
      if (!rpc::parse_method_path(path)) return refuse(quoted(path) + " is no path /package.Service/Method");
      if (!paths.insert(path).second) return refuse("it has the method " + quoted(path) + " twice");
      if (methods.size() >= max_methods) return refuse("a module may have 10000 methods");
      const auto tag = static_cast<std::int32_t>(methods.size());
      methods.push_back({std::move(path), *kind, tag, Style::handler});
    }
  }
  return methods;
}

}  // namespace wasm_grpc::abi::pantopic
