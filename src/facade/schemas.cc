#include "facade/schemas.h"

#include <google/protobuf/descriptor.pb.h>

#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::facade {

namespace pb = google::protobuf;

void Schemas::add(std::span<const pb::FileDescriptor* const> files, std::span<const std::string> paths) {
  if (files.empty()) return;
  const json::Types& types = *types_.emplace_back(std::make_unique<const json::Types>(files));
  const pb::DescriptorPool& pool = *files.front()->pool();
  for (const std::string& path : paths) {
    const auto parts = rpc::parse_method_path(path);
    if (!parts) continue;
    const pb::ServiceDescriptor* service = pool.FindServiceByName(std::string(parts->service));
    if (service == nullptr) continue;
    const pb::MethodDescriptor* method = service->FindMethodByName(std::string(parts->method));
    if (method == nullptr) continue;
    Schema schema;
    schema.request = types.find(method->input_type()->full_name());
    schema.response = types.find(method->output_type()->full_name());
    schema.only_reads = method->options().idempotency_level() == pb::MethodOptions::NO_SIDE_EFFECTS;
    if (schema.request != nullptr && schema.response != nullptr) by_path_.emplace(path, schema);
  }
}

const Schema* Schemas::find(std::string_view path) const noexcept {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : &found->second;
}

}  // namespace wasm_grpc::facade
