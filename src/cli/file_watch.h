// Waits for files to change.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "wasm_grpc/result.h"

namespace wasm_grpc::cli {

/// Files that others replace: by writing to them, by renaming another to their name, or by having a symbolic link on
/// the way to them point elsewhere, as Kubernetes does with what it mounts. It asks inotify about the directories on
/// that way, and then looks at the files themselves. Used by one thread, but for stop().
class FileWatch {
 public:
  /// So long nothing happens before files are looked at: whoever writes several is given the time.
  static constexpr std::chrono::milliseconds quiet_time{100};
  static constexpr std::chrono::seconds most_wait{2};

  /// The error says what the system does not give.
  [[nodiscard]] static Result<std::unique_ptr<FileWatch>> create(std::vector<std::string> files);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  /// Other files from here on.
  void watch(std::vector<std::string> files);
  /// Returns when a file is another than before, and there; false after stop().
  [[nodiscard]] bool wait();
  /// From any thread.
  void stop() noexcept;

 private:
  /// Device, inode, size, and when it was changed, to the nanosecond.
  using Print = std::tuple<dev_t, ino_t, off_t, std::int64_t, std::int64_t>;

  FileWatch(int inotify, int stopping, std::vector<std::string> files);
  void look_at_directories();
  /// Waits for something to happen, until then at most; false when nothing did. Nothing after stop().
  [[nodiscard]] std::optional<bool> wait_for_event(std::optional<std::chrono::milliseconds> most) const;
  /// True when one has changed since.
  [[nodiscard]] bool take_prints();

  int inotify_;
  int stopping_;
  std::vector<std::string> files_;
  std::map<std::string, Print> prints_;
};

}  // namespace wasm_grpc::cli
