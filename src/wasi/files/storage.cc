// How a file lies on its disk: its size, its space, and when it is written there.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <limits>

#include "wasi/definer.h"
#include "wasi/files/directory.h"

namespace wasm_grpc::wasi {

namespace {

constexpr auto max_offset = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());

Errno fd_advise(Context& context, Caller&, std::uint32_t fd, std::uint64_t offset, std::uint64_t length,
                std::uint32_t advice) {
  static constexpr std::array system_advice = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                               POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  Descriptor* descriptor = nullptr;
  if (const Errno error = context.descriptors().find(fd, right::fd_advise, descriptor); error != Errno::success) {
    return error;
  }
  if (advice >= system_advice.size() || offset > max_offset || length > max_offset) return Errno::inval;
  if (descriptor->kind == Descriptor::Kind::directory) return Errno::success;
  return from_system(posix_fadvise(descriptor->file.get(), static_cast<off_t>(offset), static_cast<off_t>(length),
                                   system_advice[advice]));
}

Errno fd_allocate(Context& context, Caller&, std::uint32_t fd, std::uint64_t offset, std::uint64_t length) {
  Descriptor* descriptor = nullptr;
  if (const Errno error = context.descriptors().find(fd, right::fd_allocate, descriptor); error != Errno::success) {
    return error;
  }
  if (offset > max_offset || length > max_offset) return Errno::fbig;
  // Not posix_fallocate, which writes every block where the file system can not do it.
  if (fallocate(descriptor->file.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(length)) != 0) {
    return last_error();
  }
  return Errno::success;
}

Errno fd_filestat_set_size(Context& context, Caller&, std::uint32_t fd, std::uint64_t size) {
  Descriptor* descriptor = nullptr;
  const Errno error = context.descriptors().find(fd, right::fd_filestat_set_size, descriptor);
  if (error != Errno::success) return error;
  if (size > max_offset) return Errno::fbig;
  return ftruncate(descriptor->file.get(), static_cast<off_t>(size)) == 0 ? Errno::success : last_error();
}

Errno synchronize(Context& context, std::uint32_t fd, Rights rights, int (*function)(int)) {
  Descriptor* descriptor = nullptr;
  if (const Errno error = context.descriptors().find(fd, rights, descriptor); error != Errno::success) return error;
  if (descriptor->kind == Descriptor::Kind::directory) {
    const Errno error = make_readable(context, *descriptor);
    if (error != Errno::success) return error;
  }
  return function(descriptor->file.get()) == 0 ? Errno::success : last_error();
}

Errno fd_sync(Context& context, Caller&, std::uint32_t fd) { return synchronize(context, fd, right::fd_sync, fsync); }

Errno fd_datasync(Context& context, Caller&, std::uint32_t fd) {
  return synchronize(context, fd, right::fd_datasync, fdatasync);
}

}  // namespace

void define_storage(Definer& definer) {
  definer.add("fd_advise", fd_advise);
  definer.add("fd_allocate", fd_allocate);
  definer.add("fd_datasync", fd_datasync);
  definer.add("fd_filestat_set_size", fd_filestat_set_size);
  definer.add("fd_sync", fd_sync);
}

}  // namespace wasm_grpc::wasi
