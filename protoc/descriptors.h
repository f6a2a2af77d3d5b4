// The descriptors that a module carries.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

#include <string>

namespace wasm_grpc::protoc {

/// A serialized FileDescriptorSet of the file and all it imports, each after its own imports, without comments.
[[nodiscard]] std::string descriptor_set(const google::protobuf::FileDescriptor& file);

/// Writes it as a custom section of the module, wasm_grpc.descriptors.
void write_descriptor_section(google::protobuf::io::Printer& out, const std::string& descriptors);

}  // namespace wasm_grpc::protoc
