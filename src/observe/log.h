// The host's log, with what guests write into it.
#pragma once

#include <string>
#include <string_view>

#include "abi/abi.h"
#include "wasi/output.h"
#include "wasm_grpc/options.h"

namespace wasm_grpc::observe {

/// Thread-safe. Lines of the host have the source "host", others the name of their module.
class Log final : public abi::LogSink, public wasi::Output {
 public:
  Log(LogLevel level, LogFunction function);

  void write(LogLevel level, std::string_view source, std::string_view text) const noexcept;
  void host(LogLevel level, std::string_view text) const noexcept { write(level, "host", text); }

  void log(std::string_view module, abi::LogLevel level, std::string_view text) noexcept override;
  void line(std::string_view module, bool is_stderr, std::string_view text) noexcept override;

 private:
  LogLevel level_;
  LogFunction function_;
};

}  // namespace wasm_grpc::observe
