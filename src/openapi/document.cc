#include "openapi/document.h"

#include <set>

#include "openapi/part.h"
#include "services/described_files.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::openapi {

namespace pb = google::protobuf;

std::string document(std::span<const pb::ServiceDescriptor* const> services, const About& about) {
  const Part all = part_of(services);
  const Part* const parts[] = {&all};
  return join(parts, about).value();
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
