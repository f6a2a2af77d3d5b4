// The descriptors that a module carries.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/printer.h>

#include <map>
#include <string>

namespace wasm_grpc::protoc {

/// The files as protoc gave them, by their names: of editions, those that are built here say so no more.
using OriginalFiles = std::map<std::string, google::protobuf::FileDescriptorProto>;

/// A serialized FileDescriptorSet of the file and all it imports, each after its own imports. Comments are those of the
/// files that are not Google's, as long as they have no more than 32 KiB; else none.
[[nodiscard]] std::string descriptor_set(const google::protobuf::FileDescriptor& file, const OriginalFiles& originals);

/// Writes it as a custom section of the module, wasm_grpc.descriptors.
void write_descriptor_section(google::protobuf::io::Printer& out, const std::string& descriptors);

}  // namespace wasm_grpc::protoc
