// Looking up names beneath a granted directory, and never outside it.
//
// The kernel does the checking: openat2 with RESOLVE_BENEATH refuses a path that leaves the directory it starts from,
// by
// "..", by being absolute, or by a symbolic link, also while somebody renames directories under it.
// RESOLVE_NO_MAGICLINKS refuses the links of /proc that lead anywhere. Calls that take a name but no such flags
// (mkdirat, renameat, ...) get the last name of a path alone, with the directory it lies in already open.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wasi/descriptor.h"
#include "wasi/errno.h"
#include "wasi/unique_fd.h"

namespace wasm_grpc::wasi {

/// Opens `path` beneath `directory` with the flags of open(2), and `mode` when that creates it. A symbolic link that
/// the path ends with is followed unless O_NOFOLLOW is among the flags. notcapable when the path leads outside.
[[nodiscard]] Errno open_beneath(int directory, const char* path, int flags, std::uint32_t mode,
                                 UniqueFd& out) noexcept;

/// A path from a guest as a string for the system: not empty, at most 4 KiB, without NUL.
[[nodiscard]] Errno read_path(std::string_view from_guest, std::string& out);

/// Where a path's last name lies.
struct Place {
  UniqueFd directory;  // O_PATH
  /// One name, without slashes and not "." or "..".
  std::string name;
  /// The path ended with a slash: only a directory will do.
  bool must_be_directory = false;
};

/// Opens the directory a path's last name lies in. When that name is "." or "..", `dots` once it is known to lie
/// inside.
[[nodiscard]] Errno find_place(const Descriptor& directory, std::string_view from_guest, Errno dots, Place& out);

}  // namespace wasm_grpc::wasi
