// What a project of `wasm-grpc new`, and what is in it, is called.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::cli {

/// The name of a project in `folder`, after its last part, "my_guest": also that of its module and its sources.
[[nodiscard]] Result<std::string> project_name(const std::filesystem::path& folder);

struct ServiceName {
  std::string package;  // "my_guest"
  std::string name;     // "MyGuest"
};
/// The service of a project made without a .proto: by `full_name`, "package.Service", or after the project where that
/// is empty.
[[nodiscard]] Result<ServiceName> service_name(std::string_view project, std::string_view full_name);

/// "HttpEcho" of "http_echo", "Outer_Inner" of "Outer.Inner": as protoc-gen-go has names of messages, services and
/// methods.
[[nodiscard]] std::string go_name(std::string_view name);

// As prost and wasm-grpc-build have them in Rust, for those names that are told apart by more than their case.

/// "HttpEcho" of "HTTPEcho", or of "http_echo".
[[nodiscard]] std::string rust_type(std::string_view name);
/// "http_echo" of "HTTPEcho"; "r#match" of "Match".
[[nodiscard]] std::string rust_identifier(std::string_view name);
/// "http_echo_server" of "HTTPEcho".
[[nodiscard]] std::string rust_server_module(std::string_view service);

}  // namespace wasm_grpc::cli
