// What can be done with any file descriptor: closing, renumbering, its flags and rights, and the preopened directories.
#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "wasi/definer.h"

namespace wasm_grpc::wasi {

namespace {

FileType type_of(const Descriptor& descriptor) {
  switch (descriptor.kind) {
    case Descriptor::Kind::directory:
      return FileType::directory;
    case Descriptor::Kind::file:
      return FileType::regular_file;
    default:
      return FileType::character_device;
  }
}

/// A line that is begun on a standard output ends when that is closed.
void flush_before_close(Context& context, std::uint32_t fd) {
  const Descriptor* descriptor = context.descriptors().find(fd);
  if (descriptor == nullptr) return;
  if (descriptor->kind == Descriptor::Kind::standard_output) context.stdout_lines().flush();
  if (descriptor->kind == Descriptor::Kind::standard_error) context.stderr_lines().flush();
}

Errno fd_close(Context& context, Caller&, std::uint32_t fd) {
  flush_before_close(context, fd);
  return context.descriptors().close(fd);
}

Errno fd_renumber(Context& context, Caller&, std::uint32_t from, std::uint32_t to) {
  if (from != to && context.descriptors().find(from) != nullptr) flush_before_close(context, to);
  return context.descriptors().renumber(from, to);
}

Errno fd_fdstat_get(Context& context, Caller&, std::uint32_t fd, GuestPointer<FdStat> out) {
  const Descriptor* descriptor = context.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::badf;
  FdStat status;
  status.type = type_of(*descriptor);
  status.flags = descriptor->flags;
  status.rights_base = descriptor->rights;
  status.rights_inheriting = descriptor->inheriting;
  out.store(status);
  return Errno::success;
}

Errno fd_fdstat_set_flags(Context& context, Caller&, std::uint32_t fd, std::uint32_t flags) {
  Descriptor* descriptor = nullptr;
  const Errno error = context.descriptors().find(fd, right::fd_fdstat_set_flags, descriptor);
  if (error != Errno::success) return error;
  if ((flags & ~std::uint32_t{fd_flag::all}) != 0) return Errno::inval;
  // Nothing ever blocks, so nonblock is only remembered. Whether writes are synchronous is settled when a file is
  // opened.
  constexpr std::uint32_t changeable = fd_flag::append | fd_flag::nonblock;
  if (((flags ^ descriptor->flags) & ~changeable) != 0) return Errno::notsup;
  if (descriptor->kind == Descriptor::Kind::file) {
    const int system_flags = (flags & fd_flag::append) != 0 ? O_APPEND : 0;
    if (fcntl(descriptor->file.get(), F_SETFL, system_flags) != 0) return last_error();
  }
  descriptor->flags = static_cast<std::uint16_t>(flags);
  return Errno::success;
}

Errno fd_fdstat_set_rights(Context& context, Caller&, std::uint32_t fd, std::uint64_t base, std::uint64_t inheriting) {
  Descriptor* descriptor = context.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::badf;
  if ((base & ~descriptor->rights) != 0 || (inheriting & ~descriptor->inheriting) != 0) return Errno::notcapable;
  descriptor->rights = base;
  descriptor->inheriting = inheriting;
  return Errno::success;
}

Errno fd_prestat_get(Context& context, Caller&, std::uint32_t fd, GuestPointer<PreStat> out) {
  const Descriptor* descriptor = context.descriptors().find(fd);
  // C libraries try one number after the other until they are told that it is not open.
  if (descriptor == nullptr || !descriptor->preopened) return Errno::badf;
  PreStat status;
  status.name_length = static_cast<std::uint32_t>(descriptor->grant->guest_path.size());
  out.store(status);
  return Errno::success;
}

Errno fd_prestat_dir_name(Context& context, Caller&, std::uint32_t fd, std::span<std::byte> out) {
  const Descriptor* descriptor = context.descriptors().find(fd);
  if (descriptor == nullptr || !descriptor->preopened) return Errno::badf;
  const std::string& name = descriptor->grant->guest_path;
  if (out.size() < name.size()) return Errno::nametoolong;
  std::copy_n(reinterpret_cast<const std::byte*>(name.data()), name.size(), out.data());
  return Errno::success;
}

}  // namespace

void define_descriptors(Definer& definer) {
  definer.add("fd_close", fd_close);
  definer.add("fd_fdstat_get", fd_fdstat_get);
  definer.add("fd_fdstat_set_flags", fd_fdstat_set_flags);
  definer.add("fd_fdstat_set_rights", fd_fdstat_set_rights);
  definer.add("fd_prestat_dir_name", fd_prestat_dir_name);
  definer.add("fd_prestat_get", fd_prestat_get);
  definer.add("fd_renumber", fd_renumber);
}

}  // namespace wasm_grpc::wasi
