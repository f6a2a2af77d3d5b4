// Writes how guests call a service, as C++.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

#include <map>
#include <span>
#include <string>

namespace wasm_grpc::protoc {

/// What a method is called and takes, by the names that templates have for it: kind, function, method, full_name (of
/// the service), request, response.
using MethodVariables = std::map<std::string, std::string>;

/// Whose calls a stub makes.
enum class StubOf { handlers, coroutines };

/// The class Stub, which is nested in that of the service, or in its Async. `methods` are in the order of the .proto.
void write_stub(google::protobuf::io::Printer& out, const google::protobuf::ServiceDescriptor& service,
                std::span<const MethodVariables> methods, StubOf of);

}  // namespace wasm_grpc::protoc
