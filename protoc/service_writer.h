// Writes services as C++.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

#include <string_view>

#include "names.h"

namespace wasm_grpc::protoc {

/// The class to derive from, and the function that registers one.
void write_service_class(google::protobuf::io::Printer& out, const google::protobuf::ServiceDescriptor& service,
                         const Names& names);
/// `file_descriptors` is the name of the array with the descriptors.
void write_service_definitions(google::protobuf::io::Printer& out, const google::protobuf::ServiceDescriptor& service,
                               const Names& names, std::string_view file_descriptors);

}  // namespace wasm_grpc::protoc
