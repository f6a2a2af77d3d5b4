// The plugin: a header and a source for each .proto.
#pragma once

#include <google/protobuf/compiler/code_generator.h>

#include <cstdint>
#include <string>

namespace wasm_grpc::protoc {

/// Makes dir/file.guest.h and dir/file.guest.cc of dir/file.proto. Option: namespace=a::b puts everything in there.
class Generator : public google::protobuf::compiler::CodeGenerator {
 public:
  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context, std::string* error) const override;
  [[nodiscard]] std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
};

}  // namespace wasm_grpc::protoc
