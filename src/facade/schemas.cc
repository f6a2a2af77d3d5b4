#include "facade/schemas.h"

#include <google/protobuf/descriptor.pb.h>

#include <utility>

namespace wasm_grpc::facade {

namespace pb = google::protobuf;

void Schemas::add(std::span<const pb::MethodDescriptor* const> methods, std::shared_ptr<const json::Types> types) {
  const json::Types& kept = *types_.emplace_back(std::move(types));
  for (const pb::MethodDescriptor* method : methods) {
    Schema schema;
    schema.request = kept.find(method->input_type()->full_name());
    schema.response = kept.find(method->output_type()->full_name());
    schema.types = &kept;
    schema.only_reads = method->options().idempotency_level() == pb::MethodOptions::NO_SIDE_EFFECTS;
    if (schema.request == nullptr || schema.response == nullptr) continue;
    by_path_.insert_or_assign("/" + method->service()->full_name() + "/" + method->name(), schema);
  }
}

const Schema* Schemas::find(std::string_view path) const noexcept {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : &found->second;
}

}  // namespace wasm_grpc::facade
