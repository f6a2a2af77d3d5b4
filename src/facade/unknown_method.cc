#include "facade/unknown_method.h"

namespace wasm_grpc::facade {

std::string quoted(std::string_view text) {
  constexpr std::size_t most = 200;
  std::string out = "\"";
  out.append(text.substr(0, most));
  if (text.size() > most) out.append("...");
  out.push_back('"');
  return out;
}

rpc::Status unknown_method(std::string_view path, const rpc::MethodTable& methods) {
  const auto parts = rpc::parse_method_path(path);
  if (!parts) {
    return {rpc::StatusCode::unimplemented, "path " + quoted(path) + " is not of the form /package.Service/Method"};
  }
  if (methods.has_service(parts->service)) {
    return {rpc::StatusCode::unimplemented,
            "unknown method " + quoted(parts->method) + " of service " + quoted(parts->service)};
  }
  return {rpc::StatusCode::unimplemented, "unknown service " + quoted(parts->service)};
}

}  // namespace wasm_grpc::facade
