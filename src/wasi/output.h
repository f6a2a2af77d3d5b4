// Where what guests print goes.
#pragma once

#include <string_view>

namespace wasm_grpc::wasi {

/// Gets what guests write to their standard output and error, a line at a time. Thread-safe; outlives the contexts that
/// write to it.
class Output {
 public:
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// One line of `module`, without its end: valid UTF-8 without control characters other than tabs. Lives until the
  /// function returns.
  virtual void line(std::string_view module, bool is_stderr, std::string_view text) noexcept = 0;

 protected:
  Output() = default;
  ~Output() = default;
};

}  // namespace wasm_grpc::wasi
