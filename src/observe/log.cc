#include "observe/log.h"

#include <pthread.h>

#include "observe/standard_error.h"
#include "wasm/thread_signals.h"

namespace wasm_grpc::observe {

namespace {

LineFunction line_function(const LogFunction& function) {
  if (!function) return standard_error();
  return [function](const LogLine& line) { function(line.level, line.source, line.text); };
}

}  // namespace

Log::Log(LogLevel level, const LogFunction& function)
    : level_(level),
      to_standard_error_(!function),
      writer_(std::make_shared<LogWriter>(line_function(function))),
      thread_([writer = writer_] {
        pthread_setname_np(pthread_self(), "log");
        // SIGPIPE among them: a standard error without a reader ends a line, and nothing else.
        wasm::block_signals();
        writer->run();
      }) {}

Log::~Log() {
  const bool ended = writer_->stop(LogWriter::Clock::now() + last_words);
  if (ended || !to_standard_error_) {
    thread_.join();
  } else {
    thread_.detach();  // it is in the middle of a write that may never end, and uses what it owns
  }
}

}  // namespace wasm_grpc::observe
