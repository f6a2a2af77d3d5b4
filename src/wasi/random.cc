// random_get.
#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "wasi/definer.h"

namespace wasm_grpc::wasi {

namespace {

// What is made at once, a third of a slice. A guest that asks for more gives way to others between the pieces: a hundred
// megabytes take the system most of a second.
constexpr std::size_t max_piece = std::size_t{128} << 10;

Errno fill(std::span<std::byte> buffer) {
  while (!buffer.empty()) {
    const ssize_t got = getrandom(buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return last_error();
    buffer = buffer.subspan(static_cast<std::size_t>(got));
  }
  return Errno::success;
}

/// Fills the next piece; the notes say where it is and how much is left.
std::optional<std::int32_t> fill_next(wasm::Instance&, const wasm::Suspension& suspension) {
  std::uint64_t& place = suspension.notes[0];
  std::uint64_t& left = suspension.notes[1];
  const std::size_t size = std::min<std::size_t>(left, max_piece);
  // The guest's memory stays where it is while the guest is suspended.
  const Errno error = fill({reinterpret_cast<std::byte*>(place), size});
  place += size;
  left -= size;
  if (error == Errno::success && left > 0) return std::nullopt;
  return static_cast<std::int32_t>(error);
}

Errno random_get(Context&, Caller& caller, std::span<std::byte> buffer) {
  const auto first = buffer.first(std::min(buffer.size(), max_piece));
  if (const Errno error = fill(first); error != Errno::success || first.size() == buffer.size()) return error;
  wasm::Suspension suspension;
  suspension.until = wasm::Clock::now();
  suspension.resolve = fill_next;
  suspension.notes[0] = reinterpret_cast<std::uintptr_t>(buffer.data() + first.size());
  suspension.notes[1] = buffer.size() - first.size();
  wasm::InstanceCaller::from(caller).instance().suspend(suspension);
  return Errno::success;
}

}  // namespace

void define_random(Definer& definer) { definer.add_suspending("random_get", random_get); }

}  // namespace wasm_grpc::wasi
