// Lines in the host's log.
#pragma once

#include <cstdint>
#include <string_view>

#include "wasm_grpc/guest/abi.h"

namespace wasm_grpc::guest {

enum class LogLevel : std::uint8_t {
  trace = WASM_GRPC_TRACE,
  debug = WASM_GRPC_DEBUG,
  info = WASM_GRPC_INFO,
  warn = WASM_GRPC_WARN,
  error = WASM_GRPC_ERROR,
};

/// Writes one line, which the host marks with the module's name. It keeps 8 KiB of it at most. printf and std::cerr
/// come out there too, without a level.
inline void log(LogLevel level, std::string_view line) {
  abi::wasm_grpc_1_log(static_cast<std::int32_t>(level), line.data(), static_cast<std::uint32_t>(line.size()));
}

}  // namespace wasm_grpc::guest
