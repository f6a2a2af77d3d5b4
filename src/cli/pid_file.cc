#include "cli/pid_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

namespace wasm_grpc::cli {

Result<PidFile> PidFile::write(const std::string& path) {
  const std::string text = std::to_string(getpid()) + "\n";
  const std::string making = path + ".XXXXXX";
  std::string name = making;
  const auto refuse = [&] { return Error{"the PID file " + path + " cannot be written: " + std::strerror(errno)}; };
  const int file = mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) return refuse();
  constexpr mode_t read_by_all = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fchmod(file, read_by_all) == 0 && std::rename(name.c_str(), path.c_str()) == 0;
  const int why = errno;
  close(file);
  if (!written) {
    unlink(name.c_str());
    errno = why;
    return refuse();
  }
  PidFile made;
  made.path_ = path;
  return made;
}

PidFile::PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

PidFile& PidFile::operator=(PidFile&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

PidFile::~PidFile() {
  if (path_.empty()) return;
  std::ifstream file(path_);
  long pid = 0;
  if (file >> pid && pid == getpid()) unlink(path_.c_str());
}

}  // namespace wasm_grpc::cli
