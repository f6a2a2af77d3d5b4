// Waits for files to change.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "wasm_grpc/result.h"

namespace wasm_grpc::cli {

/// Files that others replace: by writing to them, by renaming another to their name, or by having a symbolic link on
/// the way to them point elsewhere, as Kubernetes does with what it mounts. It asks inotify about the directories on
/// that way, and then looks at the files themselves. Used by one thread, but for stop() and follow().
class FileWatch {
 public:
  /// So long nothing happens before files are looked at: whoever writes several is given the time.
  static constexpr std::chrono::milliseconds quiet_time{100};
  static constexpr std::chrono::seconds most_wait{2};

  /// The error says what the system does not give.
  [[nodiscard]] static Result<std::unique_ptr<FileWatch>> create(std::vector<std::string> files);
  /// All files below a folder, those that come and go too, but none whose name, or whose folder's, `skips` says is not
  /// to be looked at. The error also says that there are too many.
  [[nodiscard]] static Result<std::unique_ptr<FileWatch>> create_tree(std::string folder,
                                                                      bool (*skips)(const std::filesystem::path& name));
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  /// Other files from now on. From any thread.
  void follow(std::vector<std::string> files);
  /// Returns when a file is another than before, and there; false after stop().
  [[nodiscard]] bool wait();
  /// From any thread.
  void stop() noexcept;

 private:
  /// Device, inode, size, and when it was changed, to the nanosecond.
  using Print = std::tuple<dev_t, ino_t, off_t, std::int64_t, std::int64_t>;

  FileWatch(int inotify, int told, std::vector<std::string> files);
  /// All the files of the tree, whose directories are watched from now on; false when there are too many.
  [[nodiscard]] bool list_tree();
  void look_at_directories();
  void tell() noexcept;
  /// Takes over what follow() has said.
  void take_next();
  /// Waits for something to happen, until then at most; false when nothing did. Nothing after stop().
  [[nodiscard]] std::optional<bool> wait_for_event(std::optional<std::chrono::milliseconds> most);
  /// True when one has changed since.
  [[nodiscard]] bool take_prints();

  int inotify_;
  int told_;  // an eventfd: by stop() and follow()
  std::atomic<bool> stops_ = false;
  std::mutex mutex_;
  std::optional<std::vector<std::string>> next_;  // of mutex_
  std::vector<std::string> files_;
  std::string tree_;  // empty: only those files
  bool (*skips_)(const std::filesystem::path& name) = nullptr;
  std::map<std::string, Print> prints_;
};

}  // namespace wasm_grpc::cli
