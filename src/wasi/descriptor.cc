#include "wasi/descriptor.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::wasi {

namespace {

constexpr std::size_t stdio_count = 3;

// A character device that can not seek: what C libraries take for a terminal, and so write to line by line. A guest
// that is served for days would otherwise keep its last lines to itself.
constexpr Rights input_rights =
    right::fd_read | right::fd_filestat_get | right::fd_fdstat_set_flags | right::poll_fd_readwrite;
constexpr Rights output_rights =
    right::fd_write | right::fd_filestat_get | right::fd_fdstat_set_flags | right::poll_fd_readwrite;

Descriptor stdio(Descriptor::Kind kind) {
  Descriptor descriptor;
  descriptor.kind = kind;
  descriptor.rights = kind == Descriptor::Kind::standard_input ? input_rights : output_rights;
  return descriptor;
}

}  // namespace

DescriptorTable::DescriptorTable(const Sandbox& sandbox)
    : max_size_(stdio_count + sandbox.grants().size() + max_open_files) {
  entries_.reserve(stdio_count + sandbox.grants().size());
  entries_.push_back(stdio(Descriptor::Kind::standard_input));
  entries_.push_back(stdio(Descriptor::Kind::standard_output));
  entries_.push_back(stdio(Descriptor::Kind::standard_error));
  for (const Grant& grant : sandbox.grants()) {
    Descriptor descriptor;
    descriptor.kind = Descriptor::Kind::directory;
    descriptor.preopened = true;
    descriptor.rights = grant.read_only ? directory_rights & ~writing_rights : directory_rights;
    // Not reduced for a read-only grant: C libraries ask for no more than this, so a guest that opens a file for
    // writing would get one that it can only read. This way it asks, and is told that the file system is read-only.
    descriptor.inheriting = directory_rights | file_rights;
    descriptor.grant = &grant;
    entries_.push_back(std::move(descriptor));
  }
}

Descriptor* DescriptorTable::find(std::uint32_t fd) noexcept {
  if (fd >= entries_.size() || entries_[fd].kind == Descriptor::Kind::closed) return nullptr;
  return &entries_[fd];
}

Errno DescriptorTable::find(std::uint32_t fd, Rights rights, Descriptor*& out) noexcept {
  out = find(fd);
  if (out == nullptr) return Errno::badf;
  if ((out->rights & rights) == rights) return Errno::success;
  const bool read_only = out->grant != nullptr && out->grant->read_only;
  return read_only && (rights & writing_rights) != 0 ? Errno::rofs : Errno::notcapable;
}

Errno DescriptorTable::find_directory(std::uint32_t fd, Rights rights, Descriptor*& out) noexcept {
  out = find(fd);
  if (out == nullptr) return Errno::badf;
  if (out->kind != Descriptor::Kind::directory) return Errno::notdir;
  return find(fd, rights, out);
}

Errno DescriptorTable::check_room() const noexcept {
  if (entries_.size() < max_size_) return Errno::success;
  const auto is_free = [](const Descriptor& entry) { return entry.kind == Descriptor::Kind::closed; };
  return std::any_of(entries_.begin() + stdio_count, entries_.end(), is_free) ? Errno::success : Errno::mfile;
}

std::uint32_t DescriptorTable::insert(Descriptor descriptor) {
  auto free = std::find_if(entries_.begin() + stdio_count, entries_.end(),
                           [](const Descriptor& entry) { return entry.kind == Descriptor::Kind::closed; });
  if (free == entries_.end()) {
    entries_.push_back(std::move(descriptor));
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }
  *free = std::move(descriptor);
  return static_cast<std::uint32_t>(free - entries_.begin());
}

std::optional<std::uint32_t> DescriptorTable::open(Waitable& waitable, std::int32_t awaited, std::uint32_t interests) {
  if (check_room() != Errno::success) return std::nullopt;
  Descriptor descriptor;
  descriptor.kind = Descriptor::Kind::waitable;
  descriptor.flags = fd_flag::nonblock;  // by which language runtimes know that they may poll it
  descriptor.rights = right::fd_fdstat_set_flags | right::poll_fd_readwrite;
  descriptor.waitable = &waitable;
  descriptor.awaited = awaited;
  descriptor.interests = interests;
  return insert(std::move(descriptor));
}

Errno DescriptorTable::close(std::uint32_t fd) noexcept {
  Descriptor* descriptor = find(fd);
  if (descriptor == nullptr) return Errno::badf;
  *descriptor = Descriptor();
  return Errno::success;
}

Errno DescriptorTable::renumber(std::uint32_t from, std::uint32_t to) noexcept {
  Descriptor* source = find(from);
  Descriptor* target = find(to);
  if (source == nullptr || target == nullptr) return Errno::badf;
  if (source == target) return Errno::success;
  *target = std::move(*source);
  *source = Descriptor();
  return Errno::success;
}

}  // namespace wasm_grpc::wasi
