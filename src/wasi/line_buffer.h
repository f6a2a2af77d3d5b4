// Turns what a guest prints into lines for the log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "wasi/output.h"

namespace wasm_grpc::wasi {

/// One of an instance's two output streams.
class LineBuffer {
 public:
  /// A longer line becomes several.
  static constexpr std::size_t max_line_bytes = 8192;

  /// `output` and the bytes of `module_name` outlive it.
  LineBuffer(Output& output, std::string_view module_name, bool is_stderr)
      : output_(output), module_name_(module_name), is_stderr_(is_stderr) {}

  /// Gives the output the lines that end in `bytes`, `max_lines` at most, and keeps the rest. Returns how many bytes it
  /// took: all, or the lines it had room for.
  [[nodiscard]] std::size_t write(std::string_view bytes, std::size_t& max_lines);
  /// Gives the output an unfinished line, if there is one.
  void flush() noexcept;

 private:
  void emit(std::string_view line) noexcept;

  Output& output_;
  std::string_view module_name_;
  bool is_stderr_;
  std::string unfinished_;
};

}  // namespace wasm_grpc::wasi
