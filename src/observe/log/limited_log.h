// Log lines that somebody else decides the number of: clients, guests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "observe/log/log.h"
#include "observe/log/noted_call.h"
#include "rpc/token_bucket.h"

namespace wasm_grpc::observe {

/// Lets 20 lines through at once and 5 a second after that; the next one then says how many were not logged. Belongs to
/// one thread. The log outlives it.
class LimitedLog {
 public:
  explicit LimitedLog(const Log& log) : log_(log) {}

  /// True when a line may be written now; else it is counted, and need not be made.
  [[nodiscard]] bool admits() noexcept {
    if (lines_.take()) return true;
    ++unlogged_;
    return false;
  }
  /// Writes a line that was admitted; of that call, where there is one.
  void write(LogLevel level, std::string_view source, std::string text, const rpc::Call* call = nullptr) noexcept {
    if (unlogged_ > 0) text.append("; ").append(std::to_string(unlogged_)).append(" more were not logged");
    unlogged_ = 0;
    LogLine line;
    line.level = level;
    line.source = source;
    line.text = text;
    std::optional<NotedCall> noted;
    if (call != nullptr) noted.emplace(line, *call);
    log_.write(line);
  }

 private:
  const Log& log_;
  rpc::TokenBucket lines_{20, 5};
  std::uint64_t unlogged_ = 0;
};

}  // namespace wasm_grpc::observe
