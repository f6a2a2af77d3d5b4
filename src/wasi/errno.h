// The error numbers of WASI preview 1.
#pragma once

#include <cstdint>

namespace wasm_grpc::wasi {

/// What every function but proc_exit answers. The numbers are the witx's; those no function here uses are left out.
enum class Errno : std::uint16_t {
  success = 0,
  acces = 2,
  again = 6,
  badf = 8,
  busy = 10,
  dquot = 19,
  exist = 20,
  fbig = 22,
  ilseq = 25,
  intr = 27,
  inval = 28,
  io = 29,
  isdir = 31,
  loop = 32,
  mfile = 33,
  mlink = 34,
  nametoolong = 37,
  nfile = 41,
  nodev = 43,
  noent = 44,
  nomem = 48,
  nospc = 51,
  nosys = 52,
  notdir = 54,
  notempty = 55,
  notsock = 57,
  notsup = 58,
  notty = 59,
  nxio = 60,
  overflow = 61,
  perm = 63,
  pipe = 64,
  range = 68,
  rofs = 69,
  spipe = 70,
  stale = 72,
  txtbsy = 74,
  xdev = 75,
  notcapable = 76,
};

/// The WASI number for one of the system's. One that guests have no use for becomes io.
[[nodiscard]] Errno from_system(int error) noexcept;
/// from_system(errno).
[[nodiscard]] Errno last_error() noexcept;

}  // namespace wasm_grpc::wasi
