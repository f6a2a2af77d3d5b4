// Lines in the host's log.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/pairs.h"

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

/// Something that a line says besides its text: a key of lower-case letters, digits, '_', '-' and '.', and any value.
struct LogField {
  std::string_view key;
  std::string_view value;
};

namespace detail {

/// Writes a line about a call. False when the host refused the fields, or is too old for them: nothing is logged then.
inline bool log_call(std::int32_t call, LogLevel level, std::string_view line, std::span<const LogField> fields) {
  std::string pairs;
  for (const LogField& field : fields) append_pair(pairs, field.key, field.value);
  return abi::wasm_grpc_1_log_call(call, static_cast<std::int32_t>(level), line.data(),
                                   static_cast<std::uint32_t>(line.size()), pairs.data(),
                                   static_cast<std::uint32_t>(pairs.size())) == abi::ok;
}

}  // namespace detail
}  // namespace wasm_grpc::guest
