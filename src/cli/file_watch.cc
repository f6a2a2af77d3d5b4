#include "cli/file_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

namespace wasm_grpc::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t of_interest =
    IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_ONLYDIR;
constexpr int most_links = 40;  // as the system follows
constexpr std::size_t most_files = 20'000;

/// The directories in which a name on the way to the file may be changed, by which it is another file then: those of
/// the file and of each symbolic link on the way.
void add_directories(const fs::path& file, std::set<std::string>& directories) {
  std::error_code error;
  fs::path left = fs::absolute(file, error);
  fs::path resolved;
  int links = 0;
  while (!error && left.begin() != left.end()) {
    const fs::path name = *left.begin();
    fs::path rest;
    for (auto next = std::next(left.begin()); next != left.end(); ++next) rest /= *next;
    const fs::path path = resolved / name;
    const bool is_last = rest.empty();
    if (fs::is_symlink(fs::symlink_status(path, error))) {
      directories.insert(resolved.string());
      const fs::path target = fs::read_symlink(path, error);
      if (error || ++links > most_links) return;
      if (target.is_absolute()) resolved.clear();
      left = rest.empty() ? target : target / rest;
      continue;
    }
    error.clear();  // it may not be there yet
    if (is_last) directories.insert(resolved.string());
    resolved = path;
    left = rest;
  }
}

}  // namespace

Result<std::unique_ptr<FileWatch>> FileWatch::create(std::vector<std::string> files) {
  const auto failed = [](const char* what) {
    return Error{std::string("files cannot be watched: ") + what + ": " + std::strerror(errno)};
  };
  const int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (inotify < 0) return failed("inotify (see fs.inotify.max_user_instances)");
  const int told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (told < 0) {
    const Error error = failed("eventfd");
    close(inotify);
    return error;
  }
  return std::unique_ptr<FileWatch>(new FileWatch(inotify, told, std::move(files)));
}

Result<std::unique_ptr<FileWatch>> FileWatch::create_tree(std::string folder, bool (*skips)(const fs::path& name)) {
  auto made = create({});
  if (!made.ok()) return made;
  FileWatch& watch = *made.value();
  watch.tree_ = std::move(folder);
  watch.skips_ = skips;
  if (!watch.list_tree()) {
    return Error{watch.tree_ + ": it has more than " + std::to_string(most_files) +
                 " files to watch; name the folder of the guest alone"};
  }
  static_cast<void>(watch.take_prints());
  return made;
}

bool FileWatch::list_tree() {
  files_.clear();
  static_cast<void>(inotify_add_watch(inotify_, tree_.c_str(), of_interest));
  std::error_code error;
  for (fs::recursive_directory_iterator at(tree_, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error)) {
    if (skips_(at->path().filename())) {
      at.disable_recursion_pending();
      continue;
    }
    std::error_code ignored;
    if (at->is_directory(ignored)) {
      static_cast<void>(inotify_add_watch(inotify_, at->path().c_str(), of_interest));
    } else {
      files_.push_back(at->path().string());
    }
    if (files_.size() > most_files) return false;
  }
  return true;
}

FileWatch::FileWatch(int inotify, int told, std::vector<std::string> files)
    : inotify_(inotify), told_(told), files_(std::move(files)) {
  look_at_directories();
  static_cast<void>(take_prints());
}

FileWatch::~FileWatch() {
  close(inotify_);
  close(told_);
}

void FileWatch::follow(std::vector<std::string> files) {
  {
    const std::lock_guard lock(mutex_);
    next_ = std::move(files);
  }
  tell();
}

void FileWatch::take_next() {
  const std::lock_guard lock(mutex_);
  if (!next_) return;
  files_ = *std::exchange(next_, std::nullopt);
  look_at_directories();
}

// The way to a file may be another each time. Directories that are on no way any more only cost a look in vain.
void FileWatch::look_at_directories() {
  if (!tree_.empty()) return static_cast<void>(list_tree());
  std::set<std::string> directories;
  for (const std::string& file : files_) add_directories(file, directories);
  for (const std::string& directory : directories) {
    static_cast<void>(inotify_add_watch(inotify_, directory.c_str(), of_interest));  // one that is not there is not
  }
}

bool FileWatch::take_prints() {
  bool changed = false;
  // Of a tree, what comes and goes counts too.
  const std::map<std::string, Print> before =
      tree_.empty() ? std::map<std::string, Print>() : std::exchange(prints_, {});
  for (const std::string& file : files_) {
    struct stat status{};
    if (stat(file.c_str(), &status) != 0) continue;  // it is just being replaced
    const Print print{status.st_dev, status.st_ino, status.st_size,
                      std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
                      std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec};
    const auto [known, is_new] = prints_.try_emplace(file, print);
    if (is_new || known->second == print) continue;
    known->second = print;
    changed = true;
  }
  return changed || (!tree_.empty() && prints_ != before);
}

std::optional<bool> FileWatch::wait_for_event(std::optional<std::chrono::milliseconds> most) {
  std::array<pollfd, 2> waits{{{inotify_, POLLIN, 0}, {told_, POLLIN, 0}}};
  while (poll(waits.data(), waits.size(), most ? static_cast<int>(most->count()) : -1) < 0) {
    if (errno != EINTR) return std::nullopt;
  }
  if (waits[1].revents != 0) {
    if (stops_) return std::nullopt;
    std::uint64_t count = 0;
    static_cast<void>(read(told_, &count, sizeof count));
    take_next();
    return true;  // one of them may have changed meanwhile
  }
  if (waits[0].revents == 0) return false;
  alignas(inotify_event) std::array<char, 16 * 1024> events;
  while (read(inotify_, events.data(), events.size()) > 0) {
  }
  return true;
}

bool FileWatch::wait() {
  while (true) {
    if (!wait_for_event(std::nullopt)) return false;
    const auto give_up = std::chrono::steady_clock::now() + most_wait;
    while (std::chrono::steady_clock::now() < give_up) {
      const auto more = wait_for_event(quiet_time);
      if (!more) return false;
      if (!*more) break;
    }
    look_at_directories();
    if (take_prints()) return true;
  }
}

void FileWatch::stop() noexcept {
  stops_ = true;
  tell();
}

void FileWatch::tell() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(write(told_, &one, sizeof one));
}

}  // namespace wasm_grpc::cli
