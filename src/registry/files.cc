#include "registry/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace wasm_grpc::registry {

namespace {

/// An open file.
class OpenFile {
 public:
  explicit OpenFile(int number) : number_(number) {}
  ~OpenFile() {
    if (number_ >= 0) close(number_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

Error failed(const std::string& path, const std::string& what) { return Error{path + ": " + what}; }
Error failed(const std::string& path) { return failed(path, std::strerror(errno)); }

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  // A pipe without a writer is not waited for.
  const OpenFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat what{};
  if (file.number() < 0 || fstat(file.number(), &what) != 0) return failed(path);
  if (!S_ISREG(what.st_mode)) return failed(path, "is no regular file");
  std::string content;
  constexpr std::size_t step = std::size_t{1} << 20;
  while (true) {
    const std::size_t had = content.size();
    content.resize(had + step);
    const ssize_t count = read(file.number(), content.data() + had, step);
    if (count < 0 && errno != EINTR) return failed(path);
    content.resize(had + static_cast<std::size_t>(count > 0 ? count : 0));
    if (content.size() > most) return failed(path, "is larger than the " + std::to_string(most) + " bytes allowed");
    if (count == 0) return content;
  }
}

Result<> replace_file(const std::string& path, std::string_view content, mode_t mode) {
  std::string draft = path + ".XXXXXX";
  const OpenFile file(mkostemp(draft.data(), O_CLOEXEC));
  if (file.number() < 0) return failed(path);
  const auto give_up = [&] {
    const Error error = failed(path);
    unlink(draft.c_str());
    return error;
  };
  while (!content.empty()) {
    const ssize_t count = write(file.number(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return give_up();
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (fchmod(file.number(), mode) != 0 || fsync(file.number()) != 0 || rename(draft.c_str(), path.c_str()) != 0)
    return give_up();
  return success();
}

}  // namespace wasm_grpc::registry
