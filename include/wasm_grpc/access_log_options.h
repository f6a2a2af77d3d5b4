// The log of calls.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace wasm_grpc {

/// Which calls are logged when they have ended.
enum class AccessLog : std::uint8_t {
  none,    // but the slow ones
  errors,  // those whose status is not OK, and the slow ones
  all,
};

/// A line for each call that was given to a guest or a native handler, with its method, client, status and the time it
/// took; apart from the server's log, by a queue and a thread of its own. Its source is "access". What is not written
/// in time is dropped, and counted in ServerCounters::log_lines_dropped.
struct AccessLogOptions {
  AccessLog calls = AccessLog::none;
  /// A call that took longer than this is slow. 0: none is.
  std::chrono::milliseconds slower_than{0};
  /// The part, 0 to 1, of AccessLog::all that is logged of calls that went well and were not slow.
  double sample = 1;
  /// Where the lines go; standard error when empty. As ServerOptions::log_file; in ServerOptions::log_format.
  /// Where ServerOptions::log_events is set they go there, to be told by their source, unless a file is said.
  std::string file;

  /// True when some calls are logged.
  [[nodiscard]] bool logs_any() const noexcept { return calls != AccessLog::none || slower_than.count() > 0; }
};

}  // namespace wasm_grpc
