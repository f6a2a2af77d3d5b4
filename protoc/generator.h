// The plugin: a header and a source for each .proto.
#pragma once

#include <google/protobuf/compiler/code_generator.h>

#include <cstdint>
#include <string>

#include "descriptors.h"

namespace wasm_grpc::protoc {

/// Makes dir/file.guest.h and dir/file.guest.cc of dir/file.proto. Options: namespace=a::b puts everything in there;
/// validate=all|known adds code that holds messages to their rules of buf.validate, all or those that are known.
class Generator : public google::protobuf::compiler::CodeGenerator {
 public:
  /// `originals` are what modules tell of the files; they must live as long.
  explicit Generator(const OriginalFiles& originals) : originals_(originals) {}
  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context, std::string* error) const override;
  [[nodiscard]] std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }

 private:
  const OriginalFiles& originals_;
};

}  // namespace wasm_grpc::protoc
