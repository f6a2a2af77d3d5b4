#include "observe/log/output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "observe/log/formats.h"

namespace wasm_grpc::observe {

namespace {

// Others of the same group may read it, as log collectors do.
constexpr mode_t file_mode = 0640;

int open_file(const std::string& file) {
  return open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, file_mode);
}

Error cannot(const std::string& file, int error) {
  return Error{"cannot open the log file " + file + ": " + std::strerror(error)};
}

}  // namespace

Result<std::shared_ptr<LogOutput>> LogOutput::open(const std::string& file) {
  if (file.empty()) return std::shared_ptr<LogOutput>(new LogOutput({}, STDERR_FILENO));
  const int descriptor = open_file(file);
  if (descriptor < 0) return cannot(file, errno);
  return std::shared_ptr<LogOutput>(new LogOutput(file, descriptor));
}

LogOutput::~LogOutput() {
  if (!file_.empty()) close(descriptor_);
}

// Not by stdio, whose lock another thread would wait for, also one that ends the process.
void LogOutput::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t size = ::write(descriptor_, text.data(), text.size());
    if (size >= 0) {
      text.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {  // someone who shares it has made it so
      pollfd writable{descriptor_, POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category());
    }
  }
}

// The new file takes the number of the old one, by one system call: the thread that writes needs no lock.
Result<> LogOutput::reopen() {
  if (file_.empty()) return success();
  const int opened = open_file(file_);
  if (opened < 0) return cannot(file_, errno);
  const int replaced = dup3(opened, descriptor_, O_CLOEXEC);
  const int error = errno;
  close(opened);
  if (replaced < 0) return cannot(file_, error);
  return success();
}

LineFunction lines_to(std::shared_ptr<const LogOutput> output, LogFormat format) {
  return [output = std::move(output), format, text = std::string()](const LogLine& line) mutable {
    text.clear();
    format == LogFormat::json ? append_json(text, line) : append_text(text, line);
    output->write(text);
  };
}

}  // namespace wasm_grpc::observe
