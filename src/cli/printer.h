// Standard output of a program that is not to wait for its reader.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace wasm_grpc::cli {

/// Prints on a thread of its own. Where nobody reads, what is printed is lost, and nobody notices.
class Printer {
 public:
  Printer();
  /// Gives what is left a second, and leaves the thread behind where that does not do.
  ~Printer();
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  /// Prints it soon, after what was printed before. From any thread. Text beyond 16 MiB that waits is lost.
  void print(std::string text);
  /// Waits for that, no longer than so.
  void flush(std::chrono::milliseconds timeout);

 private:
  struct State;
  std::shared_ptr<State> state_;  // also its thread's
  std::thread thread_;
};

}  // namespace wasm_grpc::cli
