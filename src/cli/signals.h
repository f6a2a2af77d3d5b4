// What signals mean to `wasm-grpc serve`.
//
//   SIGTERM, SIGINT, SIGQUIT    stop: gracefully once it serves, at once while it loads; a second one at once
//   SIGHUP                      reload, once it serves: the modules are read anew
//   SIGUSR1                     opens the files of the logs again, which were renamed
//   SIGUSR2                     nothing; the log notes it
//
// They are heard by a thread that does nothing else, and waits neither for the log nor for standard output.
#pragma once

#include <signal.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "cli/printer.h"
#include "cli/reloader.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::cli {

/// For the whole program: what is written where nobody reads, or where no more may be written, is an error of that
/// write, and not the end of the process.
void ignore_signals_of_writing();

/// Keeps those above from the calling thread, and those it makes from here on: the main thread, before it makes any.
/// Those that come wait for a SignalListener.
void keep_signals_waiting();

/// Hears them. It ends the process by itself only when a stop comes before the server serves: a module that compiles
/// cannot be interrupted, and there is nothing to finish.
class SignalListener {
 public:
  /// Both outlive it.
  SignalListener(Server& server, Printer& printer);
  ~SignalListener();
  SignalListener(const SignalListener&) = delete;
  SignalListener& operator=(const SignalListener&) = delete;

  /// The modules are loaded. While the lock is held, a stop waits for serves(): a server that listens may have files to
  /// remove. A second stop does not wait.
  [[nodiscard]] std::unique_lock<std::mutex> begin_to_open();
  /// With that lock: from here on a stop is graceful, and SIGHUP asks `reloader`, which outlives this. `stops` is
  /// called when a stop begins, on the thread of this, before the server hears of it.
  void serves(Reloader& reloader, std::function<void()> stops) noexcept {
    phase_ = Phase::serves;
    reloader_ = &reloader;
    stops_ = std::move(stops);
  }

 private:
  enum class Phase : std::uint8_t { loads, opens, serves };

  void run();
  void reload();
  void reopen_logs();
  void leave();

  Server& server_;
  Printer& printer_;
  std::mutex mutex_;
  Phase phase_ = Phase::loads;    // of mutex_
  Reloader* reloader_ = nullptr;  // likewise
  std::function<void()> stops_;   // likewise
  std::atomic<bool> ending_ = false;
  std::thread thread_;  // the last: it uses the others
};

}  // namespace wasm_grpc::cli
