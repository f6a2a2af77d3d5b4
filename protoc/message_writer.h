// Writes enums and messages as C++.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

#include "field.h"

namespace wasm_grpc::protoc {

using Printer = google::protobuf::io::Printer;

/// The enum, and what tells its names.
void write_enum(Printer& out, const google::protobuf::EnumDescriptor& enumeration);

/// The definition of the struct.
void write_struct(Printer& out, const Message& message);
/// The declarations of the functions beside it.
void write_declarations(Printer& out, const Message& message);
/// The functions.
void write_definitions(Printer& out, const Message& message);

}  // namespace wasm_grpc::protoc
