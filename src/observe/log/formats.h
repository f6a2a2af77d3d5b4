// Lines as text and as JSON.
#pragma once

#include <string>

#include "observe/log/line.h"

namespace wasm_grpc::observe {

/// As a LogFunction gets it: the text, and behind it the call that it is about and what its guest says besides.
[[nodiscard]] std::string text_for_function(const LogLine& line);

/// "TIME LEVEL SOURCE: TEXT key=value …\n", in local time.
void append_text(std::string& out, const LogLine& line);

/// An object and a line break: "time" (RFC 3339, UTC), "level", "module" (of lines of modules), "message", "method",
/// "call_id", "trace_id", "peer", "status", "ms", and what a guest says besides in "fields". What a line does not know
/// is left out; of an access log "log" is "access".
void append_json(std::string& out, const LogLine& line);

}  // namespace wasm_grpc::observe
