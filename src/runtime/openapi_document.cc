#include "runtime/openapi_document.h"

#include <set>
#include <span>

#include "openapi/document.h"

namespace wasm_grpc::runtime {

std::string openapi_document(std::span<const std::shared_ptr<const ServedModule>> modules) {
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  std::string title;
  for (const auto& module : modules) {
    const auto& described = module->guest->described();
    if (described == nullptr) continue;
    std::set<std::string, std::less<>> names;  // each once
    for (const MethodInfo& method : module->methods) {
      const auto parts = rpc::parse_method_path(method.path);
      if (!parts || !names.emplace(parts->service).second) continue;
      const auto* const service = described->pool().FindServiceByName(std::string(parts->service));
      if (service != nullptr) services.push_back(service);
    }
    if (!names.empty()) title += (title.empty() ? "" : ", ") + module->name();
  }
  return openapi::document(services, {title.empty() ? "wasm-grpc" : title, "1"});
}

void DocumentHandler::start(rpc::Call& call) noexcept {
  if (call.http_method() != "GET" && call.http_method() != "HEAD") {
    (void)call.add_header("allow", "GET, HEAD");
    (void)call.set_http_status(405);
    call.finish({});
    return;
  }
  (void)call.add_header("content-type", "application/json");
  (void)call.send(std::as_bytes(std::span(*document_)));
  call.finish({});
}

}  // namespace wasm_grpc::runtime
