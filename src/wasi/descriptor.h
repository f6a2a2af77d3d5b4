// The file descriptors of one instance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "wasi/errno.h"
#include "wasi/file_budget.h"
#include "wasi/sandbox.h"
#include "wasi/types.h"
#include "wasi/waitable.h"

namespace wasm_grpc::wasi {

/// One file descriptor of a guest.
struct Descriptor {
  enum class Kind : std::uint8_t { closed, standard_input, standard_output, standard_error, directory, file, waitable };

  Kind kind = Kind::closed;
  /// A grant's own directory rather than one opened beneath it.
  bool preopened = false;
  std::uint16_t flags = 0;  // fd_flag
  Rights rights = 0;
  /// The most rights that what is opened beneath it may have.
  Rights inheriting = 0;
  /// Where it lies; null for standard input and output, and for what can only be waited for.
  const Grant* grant = nullptr;
  /// Of one that can only be waited for: who knows, of what, and for what.
  Waitable* waitable = nullptr;
  std::int32_t awaited = 0;
  std::uint32_t interests = 0;
  /// The open file. A preopened directory has none of its own until it is read.
  GuestFile file;

  [[nodiscard]] bool is_stdio() const noexcept {
    return kind == Kind::standard_input || kind == Kind::standard_output || kind == Kind::standard_error;
  }
  /// The system's descriptor, to look up names in or to ask for status.
  [[nodiscard]] int system_fd() const noexcept { return file ? file.get() : grant->directory.get(); }
};

/// All a descriptor of this kind can ever be used for.
inline constexpr Rights file_rights =
    right::fd_datasync | right::fd_read | right::fd_seek | right::fd_fdstat_set_flags | right::fd_sync |
    right::fd_tell | right::fd_write | right::fd_advise | right::fd_allocate | right::fd_filestat_get |
    right::fd_filestat_set_size | right::fd_filestat_set_times | right::poll_fd_readwrite;
inline constexpr Rights directory_rights =
    right::fd_fdstat_set_flags | right::fd_sync | right::fd_advise | right::path_create_directory |
    right::path_create_file | right::path_link_source | right::path_link_target | right::path_open | right::fd_readdir |
    right::path_readlink | right::path_rename_source | right::path_rename_target | right::path_filestat_get |
    right::path_filestat_set_size | right::path_filestat_set_times | right::fd_filestat_get |
    right::fd_filestat_set_times | right::path_symlink | right::path_remove_directory | right::path_unlink_file;
/// Those that change something: nobody has them under a read-only grant.
inline constexpr Rights writing_rights =
    right::fd_datasync | right::fd_write | right::fd_allocate | right::path_create_directory | right::path_create_file |
    right::path_link_source | right::path_link_target | right::path_rename_source | right::path_rename_target |
    right::path_filestat_set_size | right::path_filestat_set_times | right::fd_filestat_set_size |
    right::fd_filestat_set_times | right::path_symlink | right::path_remove_directory | right::path_unlink_file;

/// 0, 1 and 2 are standard input, output and error; the grants follow in their order. No descriptor stays usable after
/// insert(), renumber() or close().
class DescriptorTable {
 public:
  /// Files and directories a guest may have open besides those it is given.
  static constexpr std::size_t max_open_files = 64;

  explicit DescriptorTable(const Sandbox& sandbox);

  /// The open descriptor, or null.
  [[nodiscard]] Descriptor* find(std::uint32_t fd) noexcept;
  /// The open descriptor, when it has all of `rights`: else badf, rofs or notcapable.
  [[nodiscard]] Errno find(std::uint32_t fd, Rights rights, Descriptor*& out) noexcept;
  /// As find(), and it is a directory: else notdir.
  [[nodiscard]] Errno find_directory(std::uint32_t fd, Rights rights, Descriptor*& out) noexcept;

  /// Whether insert() has room; mfile when not.
  [[nodiscard]] Errno check_room() const noexcept;
  /// Adds a descriptor under the lowest free number that was never one of standard input and output. Only when there
  /// is room.
  [[nodiscard]] std::uint32_t insert(Descriptor descriptor);
  /// Opens one that poll_oneoff may wait for, and that is always ready once it holds; nothing when there is no room.
  /// Reading and writing it are the same there.
  [[nodiscard]] std::optional<std::uint32_t> open(Waitable& waitable, std::int32_t awaited, std::uint32_t interests);
  [[nodiscard]] Errno close(std::uint32_t fd) noexcept;
  /// Closes `to` and gives its number to `from`. Both are open.
  [[nodiscard]] Errno renumber(std::uint32_t from, std::uint32_t to) noexcept;

 private:
  std::size_t max_size_;
  std::vector<Descriptor> entries_;
};

}  // namespace wasm_grpc::wasi
