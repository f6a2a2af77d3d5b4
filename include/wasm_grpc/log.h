// What a server writes into its log, and how.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc {

/// Severity of a log line.
enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

/// "trace", "debug", "info", "warn" or "error".
[[nodiscard]] std::string_view name(LogLevel level) noexcept;

/// Gets every log line of the host and its guests, in their order. `source` is "host" or the name of a module; both
/// texts live until it returns. Called from one thread of the server's, which does nothing else and hears no signals,
/// also while the server is set up and, last, while it is destroyed. It may take its time: what comes meanwhile waits,
/// up to 1 MiB; what is more is dropped, and a line says how much (ServerCounters::log_lines_dropped). A line at which
/// it throws is dropped. It must not destroy the server, which waits for it.
using LogFunction = std::function<void(LogLevel level, std::string_view source, std::string_view text)>;

/// Something that a line says besides its text.
struct LogField {
  std::string_view key;
  std::string_view value;
};

/// One line of the log, in parts. Its texts live until the function that gets it returns; they are UTF-8 without
/// control characters but for line breaks.
struct LogEvent {
  std::chrono::system_clock::time_point time;
  LogLevel level = LogLevel::info;
  /// "host", "access" (a call that has ended: AccessLogOptions), or the name of a module.
  std::string_view source;
  /// For people; of the access log empty.
  std::string_view text;

  // The call it is about, or during which a guest said it. Empty, 0 and nothing where that is not known.

  /// "/package.Service/Method".
  std::string_view method;
  /// The number of the call, which no other call of the process has.
  std::uint64_t call = 0;
  /// Of the trace that the call belongs to: 32 hexadecimal digits.
  std::string_view trace_id;
  /// Its client's address.
  std::string_view peer;
  /// How it ended, and how long it took; of the access log.
  std::optional<rpc::StatusCode> status;
  std::optional<std::chrono::nanoseconds> duration;

  /// What a guest says besides.
  std::span<const LogField> fields;
};

/// The same as LogFunction, for those who want the parts of a line. A guest's lines then carry their call.
using LogEventFunction = std::function<void(const LogEvent& event)>;

/// How lines are written to a file or to standard error: `TIME LEVEL SOURCE: TEXT key=value …`, or an object of JSON.
enum class LogFormat : std::uint8_t { text, json };

}  // namespace wasm_grpc
