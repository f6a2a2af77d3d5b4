// fd_read, fd_write and their positioned forms, fd_seek and fd_tell.
#include "wasi/files/transfer.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>

#include "wasi/definer.h"

namespace wasm_grpc::wasi {

namespace {

constexpr std::uint32_t max_pieces = 1024;

/// The pieces of guest memory that one call reads into or writes from.
class Pieces {
 public:
  /// Reads the array at `pointer`. Every piece is checked, also those beyond `max_bytes`, which are left out.
  [[nodiscard]] Errno read(Caller& caller, std::uint32_t pointer, std::uint32_t count, std::size_t max_bytes) {
    if (count > max_pieces) return Errno::inval;
    const auto array = caller.range(pointer, count * sizeof(IoVec));
    if (caller.trapped()) return Errno::success;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      IoVec piece;
      std::memcpy(&piece, array.data() + i * sizeof(IoVec), sizeof(IoVec));
      const auto bytes = caller.range(piece.pointer, piece.length);
      total += piece.length;
      const std::size_t taken = std::min(bytes.size(), max_bytes);
      if (taken > 0) pieces_[used_++] = {bytes.data(), taken};
      max_bytes -= taken;
    }
    return total > std::numeric_limits<std::uint32_t>::max() ? Errno::inval : Errno::success;
  }

  [[nodiscard]] const iovec* data() const noexcept { return pieces_.data(); }
  [[nodiscard]] int count() const noexcept { return static_cast<int>(used_); }

