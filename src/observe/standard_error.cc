#include "observe/standard_error.h"

#include <poll.h>
#include <spdlog/pattern_formatter.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace wasm_grpc::observe {

namespace {

// Not by stdio, whose lock another thread would wait for, also one that ends the process.
void write_whole(std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(STDERR_FILENO, text.data(), text.size());
    if (size >= 0) {
      text.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {  // someone who shares it has made it so
      pollfd writable{STDERR_FILENO, POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category());
    }
  }
}

}  // namespace

LineFunction standard_error() {
  auto formatter = std::make_shared<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%e%z %l %n: %v");
  return [formatter](const LogLine& line) {
    static constexpr std::array levels = {spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                                          spdlog::level::warn, spdlog::level::err};
    spdlog::memory_buf_t text;
    formatter->format({line.time,
                       {},
                       {line.source.data(), line.source.size()},
                       levels[static_cast<std::size_t>(line.level)],
                       {line.text.data(), line.text.size()}},
                      text);
    write_whole({text.data(), text.size()});
  };
}

}  // namespace wasm_grpc::observe
