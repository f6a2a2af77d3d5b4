// Files that are read again when they have changed.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <string>
#include <vector>

namespace wasm_grpc::net {

/// Tells when files are to be read: they have changed since, or could not be read then.
class WatchedFiles {
 public:
  /// Those with an empty name are left out.
  explicit WatchedFiles(std::vector<std::string> files);

  /// Looks at them. True when they are to be read, which is then told by one of:
  [[nodiscard]] bool due();
  void was_read() noexcept { failure_.clear(); }
  /// True when that is news.
  [[nodiscard]] bool could_not_be_read(const std::string& why);

 private:
  /// When, and as what, a file was last written, or given to others: its contents may then be read at last.
  struct State {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    timespec changed{};
    bool operator==(const State& other) const noexcept;
  };
  [[nodiscard]] std::vector<State> look() const;

  std::vector<std::string> files_;
  std::vector<State> states_;
  bool changed_ = false;  // when they were looked at last
  std::string failure_;   // why they could not be read; empty: they could
};

}  // namespace wasm_grpc::net
