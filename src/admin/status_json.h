// GET /status.json: what the page shows, for programs and the page itself.
#pragma once

#include <string>

#include "admin/view.h"

namespace wasm_grpc::admin {

/// Numbers since the server was made, times in seconds; what is "now" is said to be. Its form may change with versions:
/// /metrics is what to build on.
[[nodiscard]] std::string status_json(const View& view);

/// "ready", "unhealthy" or "stopping".
[[nodiscard]] std::string_view name(Readiness readiness) noexcept;

}  // namespace wasm_grpc::admin
