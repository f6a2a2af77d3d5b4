// A guest in everyday C++ over wasi-libc and libc++. Each export uses one part of WASI; most return 0 when all is well,
// or the number of what went wrong.
#include <dirent.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

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

#define EXPORT(name) extern "C" __attribute__((export_name(#name))) int name()

namespace {

struct Announcer {
  Announcer() { std::puts("constructed"); }
};
const Announcer announcer;  // runs in _initialize

int errno_of_open(const char* path, const char* mode) {
  std::FILE* file = std::fopen(path, mode);
  if (file == nullptr) return errno;
  std::fclose(file);
  return 0;
}

}  // namespace

EXPORT(print) {
  std::printf("printf %d %s\n", 42, "text");
  std::map<std::string, int> counts;
  for (const char* word : {"b", "a", "b"}) ++counts[word];
  for (const auto& [word, count] : counts) std::cout << word << '=' << count << ' ';
  std::cout << std::endl;
  std::cerr << "to stderr" << std::endl;
  std::printf("unfinished");
  std::fflush(stdout);
  return 0;
}

EXPORT(print_without_flush) {
  std::printf("a line is written when it ends\n");
  return 0;
}

EXPORT(environment) {
  const char* value = std::getenv("GREETING");
  if (value == nullptr || std::strcmp(value, "hello") != 0) return 1;
  return std::getenv("PATH") == nullptr ? 0 : 2;
}

EXPORT(sleep_for_10_ms) {
  const auto before = std::chrono::steady_clock::now();
  if (usleep(10'000) != 0) return 1;
  return std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(10) ? 0 : 2;
}

EXPORT(yield) { return sched_yield(); }

EXPORT(random_numbers) {
  std::random_device device;
  const unsigned first = device();
  for (int i = 0; i < 8; ++i) {
    if (device() != first) return 0;
  }
  return 1;
}

EXPORT(keep_a_file) {
  std::FILE* file = std::fopen("/data/kept.txt", "w+");
  if (file == nullptr) return errno;
  std::fprintf(file, "line %d\nline %d\n", 1, 2);
  std::rewind(file);
  char line[16];
  int lines = 0;
  while (std::fgets(line, sizeof(line), file) != nullptr) ++lines;
  std::fclose(file);
  if (lines != 2) return 1001;
  struct stat status{};
  if (stat("/data/kept.txt", &status) != 0 || status.st_size != 14 || !S_ISREG(status.st_mode)) return 1002;
  return 0;
}

EXPORT(manage_a_directory) {
  if (mkdir("/data/sub", 0755) != 0) return errno;
  if (rename("/data/kept.txt", "/data/sub/moved.txt") != 0) return errno;
  DIR* directory = opendir("/data/sub");
  if (directory == nullptr) return errno;
  std::vector<std::string> names;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') names.push_back(entry->d_name);
  }
  closedir(directory);
  if (names != std::vector<std::string>{"moved.txt"}) return 1001;
  if (unlink("/data/sub/moved.txt") != 0) return errno;
  return rmdir("/data/sub") == 0 ? 0 : errno;
}

EXPORT(opening_outside_fails) {
  // wasi-libc looks for a grant that fits the path, and finds none.
  for (const char* path : {"/etc/passwd", "/data/../etc/passwd", "/data/../../etc/passwd", "../etc/passwd"}) {
    const int error = errno_of_open(path, "r");
    if (error != ENOENT && error != ENOTCAPABLE) return error == 0 ? 1001 : error;
  }
  return 0;
}

EXPORT(writing_to_read_only_fails) {
  if (errno_of_open("/fixed/file", "r") != 0) return 1001;
  if (errno_of_open("/fixed/file", "r+") != EROFS) return 1002;
  if (errno_of_open("/fixed/file", "w") != EROFS) return 1003;
  if (errno_of_open("/fixed/new", "w") != EROFS) return 1004;
  if (unlink("/fixed/file") == 0 || errno != EROFS) return 1005;
  if (mkdir("/fixed/sub", 0755) == 0 || errno != EROFS) return 1006;
  return 0;
}

EXPORT(leave) { std::exit(3); }
EXPORT(abort_at_once) { std::abort(); }
