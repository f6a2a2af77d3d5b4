#include "observe/log/log.h"

#include <pthread.h>

#include <utility>

#include "observe/log/formats.h"
#include "wasm/thread_signals.h"

namespace wasm_grpc {

std::string_view name(LogLevel level) noexcept {
  constexpr std::string_view names[] = {"trace", "debug", "info", "warn", "error"};
  return names[static_cast<std::size_t>(level)];
}

}  // namespace wasm_grpc

namespace wasm_grpc::observe {

LogSink sink_of(const LogFunction& function) {
  if (!function) return sink_of("", LogFormat::text).value();
  return {[function](const LogLine& line) { function(line.level, line.source, text_for_function(line)); }, nullptr};
}

LogSink sink_of(const LogEventFunction& function) {
  return {[function](const LogLine& line) { function(line); }, nullptr};
}

Result<LogSink> sink_of(const std::string& file, LogFormat format) {
  auto output = LogOutput::open(file);
  if (!output.ok()) return std::move(output).error();
  return LogSink{lines_to(output.value(), format), output.value()};
}

Log::Log(LogLevel level, LogSink sink)
    : level_(level),
      output_(std::move(sink.output)),
      writer_(std::make_shared<LogWriter>(std::move(sink.function))),
      thread_([writer = writer_] {
        pthread_setname_np(pthread_self(), "log");
        // SIGPIPE among them: a standard error without a reader ends a line, and nothing else.
        wasm::block_signals();
        writer->run();
      }) {}

Log::~Log() {
  const bool ended = writer_->stop(LogWriter::Clock::now() + last_words);
  if (ended || output_ == nullptr) {
    thread_.join();
  } else {
    thread_.detach();  // it is in the middle of a write that may never end, and uses what it owns
  }
}

void Log::write(LogLevel level, std::string_view source, std::string_view text) const noexcept {
  if (!wants(level)) return;
  LogLine line;
  line.level = level;
  line.source = source;
  line.text = text;
  add(line, LogWriter::max_bytes);
}

void Log::add(const LogLine& line, std::size_t room) const noexcept {
  writer_->add(line, room);
  if (line.level >= LogLevel::warn) recent_.add(line);
}

}  // namespace wasm_grpc::observe
