// Rate limits as people write them.
#pragma once

#include <string_view>

#include "wasm_grpc/access_options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc {

/// "KEY RATE [burst N] [PATH...]", with spaces between: whose calls, how many, and which.
///
///   identity 100/s
///   address 600/m burst 100 /pkg.Service/*
///   header:x-api-key 10/s /pkg.Service/One /pkg.Service/Two
///
/// RATE is a number for each s, m or h. The burst is what comes in a second where it is not said, one call at least.
[[nodiscard]] Result<RateLimit> parse_rate_limit(std::string_view text);

}  // namespace wasm_grpc
