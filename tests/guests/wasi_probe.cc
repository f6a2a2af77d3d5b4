// Uses what guests use of libc++ and wasi-libc while it starts, and reports how that went: test.WasiProbe/Report takes
// any message and answers with a `repeated string lines = 1`, each "ok NAME" or "failed NAME: why".
#include <sched.h>
#include <unistd.h>
#include <wasi/api.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace {

using Lines = std::vector<std::string>;

void note(Lines& lines, const std::string& name, bool good, const std::string& why) {
  lines.push_back(good ? "ok " + name : "failed " + name + ": " + why);
}

void probe_clocks(Lines& lines) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  note(lines, "realtime clock", seconds > 1'600'000'000, std::to_string(seconds) + " s since 1970");
  const auto first = std::chrono::steady_clock::now();
  const auto second = std::chrono::steady_clock::now();
  note(lines, "monotonic clock", first.time_since_epoch().count() > 0 && second >= first,
       "it went back, or stood at 0");
  timespec resolution{};
  note(lines, "clock resolution", clock_getres(CLOCK_MONOTONIC, &resolution) == 0, std::strerror(errno));
}

void probe_random(Lines& lines) {
  unsigned char first[32] = {};
  unsigned char second[32] = {};
  const bool read = getentropy(first, sizeof first) == 0 && getentropy(second, sizeof second) == 0;
  note(lines, "getentropy", read && std::memcmp(first, second, sizeof first) != 0, "failed, or the same bytes twice");
  std::random_device device;
  bool differs = false;
  const unsigned value = device();
  for (int i = 0; i < 8; ++i) differs = differs || device() != value;
  note(lines, "random_device", differs, "the same number nine times");
}

void probe_environment(Lines& lines) {
  note(lines, "getenv", std::getenv("NO_SUCH_VARIABLE_HERE") == nullptr, "an unset variable has a value");
  __wasi_size_t count = 0;
  __wasi_size_t size = 0;
  const auto result = __wasi_args_sizes_get(&count, &size);
  note(lines, "arguments", result == __WASI_ERRNO_SUCCESS, "errno " + std::to_string(result));
}

void probe_files(Lines& lines) {
  errno = 0;
  std::FILE* const file = std::fopen("/no/such/file", "r");
  const int error = errno;
  note(lines, "missing file", file == nullptr && (error == ENOENT || error == ENOTCAPABLE),
       "errno " + std::to_string(error));
  if (file != nullptr) std::fclose(file);
  errno = 0;
  std::FILE* const made = std::fopen("/made-by-a-guest", "w");
  note(lines, "no file is made", made == nullptr, "a guest without directories made a file");
  if (made != nullptr) std::fclose(made);
  note(lines, "close of a bad descriptor", close(77) == -1 && errno == EBADF, "errno " + std::to_string(errno));
}

void probe_library(Lines& lines) {
  std::map<std::string, std::vector<int>> words;
  for (int i = 0; i < 1000; ++i) words["word " + std::to_string(i % 100)].push_back(i);
  note(lines, "containers", words.size() == 100 && words["word 42"].size() == 10, "wrong sizes");
  char text[64];
  std::snprintf(text, sizeof text, "%.3f %s %d", 3.14159, "pi", -1);
  note(lines, "snprintf", std::string(text) == "3.142 pi -1", text);
}

Lines probe() {
  Lines lines;
  probe_clocks(lines);
  probe_random(lines);
  probe_environment(lines);
  probe_files(lines);
  probe_library(lines);
  return lines;
}

const Lines before_start = probe();  // while _initialize runs

}  // namespace

WASM_GRPC_SERVICES(registry) {
  std::printf("wasi_probe: printf\n");
  std::fflush(stdout);
  std::cout << "wasi_probe: " << before_start.size() << " probes" << std::endl;
  std::cerr << "wasi_probe: std::cerr" << std::endl;

  registry.service("test.WasiProbe").unary("Report", [](Context& context, Bytes) -> Reply {
    Lines lines = before_start;
    note(lines, "sched_yield", sched_yield() == 0, std::strerror(errno));
    const timespec one_millisecond{.tv_sec = 0, .tv_nsec = 1'000'000};
    note(lines, "nanosleep", nanosleep(&one_millisecond, nullptr) == 0, std::strerror(errno));
    std::string& out = context.scratch();
    wire::Writer writer(out);
    for (const std::string& line : lines) writer.text(1, line);
    return Bytes(out);
  });
}
