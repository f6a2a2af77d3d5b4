// The server's log.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>

#include "observe/log_writer.h"
#include "wasm_grpc/options.h"

namespace wasm_grpc::observe {

/// Thread-safe, and nobody waits who writes into it: lines are written by a thread of its own, in their order. What
/// comes faster than they are taken is dropped, counted, and the log says so. Lines of the host have the source "host",
/// others the name of their module.
class Log {
 public:
  /// What is left is written within this, when the log goes away.
  static constexpr std::chrono::milliseconds last_words{1000};

  /// Lines go to standard error when there is no function.
  Log(LogLevel level, const LogFunction& function);
  /// Waits for a call of the function that does not return; but not for a standard error that takes nothing.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// False for lines that are less severe than it wants; write() does nothing then.
  [[nodiscard]] bool wants(LogLevel level) const noexcept { return level >= level_; }
  void write(LogLevel level, std::string_view source, std::string_view text) const noexcept {
    add(level, source, text, LogWriter::max_bytes);
  }
  void host(LogLevel level, std::string_view text) const noexcept { write(level, "host", text); }
  /// A guest's own line, which is dropped while there is room for lines of the host yet.
  void write_of_guest(LogLevel level, std::string_view module, std::string_view text) const noexcept {
    add(level, module, text, LogWriter::max_guest_bytes);
  }

  /// Waits until what was written into it before is out, or dropped. False when it takes longer.
  bool flush(std::chrono::milliseconds timeout) const noexcept { return writer_->flush(timeout); }
  /// Lines that were dropped, or that the function threw at.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return writer_->dropped(); }

 private:
  void add(LogLevel level, std::string_view source, std::string_view text, std::size_t room) const noexcept {
    if (wants(level)) writer_->add(level, source, text, room);
  }

  const LogLevel level_;
  const bool to_standard_error_;
  std::shared_ptr<LogWriter> writer_;
  std::thread thread_;
};

}  // namespace wasm_grpc::observe
