// fd_readdir, path_create_directory and path_remove_directory.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include "wasi/definer.h"
#include "wasi/files/directory.h"
#include "wasi/files/path.h"

namespace wasm_grpc::wasi {

Errno make_readable(Context& context, Descriptor& directory) {
  if (directory.file) return Errno::success;
  FileBudget& budget = context.sandbox().file_budget();
  if (!budget.take()) return Errno::mfile;
  UniqueFd fd;
  const Errno error = open_beneath(directory.grant->directory.get(), ".", O_RDONLY | O_DIRECTORY, 0, fd);
  GuestFile file(std::move(fd), budget);
  if (error == Errno::success) directory.file = std::move(file);
  return error;
}

namespace {

// What is read from the system at once: a little over the longest entry, up to what fits the stack well and takes a
// third of a slice.
constexpr std::size_t min_batch_bytes = 512;
constexpr std::size_t max_batch_bytes = std::size_t{32} << 10;

FileType type_of(unsigned char type) {
  switch (type) {
    case DT_BLK:
      return FileType::block_device;
    case DT_CHR:
      return FileType::character_device;
    case DT_DIR:
      return FileType::directory;
    case DT_REG:
      return FileType::regular_file;
    case DT_LNK:
      return FileType::symbolic_link;
    case DT_SOCK:
      return FileType::socket_stream;
    default:
      return FileType::unknown;
  }
}

/// Fills a guest's buffer with entries, the last of which may be cut: so the guest sees that there are more.
class EntryWriter {
 public:
  explicit EntryWriter(std::span<std::byte> buffer) : rest_(buffer) {}

  void add(const DirectoryEntry& entry, std::string_view name) {
    append(std::as_bytes(std::span(&entry, 1)));
    append(std::as_bytes(std::span(name)));
  }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  void append(std::span<const std::byte> bytes) {
    const std::size_t size = std::min(bytes.size(), rest_.size());
    std::copy_n(bytes.data(), size, rest_.data());
    rest_ = rest_.subspan(size);
  }

  std::span<std::byte> rest_;
};

/// The inode of a grant's own directory, which stands for that of its parent: a guest is not told what lies outside.
std::uint64_t inode_of(const Descriptor& directory) {
  struct stat status{};
  return fstat(directory.file.get(), &status) == 0 ? status.st_ino : 0;
}

/// Writes the next entries, about a batch of them. `more`: there is room, and the directory has not ended.
Errno read_entries(const Descriptor& directory, EntryWriter& writer, bool& more) {
  alignas(dirent64) std::array<char, max_batch_bytes> batch;
  more = writer.left() > 0;
  for (std::size_t read = 0; more && read < max_batch_bytes / 2;) {
    const std::size_t wanted = std::clamp(writer.left(), min_batch_bytes, max_batch_bytes);
    const ssize_t size = getdents64(directory.file.get(), batch.data(), wanted);
    if (size < 0) return last_error();
    for (std::size_t at = 0; at < static_cast<std::size_t>(size) && writer.left() > 0;) {
      const auto* system = reinterpret_cast<const dirent64*>(batch.data() + at);
      at += system->d_reclen;
      const std::string_view name = system->d_name;
      DirectoryEntry entry;
      entry.next = static_cast<std::uint64_t>(system->d_off);
      entry.inode = directory.preopened && name == ".." ? inode_of(directory) : system->d_ino;
      entry.name_length = static_cast<std::uint32_t>(name.size());
      entry.type = type_of(system->d_type);
      writer.add(entry, name);
    }
    read += static_cast<std::size_t>(size);
    more = size > 0 && writer.left() > 0;
  }
  return Errno::success;
}

/// A listing, as it is kept in the notes of a suspension while others have their turn. Meanwhile the guest can neither
/// grow its memory nor close the directory.
struct Listing {
  std::byte* buffer;
  std::byte* used;
  std::uint32_t size;
  std::uint32_t written;
  std::uint32_t fd;

  /// Writes the next entries; nothing when there are more to come.
  std::optional<Errno> go_on(Context& context) {
    const Descriptor& directory = *context.descriptors().find(fd);
    EntryWriter writer(std::span(buffer, size).subspan(written));
    bool more = false;
    if (const Errno error = read_entries(directory, writer, more); error != Errno::success) return error;
    written = size - static_cast<std::uint32_t>(writer.left());
    if (more) return std::nullopt;
    GuestPointer<std::uint32_t>(used).store(written);
    return Errno::success;
  }
};

std::optional<std::int32_t> list_next(wasm::Instance& instance, const wasm::Suspension& suspension) {
  Listing listing;
  std::memcpy(&listing, suspension.notes, sizeof(listing));
  const auto done = listing.go_on(*static_cast<Context*>(instance.host_data(wasm::HostSlot::wasi)));
  std::memcpy(suspension.notes, &listing, sizeof(listing));
  return done ? std::optional(static_cast<std::int32_t>(*done)) : std::nullopt;
}

// A guest takes a buffer that is not full for the end of the directory, so it is filled, and others go in between.
Errno fd_readdir(Context& context, Caller& caller, std::uint32_t fd, std::span<std::byte> buffer, std::uint64_t cookie,
                 GuestPointer<std::uint32_t> used) {
  Descriptor* directory = nullptr;
  const Errno found = context.descriptors().find_directory(fd, right::fd_readdir, directory);
  if (found != Errno::success) return found;
  if (cookie > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) return Errno::inval;
  if (const Errno error = make_readable(context, *directory); error != Errno::success) return error;
  // A cookie is the system's own position in the directory; it refuses those it did not give.
  if (lseek(directory->file.get(), static_cast<off_t>(cookie), SEEK_SET) < 0) return last_error();
  Listing listing{buffer.data(), used.place(), static_cast<std::uint32_t>(buffer.size()), 0, fd};
  if (const auto done = listing.go_on(context)) return *done;
  wasm::Suspension suspension;
  suspension.until = wasm::Clock::now();
  suspension.resolve = list_next;
  static_assert(sizeof(listing) <= sizeof(suspension.notes) && std::is_trivially_copyable_v<Listing>);
  std::memcpy(suspension.notes, &listing, sizeof(listing));
  wasm::InstanceCaller::from(caller).instance().suspend(suspension);
  return Errno::success;
}

Errno path_create_directory(Context& context, Caller&, std::uint32_t fd, std::string_view path) {
  Descriptor* directory = nullptr;
  const Errno found = context.descriptors().find_directory(fd, right::path_create_directory, directory);
  if (found != Errno::success) return found;
  Place place;
  if (const Errno error = find_place(*directory, path, Errno::exist, place); error != Errno::success) return error;
  constexpr mode_t new_directory_mode = 0777;
  const int result = mkdirat(place.directory.get(), place.name.c_str(), new_directory_mode);
  return result == 0 ? Errno::success : last_error();
}

Errno path_remove_directory(Context& context, Caller&, std::uint32_t fd, std::string_view path) {
  Descriptor* directory = nullptr;
  const Errno found = context.descriptors().find_directory(fd, right::path_remove_directory, directory);
  if (found != Errno::success) return found;
  Place place;
  if (const Errno error = find_place(*directory, path, Errno::inval, place); error != Errno::success) return error;
  const int result = unlinkat(place.directory.get(), place.name.c_str(), AT_REMOVEDIR);
  return result == 0 ? Errno::success : last_error();
}

}  // namespace

void define_directories(Definer& definer) {
  definer.add_suspending("fd_readdir", fd_readdir);
  definer.add("path_create_directory", path_create_directory);
  definer.add("path_remove_directory", path_remove_directory);
}

}  // namespace wasm_grpc::wasi
