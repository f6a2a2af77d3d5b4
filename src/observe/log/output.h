// Where lines are written to: a file or standard error.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "observe/log/line.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::observe {

/// A file that is appended to, or standard error. Each text is written by one write as far as the system takes it; who
/// writes waits for as long as the other side takes nothing. Not for threads that hear SIGPIPE.
class LogOutput {
 public:
  /// Standard error where the name is empty. The error names the file.
  [[nodiscard]] static Result<std::shared_ptr<LogOutput>> open(const std::string& file);
  ~LogOutput();
  LogOutput(const LogOutput&) = delete;
  LogOutput& operator=(const LogOutput&) = delete;

  /// Throws std::system_error when it cannot.
  void write(std::string_view text) const;
  /// From here on writes to the file that has the name now, which it makes where there is none. On any thread. What
  /// was written to before is written to on when that fails. Standard error stays as it is.
  [[nodiscard]] Result<> reopen();

 private:
  LogOutput(std::string file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}

  const std::string file_;
  const int descriptor_;  // another file takes its place in it
};

/// Writes lines in that format.
[[nodiscard]] LineFunction lines_to(std::shared_ptr<const LogOutput> output, LogFormat format);

}  // namespace wasm_grpc::observe
