#include "observe/log/module_log.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "observe/log/noted_call.h"

namespace wasm_grpc::observe {

namespace {
constexpr std::chrono::seconds tell_interval{5};
constexpr std::size_t bytes_of_a_line = 1024;  // a longer one counts as several
}  // namespace

ModuleLog::ModuleLog(const Log& log, std::string module, const LogLimits& limits, std::optional<LogLevel> level)
    : log_(log),
      module_(std::move(module)),
      limits_(limits),
      lines_(limits.burst, std::max(limits.lines_per_second, 1U)) {
  set_level(level);
}

ModuleLog::~ModuleLog() { tell(); }

void ModuleLog::log(std::string_view, abi::LogLevel level, std::string_view text, const rpc::Call* call) noexcept {
  if (!wants(static_cast<LogLevel>(level))) return;
  LogLine line;
  line.level = static_cast<LogLevel>(level);
  line.text = text;
  std::optional<NotedCall> noted;
  if (call != nullptr) noted.emplace(line, *call);
  write(line, text.size());
}

void ModuleLog::log_call(std::string_view, abi::LogLevel level, std::string_view text, const rpc::Call& call,
                         std::span<const abi::LogField> fields) noexcept {
  if (!wants(static_cast<LogLevel>(level))) return;
  LogLine line;
  line.level = static_cast<LogLevel>(level);
  line.text = text;
  const NotedCall noted(line, call);
  line.peer = call.peer();
  line.fields = fields;
  line.names_call = true;
  std::size_t size = text.size() + line.method.size() + line.peer.size();
  for (const abi::LogField& field : fields) size += field.key.size() + field.value.size();
  write(line, size);
}

void ModuleLog::printed(bool is_stderr, std::string_view text, const rpc::Call* call) noexcept {
  log(module_, is_stderr ? abi::LogLevel::warn : abi::LogLevel::info, text, call);
}

void ModuleLog::write(const LogLine& line, std::size_t size) noexcept {
  const bool limited = limits_.burst == 0 || limits_.lines_per_second > 0;
  const auto now = limited ? Clock::now() : Clock::time_point();
  const auto count = static_cast<std::uint32_t>(size / bytes_of_a_line) + 1;
  const bool admitted = !limited || lines_.take(count, now);
  if (admitted) {
    LogLine named = line;
    named.source = module_;
    log_.write_of_guest(named);
  } else {
    over_limit_.fetch_add(1, std::memory_order_relaxed);
  }
  if (!admitted || over_limit_.load(std::memory_order_relaxed) != told_.load(std::memory_order_relaxed)) {
    tell_when_due(now);
  }
}

void ModuleLog::tell_when_due(Clock::time_point now) noexcept {
  auto due = tell_at_.load(std::memory_order_relaxed);
  if (now < due) return;
  if (tell_at_.compare_exchange_strong(due, now + tell_interval, std::memory_order_relaxed)) tell();
}

void ModuleLog::tell() noexcept {
  const std::uint64_t all = over_limit();
  const std::uint64_t count = all - told_.exchange(all, std::memory_order_relaxed);
  if (count == 0) return;
  try {
    std::string text = std::to_string(count) + (count == 1 ? " line was" : " lines were") + " dropped: ";
    if (limits_.burst == 0) {
      text += "its guests may not log";
    } else {
      text += "its guests may log " + std::to_string(limits_.lines_per_second) + " lines a second";
    }
    log_.write(LogLevel::warn, module_, text);
  } catch (...) {  // no memory: they are counted all the same
  }
}

}  // namespace wasm_grpc::observe
