// How a guest ended badly, in the host's words.
#pragma once

#include <string>
#include <vector>

struct wasm_trap_t;
struct wasmtime_error;

namespace wasm_grpc::wasm {

struct Failure {
  enum class Kind {
    trap,            // the guest broke a rule, of WebAssembly's or of the host's
    stack_overflow,  // a trap: it used up its stack
    exit,            // the guest called proc_exit
  };
  Kind kind = Kind::trap;
  int exit_code = 0;
  std::string message;                 // one line, without the backtrace
  std::vector<std::string> backtrace;  // innermost frame first

  /// The message and the backtrace, for the log.
  [[nodiscard]] std::string describe() const;
};

/// Take over what the engine gave. Either may be null, not both.
[[nodiscard]] Failure take_failure(wasm_trap_t* trap, wasmtime_error* error);
/// The first line of the error's text; deletes the error.
[[nodiscard]] std::string take_message(wasmtime_error* error);

}  // namespace wasm_grpc::wasm
