// Names that metrics and the status page share.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::observe {

/// A status code as go-grpc prints it, "DeadlineExceeded".
[[nodiscard]] constexpr std::string_view code_name(std::size_t code) noexcept {
  constexpr std::array<std::string_view, rpc::max_status_code + 1> names{
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  return names[code];
}

/// The label grpc_type.
[[nodiscard]] constexpr std::string_view type_name(rpc::MethodKind kind) noexcept {
  switch (kind) {
    case rpc::MethodKind::unary:
      return "unary";
    case rpc::MethodKind::client_stream:
      return "client_stream";
    case rpc::MethodKind::server_stream:
      return "server_stream";
    case rpc::MethodKind::bidi_stream:
      return "bidi_stream";
    case rpc::MethodKind::http:
      break;
  }
  return "http";
}

}  // namespace wasm_grpc::observe
