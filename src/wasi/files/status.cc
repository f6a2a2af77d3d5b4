// What is known of a file, and its times.
#include <fcntl.h>
#include <sys/stat.h>

#include "wasi/definer.h"
#include "wasi/files/path.h"

namespace wasm_grpc::wasi {

namespace {

FileType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFBLK:
      return FileType::block_device;
    case S_IFCHR:
      return FileType::character_device;
    case S_IFDIR:
      return FileType::directory;
    case S_IFREG:
      return FileType::regular_file;
    case S_IFLNK:
      return FileType::symbolic_link;
    case S_IFSOCK:
      return FileType::socket_stream;
    default:
      return FileType::unknown;
  }
}

Timestamp nanoseconds(const timespec& time) {
  return static_cast<Timestamp>(time.tv_sec) * 1'000'000'000 + static_cast<Timestamp>(time.tv_nsec);
}

Errno status_of(int fd, GuestPointer<FileStat> out) {
  struct stat system{};
  if (fstat(fd, &system) != 0) return last_error();
  FileStat status;
  status.device = system.st_dev;
  status.inode = system.st_ino;
  status.type = type_of(system.st_mode);
  status.link_count = system.st_nlink;
  status.size = static_cast<std::uint64_t>(system.st_size);
  status.access_time = nanoseconds(system.st_atim);
  status.modification_time = nanoseconds(system.st_mtim);
  status.change_time = nanoseconds(system.st_ctim);
  out.store(status);
  return Errno::success;
}

Errno fd_filestat_get(Context& context, Caller&, std::uint32_t fd, GuestPointer<FileStat> out) {
  Descriptor* descriptor = nullptr;
  const Errno error = context.descriptors().find(fd, right::fd_filestat_get, descriptor);
  if (error != Errno::success) return error;
  if (!descriptor->is_stdio()) return status_of(descriptor->system_fd(), out);
  FileStat status;
  status.type = FileType::character_device;
  out.store(status);
  return Errno::success;
}

/// Opens what a path names, to ask or to set its status.
Errno open_named(Context& context, std::uint32_t fd, Rights rights, std::uint32_t lookup, std::string_view from_guest,
                 UniqueFd& out) {
  Descriptor* directory = nullptr;
  if (const Errno error = context.descriptors().find_directory(fd, rights, directory); error != Errno::success) {
    return error;
  }
  if ((lookup & ~lookup_flag::symlink_follow) != 0) return Errno::inval;
  std::string path;
  if (const Errno error = read_path(from_guest, path); error != Errno::success) return error;
  const int flags = O_PATH | ((lookup & lookup_flag::symlink_follow) != 0 ? 0 : O_NOFOLLOW);
  return open_beneath(directory->system_fd(), path.c_str(), flags, 0, out);
}

Errno path_filestat_get(Context& context, Caller&, std::uint32_t fd, std::uint32_t lookup, std::string_view path,
                        GuestPointer<FileStat> out) {
  UniqueFd named;
  const Errno error = open_named(context, fd, right::path_filestat_get, lookup, path, named);
  return error == Errno::success ? status_of(named.get(), out) : error;
}

/// One of the two times as utimensat takes it.
timespec chosen_time(std::uint32_t flags, std::uint32_t set, std::uint32_t set_now, Timestamp time) {
  if ((flags & set_now) != 0) return {0, UTIME_NOW};
  if ((flags & set) == 0) return {0, UTIME_OMIT};
  return {static_cast<time_t>(time / 1'000'000'000), static_cast<long>(time % 1'000'000'000)};
}

Errno set_times(int fd, Timestamp access, Timestamp modification, std::uint32_t flags) {
  constexpr std::uint32_t both_access = time_flag::access | time_flag::access_now;
  constexpr std::uint32_t both_modification = time_flag::modification | time_flag::modification_now;
  if ((flags & ~time_flag::all) != 0 || (flags & both_access) == both_access ||
      (flags & both_modification) == both_modification) {
    return Errno::inval;
  }
  const timespec times[2] = {
      chosen_time(flags, time_flag::access, time_flag::access_now, access),
      chosen_time(flags, time_flag::modification, time_flag::modification_now, modification),
  };
  return utimensat(fd, "", times, AT_EMPTY_PATH) == 0 ? Errno::success : last_error();
}

Errno fd_filestat_set_times(Context& context, Caller&, std::uint32_t fd, std::uint64_t access,
                            std::uint64_t modification, std::uint32_t flags) {
  Descriptor* descriptor = nullptr;
  const Errno error = context.descriptors().find(fd, right::fd_filestat_set_times, descriptor);
  return error == Errno::success ? set_times(descriptor->system_fd(), access, modification, flags) : error;
}

Errno path_filestat_set_times(Context& context, Caller&, std::uint32_t fd, std::uint32_t lookup, std::string_view path,
                              std::uint64_t access, std::uint64_t modification, std::uint32_t flags) {
  UniqueFd named;
  const Errno error = open_named(context, fd, right::path_filestat_set_times, lookup, path, named);
  return error == Errno::success ? set_times(named.get(), access, modification, flags) : error;
}

}  // namespace

void define_status(Definer& definer) {
  definer.add("fd_filestat_get", fd_filestat_get);
  definer.add("fd_filestat_set_times", fd_filestat_set_times);
  definer.add("path_filestat_get", path_filestat_get);
  definer.add("path_filestat_set_times", path_filestat_set_times);
}

}  // namespace wasm_grpc::wasi
