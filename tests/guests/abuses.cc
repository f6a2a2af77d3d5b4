// test.Abuses: what guests do that mean no good to their neighbours, beyond what test.Guest does. All of it goes on until
// the call ends, if nothing else is said. Requests and replies are bytes; most are empty.
#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace std::chrono_literals;

namespace {

/// Computes for some time, most of a slice.
void compute() {
  const auto until = std::chrono::steady_clock::now() + 900us;
  while (std::chrono::steady_clock::now() < until) {
  }
}

Status sleep_shortly(Context& context, Bytes, Writer&) {
  while (context.sleep_for(1us)) {
  }
  return Status::cancelled();
}

// By WASI, and computing in between: each time as if it were new.
Status sleep_and_compute(Context& context, Bytes, Writer&) {
  constexpr timespec microsecond{.tv_sec = 0, .tv_nsec = 1000};
  while (!context.cancelled()) {
    compute();
    nanosleep(&microsecond, nullptr);
  }
  return Status::cancelled();
}

Status yield(Context& context, Bytes, Writer&) {
  while (!context.cancelled()) sched_yield();
  return Status::cancelled();
}

Status take_random(Context& context, Bytes, Writer&) {
  static char bytes[1 << 20];
  while (!context.cancelled()) arc4random_buf(bytes, sizeof bytes);
  return Status::cancelled();
}

/// Lines of a kilobyte, by all ways there are.
Status fill_log(Context& context, Bytes, Writer&) {
  const std::string line(1000, 'l');
  while (!context.cancelled()) {
    log(LogLevel::error, line);
    std::printf("%s\n", line.c_str());
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  return Status::cancelled();
}

// The directory "/many", which has many files.
Status read_directory(Context& context, Bytes, Writer&) {
  while (!context.cancelled()) {
    DIR* const folder = opendir("/many");
    if (folder == nullptr) return Status::failed_precondition("there is no directory /many");
    std::size_t files = 0;
    while (readdir(folder) != nullptr) ++files;
    closedir(folder);
    if (files == 0) return Status::internal("nothing is in /many");
  }
  return Status::cancelled();
}

/// Messages of 4 MiB, compressed.
Status send_compressed(Context& context, Bytes, Writer& out) {
  context.compress(true);
  std::string& message = context.scratch();
  message.assign(4 << 20, 'c');
  while (out.write(message)) {
  }
  return Status::cancelled();
}

// In event style.

Task<Status> set_timers(Context&, Bytes, OutStream<Bytes>&) {
  for (;;) co_await sleep(1ns);
}

Task<Status> compute_by_timers(Context&, Bytes, OutStream<Bytes>&) {
  for (;;) {
    compute();
    co_await sleep(1ns);
  }
}

Task<Reply> trap_event(Context&, Bytes) {
  __builtin_trap();
  co_return "";
}

/// Holds up all calls of its instance for 20 ms.
Task<Reply> suspend_event(Context&, Bytes) {
  constexpr timespec time{.tv_sec = 0, .tv_nsec = 20'000'000};
  nanosleep(&time, nullptr);
  co_return "";
}

Task<Status> flood(Context&, Bytes, OutStream<Bytes>& out) {
  const std::string message(10'000, 'f');
  while (co_await out.write(message)) {
  }
  co_return Status::cancelled();
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.service("test.Abuses")
      .server_stream("SleepShortly", sleep_shortly)
      .server_stream("SleepAndCompute", sleep_and_compute)
      .server_stream("Yield", yield)
      .server_stream("TakeRandom", take_random)
      .server_stream("FillLog", fill_log)
      .server_stream("ReadDirectory", read_directory)
      .server_stream("SendCompressed", send_compressed)
      .server_stream("SetTimers", set_timers)
      .server_stream("ComputeByTimers", compute_by_timers)
      .unary("TrapEvent", trap_event)
      .unary("SuspendEvent", suspend_event)
      .server_stream("FloodEvents", flood);
}
