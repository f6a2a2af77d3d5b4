#include "observe/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>

namespace wasm_grpc::observe {

namespace {

LogFunction standard_error() {
  auto logger = std::make_shared<spdlog::logger>("wasm-grpc", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(spdlog::level::trace);
  return [logger](LogLevel level, std::string_view source, std::string_view text) {
    static constexpr std::array levels = {spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                                          spdlog::level::warn, spdlog::level::err};
    logger->log(levels[static_cast<std::size_t>(level)], "{}: {}", source, text);
  };
}

}  // namespace

Log::Log(LogLevel level, LogFunction function)
    : level_(level), function_(function ? std::move(function) : standard_error()) {}

void Log::write(LogLevel level, std::string_view source, std::string_view text) const noexcept {
  if (level < level_) return;
  try {
    function_(level, source, text);
  } catch (...) {  // a log that fails must not take a call with it
  }
}

void Log::log(std::string_view module, abi::LogLevel level, std::string_view text) noexcept {
  write(static_cast<LogLevel>(level), module, text);
}

void Log::line(std::string_view module, bool is_stderr, std::string_view text) noexcept {
  write(is_stderr ? LogLevel::warn : LogLevel::info, module, text);
}

}  // namespace wasm_grpc::observe
