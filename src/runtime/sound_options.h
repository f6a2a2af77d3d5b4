// Options that make sense, and fit each other.
#pragma once

#include "wasm_grpc/guest_limits.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::runtime {

/// The error says what makes no sense, and what was expected.
[[nodiscard]] Result<> check(const ServerOptions& options);
/// Likewise what holds for the clients of an address.
[[nodiscard]] Result<> check(const ConnectionOptions& options);
/// What the guests of a module may use; the error says what of it makes no sense, or is more than the server's.
[[nodiscard]] Result<GuestLimits> limits_of(const ModuleOptions& options, const GuestLimits& server);

}  // namespace wasm_grpc::runtime
