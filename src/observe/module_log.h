// What the guests of one module log and print.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "abi/abi.h"
#include "observe/log.h"
#include "observe/shared_token_bucket.h"
#include "wasi/output.h"
#include "wasm_grpc/log_limits.h"

namespace wasm_grpc::observe {

/// Lets through what the limits allow, and has the log say how much it did not. Thread-safe. The log outlives it.
class ModuleLog final : public abi::LogSink, public wasi::Output {
 public:
  ModuleLog(const Log& log, std::string module, const LogLimits& limits);
  ~ModuleLog() override;
  ModuleLog(const ModuleLog&) = delete;
  ModuleLog& operator=(const ModuleLog&) = delete;

  void log(std::string_view module, abi::LogLevel level, std::string_view text) noexcept override;
  void log_call(std::string_view module, abi::LogLevel level, std::string_view text, const rpc::Call& call,
                std::span<const abi::LogField> fields) noexcept override;
  void line(std::string_view module, bool is_stderr, std::string_view text) noexcept override;

  /// Lines that were dropped because of the limits.
  [[nodiscard]] std::uint64_t over_limit() const noexcept { return over_limit_.load(std::memory_order_relaxed); }

 private:
  using Clock = SharedTokenBucket::Clock;

  void write(LogLevel level, std::string_view text) noexcept;
  void tell_when_due(Clock::time_point now) noexcept;
  void tell() noexcept;

  const Log& log_;
  const std::string module_;
  const LogLimits limits_;
  SharedTokenBucket lines_;
  std::atomic<std::uint64_t> over_limit_ = 0;
  std::atomic<std::uint64_t> told_ = 0;  // of those, what the log has said
  std::atomic<Clock::time_point> tell_at_{Clock::time_point::min()};
};

}  // namespace wasm_grpc::observe
