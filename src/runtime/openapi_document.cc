#include "runtime/openapi_document.h"

#include <span>
#include <utility>

#include "openapi/document.h"
#include "openapi/part.h"

namespace wasm_grpc::runtime {

namespace {

using Services = std::vector<const google::protobuf::ServiceDescriptor*>;

void add_services(const ServedModule& module, Services& services) {
  const auto& described = module.guest->described();
  if (described == nullptr) return;
  for (const std::string& name : module.services) {
    const auto* const service = described->pool().FindServiceByName(name);
    if (service != nullptr) services.push_back(service);
  }
}

}  // namespace

std::shared_ptr<const openapi::Part> openapi_part(const ServedModule& module) {
  Services services;
  add_services(module, services);
  return services.empty() ? nullptr : std::make_shared<const openapi::Part>(openapi::part_of(services));
}

std::string openapi_document(std::span<const std::shared_ptr<const ServedModule>> modules) {
  std::vector<const openapi::Part*> parts;
  std::string title;
  for (const auto& module : modules) {
    if (module->openapi == nullptr) continue;
    parts.push_back(module->openapi.get());
    title += (title.empty() ? "" : ", ") + module->name();
  }
  const openapi::About about{title.empty() ? "wasm-grpc" : title, "1"};
  if (auto joined = openapi::join(parts, about)) return *std::move(joined);
  Services services;
  for (const auto& module : modules) add_services(*module, services);
  return openapi::document(services, about);
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
