// A project of a .proto that is there already: its services, with methods that are still to be written.
#pragma once

#include <string>
#include <vector>

#include "cli/new/project.h"
#include "client/descriptions.h"
#include "wasm_grpc/result.h"

namespace google::protobuf {
class FileDescriptor;
class MethodDescriptor;
}  // namespace google::protobuf

namespace wasm_grpc::cli {

/// Where a project has the .proto files it was made of.
inline constexpr const char* protos_folder = "protos";

/// A .proto file with services, and what it imports.
struct OwnProtos {
  client::Files files;  // which keeps `file` alive
  const google::protobuf::FileDescriptor* file;
  std::vector<ProjectFile> copies;  // of it and its imports, but for protobuf's own
};

/// The file at `proto`; it and what it imports are looked for in `folders`, and in its own. The error says what is
/// wrong with it, or that it has no method to serve.
[[nodiscard]] Result<OwnProtos> read_own_protos(const std::string& proto, const std::vector<std::string>& folders);

/// All methods of the services in the file, in their order.
[[nodiscard]] std::vector<const google::protobuf::MethodDescriptor*> methods_of(const OwnProtos& protos);
/// What a method answers until it is written.
[[nodiscard]] std::string to_be_written(const google::protobuf::MethodDescriptor& method);
/// What test.sh expects of all of them: a line each.
[[nodiscard]] std::string expectations(const OwnProtos& protos);

/// The source of a guest whose methods all answer UNIMPLEMENTED, in C++.
[[nodiscard]] std::string cpp_stubs(const OwnProtos& protos);
/// And in Go: main.go, main_test.go, which tests the unary ones, and generate.sh, which makes the messages by
/// protoc-gen-go.
[[nodiscard]] std::string go_stubs(const Project& project);
[[nodiscard]] std::string go_tests(const Project& project);
[[nodiscard]] std::string go_generate(const Project& project);
/// And in Zig, with the messages.
[[nodiscard]] std::string zig_stubs(const OwnProtos& protos);
/// And in AssemblyScript, with a test of the unary ones.
[[nodiscard]] std::string assemblyscript_stubs(const OwnProtos& protos);
[[nodiscard]] std::string assemblyscript_tests(const Project& project);
/// And in Rust, with a native test of the unary ones.
[[nodiscard]] std::string rust_stubs(const OwnProtos& protos);

}  // namespace wasm_grpc::cli
