// The service of server.h, described, with messages test.Text.
#pragma once

#include <string>
#include <vector>

#include "facade/facades.h"

namespace wasm_grpc::http2 {

/// message Text { string text = 1; int64 number = 2; repeated Text more = 3; }
/// By google.api.http: Unary is GET /v1/texts/{text=**} and POST /v1/texts, Fail, Info and Never are GET /v1/failures,
/// /v1/info and /v1/never, Collect and Bidi are POST /v1/collected and /v1/echoes.
/// service Test: Unary (free of side effects), Fail, Never, Info (Text to Text), Collect, Spread, Bidi, Stall, Early.
/// `origins`: see ServerOptions::cors_origins.
[[nodiscard]] facade::Facades describe_test_service(const std::vector<std::string>& origins = {});

}  // namespace wasm_grpc::http2
