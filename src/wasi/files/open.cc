// path_open.
#include <fcntl.h>
#include <sys/stat.h>

#include "wasi/definer.h"
#include "wasi/files/path.h"

namespace wasm_grpc::wasi {

namespace {

/// What a guest wants to open, and how.
struct Request {
  std::uint32_t lookup;
  std::uint32_t open;
  std::uint32_t flags;
  Rights rights;
  Rights inheriting;

  [[nodiscard]] bool has(std::uint32_t open_flags) const { return (open & open_flags) != 0; }
  [[nodiscard]] bool reads() const { return (rights & (right::fd_read | right::fd_readdir)) != 0; }
  /// Go asks for the right to set the size even of files it only reads, so that one does not count.
  [[nodiscard]] bool writes() const { return (rights & right::fd_write) != 0; }

  /// The rights the directory needs.
  [[nodiscard]] Rights needed() const {
    Rights out = right::path_open;
    if (has(open_flag::create)) out |= right::path_create_file;
    if (has(open_flag::truncate)) out |= right::path_filestat_set_size;
    return out;
  }

  [[nodiscard]] bool valid() const {
    return (lookup & ~lookup_flag::symlink_follow) == 0 && (open & ~open_flag::all) == 0 &&
           (flags & ~std::uint32_t{fd_flag::all}) == 0 && !(has(open_flag::create) && has(open_flag::directory));
  }

  [[nodiscard]] int system_flags() const {
    // Nothing in the directory may block the thread: not even a FIFO, which is refused once it is open.
    int out = O_NONBLOCK | O_NOCTTY;
    out |= writes() ? (reads() ? O_RDWR : O_WRONLY) : O_RDONLY;
    if (has(open_flag::create)) out |= O_CREAT;
    if (has(open_flag::directory)) out |= O_DIRECTORY;
    if (has(open_flag::exclusive)) out |= O_EXCL;
    if (has(open_flag::truncate)) out |= O_TRUNC;
    if ((lookup & lookup_flag::symlink_follow) == 0) out |= O_NOFOLLOW;
    if ((flags & fd_flag::append) != 0) out |= O_APPEND;
    if ((flags & fd_flag::dsync) != 0) out |= O_DSYNC;
    if ((flags & (fd_flag::rsync | fd_flag::sync)) != 0) out |= O_SYNC;
    return out;
  }
};

/// Whether the directory allows what the request asks. Rights that are of no use for what is opened are not asked
/// about: C libraries and Go ask for all they know.
Errno check(const Descriptor& directory, const Request& request) {
  if (request.writes() && directory.grant->read_only) return Errno::rofs;
  if (request.writes() && (directory.inheriting & right::fd_write) == 0) return Errno::notcapable;
  if (request.reads() && (directory.inheriting & (right::fd_read | right::fd_readdir)) == 0) return Errno::notcapable;
  return Errno::success;
}

/// The rights of what was opened.
void give_rights(const Descriptor& directory, const Request& request, Descriptor& opened) {
  const bool is_file = opened.kind == Descriptor::Kind::file;
  opened.rights = request.rights & directory.inheriting & (is_file ? file_rights : directory_rights);
  if (is_file && !request.writes()) opened.rights &= ~(right::fd_allocate | right::fd_filestat_set_size);
  if (directory.grant->read_only) opened.rights &= ~writing_rights;
  opened.inheriting = is_file ? 0 : request.inheriting & directory.inheriting;
}

Errno open_file(Context& context, const Descriptor& directory, const Request& request, std::string_view from_guest,
                Descriptor& opened) {
  std::string path;
  if (const Errno error = read_path(from_guest, path); error != Errno::success) return error;
  if (const Errno error = check(directory, request); error != Errno::success) return error;
  if (const Errno error = context.descriptors().check_room(); error != Errno::success) return error;
  FileBudget& budget = context.sandbox().file_budget();
  if (!budget.take()) return Errno::mfile;

  UniqueFd fd;
  constexpr std::uint32_t new_file_mode = 0666;
  const Errno error = open_beneath(directory.system_fd(), path.c_str(), request.system_flags(),
                                   request.has(open_flag::create) ? new_file_mode : 0, fd);
  opened.file = GuestFile(std::move(fd), budget);
  if (error != Errno::success) return error;
  struct stat status{};
  if (fstat(opened.file.get(), &status) != 0) return last_error();
  if (S_ISDIR(status.st_mode)) {
    opened.kind = Descriptor::Kind::directory;
  } else if (S_ISREG(status.st_mode)) {
    opened.kind = Descriptor::Kind::file;
  } else {
    return Errno::notsup;
  }
  opened.grant = directory.grant;
  opened.flags = static_cast<std::uint16_t>(request.flags);
  give_rights(directory, request, opened);
  return Errno::success;
}

Errno path_open(Context& context, Caller&, std::uint32_t fd, std::uint32_t lookup, std::string_view path,
                std::uint32_t open, std::uint64_t rights, std::uint64_t inheriting, std::uint32_t flags,
                GuestPointer<std::uint32_t> out) {
  const Request request{lookup, open, flags, rights, inheriting};
  if (!request.valid()) return Errno::inval;
  Descriptor* directory = nullptr;
  if (const Errno error = context.descriptors().find_directory(fd, request.needed(), directory);
      error != Errno::success) {
    return error;
  }
  Descriptor opened;
  if (const Errno error = open_file(context, *directory, request, path, opened); error != Errno::success) return error;
  out.store(context.descriptors().insert(std::move(opened)));
  return Errno::success;
}

}  // namespace

void define_open(Definer& definer) { definer.add("path_open", path_open); }

}  // namespace wasm_grpc::wasi
