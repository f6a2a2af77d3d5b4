// The server's log.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>

#include "observe/log/output.h"
#include "observe/log/recent_lines.h"
#include "observe/log/writer.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::observe {

/// Where the lines of a log go.
struct LogSink {
  LineFunction function;
  /// What the function writes to, where it is a file or standard error. They may take nothing for ever.
  std::shared_ptr<LogOutput> output;
};
/// Standard error, as text, without a function.
[[nodiscard]] LogSink sink_of(const LogFunction& function);
[[nodiscard]] LogSink sink_of(const LogEventFunction& function);
/// Standard error without a file's name.
[[nodiscard]] Result<LogSink> sink_of(const std::string& file, LogFormat format);

/// Thread-safe, and nobody waits who writes into it: lines are written by a thread of its own, in their order. What
/// comes faster than they are taken is dropped, counted, and the log says so. Lines of the host have the source "host",
/// others the name of their module.
class Log {
 public:
  /// What is left is written within this, when the log goes away.
  static constexpr std::chrono::milliseconds last_words{1000};

  Log(LogLevel level, LogSink sink);
  /// Lines go to standard error when there is no function.
  Log(LogLevel level, const LogFunction& function) : Log(level, sink_of(function)) {}
  /// Waits for a call of the function that does not return; but not for a file or standard error that takes nothing.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// False for lines that are less severe than it wants; write() does nothing then.
  [[nodiscard]] bool wants(LogLevel level) const noexcept { return level >= level_.load(std::memory_order_relaxed); }
  void set_level(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }

  void write(LogLevel level, std::string_view source, std::string_view text) const noexcept;
  void host(LogLevel level, std::string_view text) const noexcept { write(level, "host", text); }
  /// The same in parts, but for the time.
  void write(const LogLine& line) const noexcept {
    if (wants(line.level)) add(line, LogWriter::max_bytes);
  }
  /// A guest's own line, which is dropped while there is room for lines of the host yet. Of any level: who has it looks
  /// for that.
  void write_of_guest(const LogLine& line) const noexcept { add(line, LogWriter::max_guest_bytes); }

  /// Writes on to the file of that name, where it was renamed. Nothing happens without a file.
  [[nodiscard]] Result<> reopen() const { return output_ == nullptr ? success() : output_->reopen(); }
  /// Waits until what was written into it before is out, or dropped. False when it takes longer.
  bool flush(std::chrono::milliseconds timeout) const noexcept { return writer_->flush(timeout); }
  /// Lines that were dropped, or that the function threw at.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return writer_->dropped(); }
  /// The last warnings and errors.
  [[nodiscard]] const RecentLines& recent() const noexcept { return recent_; }

 private:
  void add(const LogLine& line, std::size_t room) const noexcept;

  std::atomic<LogLevel> level_;
  const std::shared_ptr<LogOutput> output_;
  std::shared_ptr<LogWriter> writer_;
  mutable RecentLines recent_;
  std::thread thread_;
};

}  // namespace wasm_grpc::observe
