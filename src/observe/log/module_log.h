// What the guests of one module log and print.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "abi/abi.h"
#include "observe/log/log.h"
#include "observe/log/shared_token_bucket.h"
#include "wasi/output.h"
#include "wasm_grpc/log_limits.h"

namespace wasm_grpc::observe {

/// Lets through what the limits allow, and has the log say how much it did not. Thread-safe. The log outlives it.
class ModuleLog final : public abi::LogSink, public wasi::Output {
 public:
  /// Without a level it has that of the log.
  ModuleLog(const Log& log, std::string module, const LogLimits& limits, std::optional<LogLevel> level = {});
  ~ModuleLog() override;
  ModuleLog(const ModuleLog&) = delete;
  ModuleLog& operator=(const ModuleLog&) = delete;

  void log(std::string_view module, abi::LogLevel level, std::string_view text,
           const rpc::Call* call) noexcept override;
  void log_call(std::string_view module, abi::LogLevel level, std::string_view text, const rpc::Call& call,
                std::span<const abi::LogField> fields) noexcept override;
  void line(std::string_view, bool is_stderr, std::string_view text) noexcept override {
    printed(is_stderr, text, nullptr);
  }
  /// A line that a guest prints, during that call; nullptr for none.
  void printed(bool is_stderr, std::string_view text, const rpc::Call* call) noexcept;

  /// Lines of guests of less severity are dropped from here on; nothing for the level of the log.
  void set_level(std::optional<LogLevel> level) noexcept {
    level_.store(level ? static_cast<std::int8_t>(*level) : level_of_log, std::memory_order_relaxed);
  }

  /// Lines that were dropped because of the limits.
  [[nodiscard]] std::uint64_t over_limit() const noexcept { return over_limit_.load(std::memory_order_relaxed); }

 private:
  using Clock = SharedTokenBucket::Clock;

  static constexpr std::int8_t level_of_log = -1;

  [[nodiscard]] bool wants(LogLevel level) const noexcept {
    const std::int8_t own = level_.load(std::memory_order_relaxed);
    return own == level_of_log ? log_.wants(level) : static_cast<std::int8_t>(level) >= own;
  }
  void write(const LogLine& line, std::size_t size) noexcept;
  void tell_when_due(Clock::time_point now) noexcept;
  void tell() noexcept;

  const Log& log_;
  const std::string module_;
  const LogLimits limits_;
  std::atomic<std::int8_t> level_ = level_of_log;
  SharedTokenBucket lines_;
  std::atomic<std::uint64_t> over_limit_ = 0;
  std::atomic<std::uint64_t> told_ = 0;  // of those, what the log has said
  std::atomic<Clock::time_point> tell_at_{Clock::time_point::min()};
};

}  // namespace wasm_grpc::observe
