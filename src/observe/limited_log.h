// Log lines that somebody else decides the number of: clients, guests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "observe/log.h"
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
  /// Writes a line that was admitted.
  void write(LogLevel level, std::string_view source, std::string text) noexcept {
    if (unlogged_ > 0) text.append("; ").append(std::to_string(unlogged_)).append(" more were not logged");
    unlogged_ = 0;
    log_.write(level, source, text);
  }

 private:
  const Log& log_;
  rpc::TokenBucket lines_{20, 5};
  std::uint64_t unlogged_ = 0;
};

}  // namespace wasm_grpc::observe