 private:
  std::array<iovec, max_pieces> pieces_;
  std::size_t used_ = 0;
};

using Transfer = ssize_t (*)(int fd, const iovec* pieces, int count, off_t offset);

/// Reads or writes a file, by `transfer`; at `offset`, or where the file stands.
Errno transfer_file(Caller& caller, const Descriptor& descriptor, std::uint32_t iovs, std::uint32_t count,
                    std::uint64_t offset, Transfer transfer, GuestPointer<std::uint32_t> transferred) {
  if (offset > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) return Errno::inval;
  Pieces pieces;
  if (const Errno error = pieces.read(caller, iovs, count, max_transfer_bytes); error != Errno::success) return error;
  if (caller.trapped()) return Errno::success;
  const ssize_t size = transfer(descriptor.file.get(), pieces.data(), pieces.count(), static_cast<off_t>(offset));
  if (size < 0) return last_error();
  transferred.store(static_cast<std::uint32_t>(size));
  return Errno::success;
}

Errno print(Caller& caller, LineBuffer& lines, std::uint32_t iovs, std::uint32_t count,
            GuestPointer<std::uint32_t> written) {
  Pieces pieces;
  if (const Errno error = pieces.read(caller, iovs, count, max_print_bytes); error != Errno::success) return error;
  if (caller.trapped()) return Errno::success;
  std::size_t taken = 0;
  std::size_t max_lines = max_print_lines;
  for (const iovec& piece : std::span(pieces.data(), static_cast<std::size_t>(pieces.count()))) {
    const std::size_t here = lines.write({static_cast<const char*>(piece.iov_base), piece.iov_len}, max_lines);
    taken += here;
    if (here < piece.iov_len) break;
  }
  written.store(static_cast<std::uint32_t>(taken));
  return Errno::success;
}

ssize_t read_here(int fd, const iovec* pieces, int count, off_t) { return readv(fd, pieces, count); }
ssize_t write_here(int fd, const iovec* pieces, int count, off_t) { return writev(fd, pieces, count); }

Errno fd_read(Context& context, Caller& caller, std::uint32_t fd, std::uint32_t iovs, std::uint32_t count,
              GuestPointer<std::uint32_t> read) {
  Descriptor* descriptor = context.descriptors().find(fd);
  if (descriptor != nullptr && descriptor->kind == Descriptor::Kind::directory) return Errno::isdir;
  if (const Errno error = context.descriptors().find(fd, right::fd_read, descriptor); error != Errno::success) {
    return error;
  }
  if (descriptor->kind != Descriptor::Kind::standard_input) {
    return transfer_file(caller, *descriptor, iovs, count, 0, read_here, read);
  }
  Pieces pieces;
  if (const Errno error = pieces.read(caller, iovs, count, max_transfer_bytes); error != Errno::success) return error;
  read.store(0);
  return Errno::success;
}

Errno fd_write(Context& context, Caller& caller, std::uint32_t fd, std::uint32_t iovs, std::uint32_t count,
               GuestPointer<std::uint32_t> written) {
  Descriptor* descriptor = nullptr;
  if (const Errno error = context.descriptors().find(fd, right::fd_write, descriptor); error != Errno::success) {
    return error;
  }
  switch (descriptor->kind) {
    case Descriptor::Kind::standard_output:
      return print(caller, context.stdout_lines(), iovs, count, written);
    case Descriptor::Kind::standard_error:
      return print(caller, context.stderr_lines(), iovs, count, written);
    default:
      return transfer_file(caller, *descriptor, iovs, count, 0, write_here, written);
  }
}

/// The descriptor for a positioned transfer. Standard input and output have no positions.
Errno find_seekable(Context& context, std::uint32_t fd, Rights rights, Descriptor*& out) {
  out = context.descriptors().find(fd);
  if (out == nullptr) return Errno::badf;
  if (out->is_stdio()) return Errno::spipe;
  if (out->kind == Descriptor::Kind::directory) return Errno::isdir;
  return context.descriptors().find(fd, rights, out);
}

Errno fd_pread(Context& context, Caller& caller, std::uint32_t fd, std::uint32_t iovs, std::uint32_t count,
               std::uint64_t offset, GuestPointer<std::uint32_t> read) {
  Descriptor* descriptor = nullptr;
  const Errno error = find_seekable(context, fd, right::fd_read | right::fd_seek, descriptor);
  if (error != Errno::success) return error;
  return transfer_file(caller, *descriptor, iovs, count, offset, preadv, read);
}

Errno fd_pwrite(Context& context, Caller& caller, std::uint32_t fd, std::uint32_t iovs, std::uint32_t count,
                std::uint64_t offset, GuestPointer<std::uint32_t> written) {
  Descriptor* descriptor = nullptr;
  const Errno error = find_seekable(context, fd, right::fd_write | right::fd_seek, descriptor);
  if (error != Errno::success) return error;
  return transfer_file(caller, *descriptor, iovs, count, offset, pwritev, written);
}

Errno seek(Context& context, std::uint32_t fd, std::int64_t offset, int whence, Rights rights,
           GuestPointer<std::uint64_t> position) {
  Descriptor* descriptor = nullptr;
  if (const Errno error = find_seekable(context, fd, rights, descriptor); error != Errno::success) return error;
  const off_t reached = lseek(descriptor->file.get(), offset, whence);
  if (reached < 0) return last_error();
  position.store(static_cast<std::uint64_t>(reached));
  return Errno::success;
}

Errno fd_seek(Context& context, Caller&, std::uint32_t fd, std::int64_t offset, std::uint32_t whence,
              GuestPointer<std::uint64_t> position) {
  static constexpr std::array system_whence = {SEEK_SET, SEEK_CUR, SEEK_END};
  if (whence >= system_whence.size()) return Errno::inval;
  const bool only_tells = offset == 0 && system_whence[whence] == SEEK_CUR;
  return seek(context, fd, offset, system_whence[whence], only_tells ? right::fd_tell : right::fd_seek, position);
}

Errno fd_tell(Context& context, Caller&, std::uint32_t fd, GuestPointer<std::uint64_t> position) {
  return seek(context, fd, 0, SEEK_CUR, right::fd_tell, position);
}

}  // namespace

void define_transfer(Definer& definer) {
  definer.add("fd_pread", fd_pread);
  definer.add("fd_pwrite", fd_pwrite);
  definer.add("fd_read", fd_read);
  definer.add("fd_seek", fd_seek);
  definer.add("fd_tell", fd_tell);
  definer.add("fd_write", fd_write);
}

}  // namespace wasm_grpc::wasi
