#include "net/watched_files.h"

#include <sys/stat.h>

#include <utility>

namespace wasm_grpc::net {

bool WatchedFiles::State::operator==(const State& other) const noexcept {
  return device == other.device && inode == other.inode && size == other.size &&
         modified.tv_sec == other.modified.tv_sec && modified.tv_nsec == other.modified.tv_nsec &&
         changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
}

WatchedFiles::WatchedFiles(std::vector<std::string> files) : files_(std::move(files)) {
  std::erase(files_, std::string());
  states_ = look();
}

std::vector<WatchedFiles::State> WatchedFiles::look() const {
  std::vector<State> states;
  for (const std::string& file : files_) {
    struct stat found{};
    const bool there = stat(file.c_str(), &found) == 0;
    states.push_back(there ? State{found.st_dev, found.st_ino, found.st_size, found.st_mtim, found.st_ctim} : State{});
  }
  return states;
}

bool WatchedFiles::due() {
  std::vector<State> found = look();
  changed_ = found != states_;
  states_ = std::move(found);
  // What kept files from being read need not show in them: no descriptor was free, say.
  return changed_ || !failure_.empty();
}

bool WatchedFiles::could_not_be_read(const std::string& why) {
  const bool news = changed_ || why != failure_;
  failure_ = why;
  return news;
}

}  // namespace wasm_grpc::net
