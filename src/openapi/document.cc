#include "openapi/document.h"

#include <algorithm>
#include <set>

#include "openapi/comments.h"
#include "openapi/paths.h"
#include "openapi/schemas.h"
#include "services/described_files.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::openapi {

namespace pb = google::protobuf;

std::string document(std::span<const pb::ServiceDescriptor* const> services, const About& about) {
  std::vector<const pb::ServiceDescriptor*> ordered(services.begin(), services.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const auto* a, const auto* b) { return a->full_name() < b->full_name(); });
  Schemas schemas;
  Paths paths(schemas);
  Json tags = Json::array();
  for (const pb::ServiceDescriptor* service : ordered) {
    Json tag = {{"name", service->full_name()}};
    if (const std::string comment = comment_of(*service); !comment.empty()) tag["description"] = comment;
    tags.push_back(std::move(tag));
    for (int i = 0; i < service->method_count(); ++i) paths.add(*service->method(i));
  }
  Json document = {{"openapi", "3.1.0"}, {"info", {{"title", about.title}, {"version", about.version}}}};
  if (!tags.empty()) document["tags"] = std::move(tags);
  document["paths"] = paths.take();
  if (Json all = schemas.take(); !all.empty()) document["components"] = {{"schemas", std::move(all)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::string> document_of_module(std::span<const std::string> descriptors, std::span<const std::string> methods,
                                       const About& about) {
  const auto files = services::DescribedFiles::parse(descriptors);
  if (!files.ok()) return files.error();
  std::set<std::string> names;
  for (const std::string& method : methods) {
    if (const auto path = rpc::parse_method_path(method)) names.emplace(path->service);
  }
  std::vector<const pb::ServiceDescriptor*> found;
  for (const std::string& name : names) {
    const pb::ServiceDescriptor* const service = files.value()->pool().FindServiceByName(name);
    if (service != nullptr) found.push_back(service);
  }
  return document(found, about);
}

}  // namespace wasm_grpc::openapi
