#include "observe/metrics/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace wasm_grpc::observe {

namespace {

// When the system started, in seconds since 1970.
double boot_time() {
  std::ifstream stat("/proc/stat");
  std::string word;
  while (stat >> word) {
    if (word != "btime") continue;
    double seconds = 0;
    stat >> seconds;
    return seconds;
  }
  return 0;
}

}  // namespace

ProcessFacts process_facts() {
  ProcessFacts facts;
  std::ifstream stat("/proc/self/stat");
  const std::string text(std::istreambuf_iterator<char>(stat), {});
  // proc(5): the second field is the program's name in parentheses, which may have any character.
  if (const std::size_t name_end = text.rfind(')'); name_end != std::string::npos) {
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    const auto skip = [&](int count) {
      for (; count > 0; --count) fields >> skipped;
    };
    const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
    double user = 0, system = 0, started = 0;
    std::uint64_t pages = 0;
    skip(11);  // from the state to cmajflt
    fields >> user >> system;
    skip(4);  // to nice
    fields >> facts.threads;
    skip(1);
    fields >> started >> facts.virtual_bytes >> pages;
    facts.cpu_seconds = (user + system) / tick;
    facts.start_time = boot_time() + started / tick;
    facts.resident_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  }
  std::error_code error;
  for (std::filesystem::directory_iterator file("/proc/self/fd", error), end; !error && file != end;
       file.increment(error)) {
    ++facts.open_files;
  }
  if (facts.open_files > 0) --facts.open_files;  // the one that reads them
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.max_open_files = limit.rlim_cur;
  return facts;
}

void write_process(MetricWriter& writer) {
  const ProcessFacts facts = process_facts();
  writer.counter("process_cpu_seconds", "User and system CPU time, in seconds.");
  writer.sample({}, facts.cpu_seconds);
  writer.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.");
  writer.sample({}, facts.start_time);
  writer.gauge("process_resident_memory_bytes", "Resident memory.");
  writer.sample({}, facts.resident_bytes);
  writer.gauge("process_virtual_memory_bytes", "Addresses in use; 4 GiB are reserved for each instance there may be.");
  writer.sample({}, facts.virtual_bytes);
  writer.gauge("process_threads", "Threads.");
  writer.sample({}, facts.threads);
  writer.gauge("process_open_fds", "Open file descriptors.");
  writer.sample({}, facts.open_files);
  writer.gauge("process_max_fds", "How many there may be.");
  writer.sample({}, facts.max_open_files);
}

}  // namespace wasm_grpc::observe
