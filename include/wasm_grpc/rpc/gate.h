// Who decides whether a call may begin.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "wasm_grpc/rpc/request.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {

/// Why a call is not served, as its client hears it.
struct Refusal {
  Status status;
  /// Of UNAUTHENTICATED, for clients that speak HTTP: `www-authenticate` (RFC 9110, 11.6.1). Else empty.
  std::string challenge;
  /// When to try again, where that is known: `grpc-retry-pushback-ms` (gRFC A6), or `retry-after` in HTTP.
  std::optional<std::chrono::milliseconds> retry_after;
};

/// What a call is for.
struct Target {
  /// "/package.Service/Method"; where is_method is false, the path that the client asked for, as it is written, without
  /// its query.
  std::string_view path;
  /// It is a gRPC method that is served, by whatever protocol it is called.
  bool is_method = false;
};

/// Asked of each call before its handler, a guest or an instance is touched. A transport has one or none; it belongs to
/// one thread, as the transport does.
class Gate {
 public:
  virtual ~Gate() = default;
  /// Nothing when the call may begin. `request` has all that its headers say, but for the method; its metadata may be
  /// changed to what handlers are to see.
  [[nodiscard]] virtual std::optional<Refusal> refuse(Request& request, const Target& target) = 0;
};

}  // namespace wasm_grpc::rpc
