#include "cli/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <initializer_list>
#include <string>

#include "cli/commands.h"

namespace wasm_grpc::cli {

namespace {

sigset_t heard_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  return signals;
}

bool means_stop(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT; }

/// The next signal; -1 when none comes within a moment and `for_ever` is not wanted.
int next_signal(bool for_ever) {
  const sigset_t signals = heard_signals();
  constexpr timespec moment{0, 10'000'000};
  return for_ever ? sigwaitinfo(&signals, nullptr) : sigtimedwait(&signals, nullptr, &moment);
}

}  // namespace

void ignore_signals_of_writing() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_IGN);
}

void keep_signals_waiting() {
  const sigset_t signals = heard_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

// Made now: when a stop is wanted there may be no room for another thread.
SignalListener::SignalListener(Server& server, Printer& printer)
    : server_(server), printer_(printer), thread_([this] { run(); }) {}

SignalListener::~SignalListener() {
  ending_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

std::unique_lock<std::mutex> SignalListener::begin_to_open() {
  std::unique_lock lock(mutex_);
  phase_ = Phase::opens;
  return lock;
}

void SignalListener::run() {
  int wanted = 0, done = 0;  // stops
  while (true) {
    const int signal = next_signal(wanted == done);
    if (ending_) return;
    if (means_stop(signal)) {
      if (wanted < 2) ++wanted;
    } else if (signal == SIGHUP) {
      reload();
    } else if (signal == SIGUSR1) {
      reopen_logs();
    } else if (signal > 0) {
      server_.log(LogLevel::info, "SIG" + std::string(sigabbrev_np(signal)) + ": it means nothing");
    }
    if (wanted == done) continue;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock && phase_ == Phase::loads) leave();
    if (!lock || phase_ == Phase::opens) {
      if (wanted > 1) _exit(exit_failure);
      continue;
    }
    if (done == 0) {
      stops_();
      server_.stop();
      printer_.print("stopping: finishing the calls in progress (once more to stop at once)\n");
      done = 1;
    }
    if (wanted > done) {
      server_.stop_now();
      done = 2;
    }
  }
}

void SignalListener::reload() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock && reloader_ != nullptr) {
    reloader_->ask("SIGHUP");
  } else {
    server_.log(LogLevel::info, "SIGHUP: it is still loading the modules");
  }
}

/// As programs that rotate logs ask for, once they have renamed them.
void SignalListener::reopen_logs() {
  if (auto opened = server_.reopen_logs(); opened.ok()) {
    server_.log(LogLevel::info, "SIGUSR1: the files of the logs are opened again");
  } else {
    server_.log(LogLevel::error, "SIGUSR1: " + opened.error().message + "; the old file is written to on");
  }
}

/// Ends the process under the thread that loads.
void SignalListener::leave() {
  constexpr std::chrono::milliseconds moment{20};
  printer_.print("stopping: it has not served yet\n");
  server_.flush_log(moment);
  printer_.flush(moment);
  _exit(exit_ok);
}

}  // namespace wasm_grpc::cli
