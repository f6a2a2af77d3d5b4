// The last lines of the log that somebody should see.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "observe/log/line.h"

namespace wasm_grpc::observe {

/// One of them.
struct RecentLine {
  std::chrono::system_clock::time_point time;
  LogLevel level = LogLevel::warn;
  std::string source;  // "host", or a module
  std::string text;    // may have several lines: a trap has the guest's backtrace
};

/// Keeps warnings and errors for whoever looks at the server. Thread-safe; a line is copied under a lock of its own,
/// and lines of that severity are limited in number where they are made.
class RecentLines {
 public:
  static constexpr std::size_t most = 100;
  static constexpr std::size_t most_text = std::size_t{8} << 10;  // of each; the rest is cut

  void add(const LogLine& line) noexcept;
  /// The latest first.
  [[nodiscard]] std::vector<RecentLine> lines() const;

 private:
  mutable std::mutex mutex_;
  std::deque<RecentLine> lines_;
};

}  // namespace wasm_grpc::observe
