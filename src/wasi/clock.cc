// clock_time_get and clock_res_get.
#include <ctime>

#include "wasi/definer.h"

namespace wasm_grpc::wasi {

namespace {

Errno system_clock_of(std::uint32_t id, clockid_t& out) {
  switch (static_cast<ClockId>(id)) {
    case ClockId::realtime:
      out = CLOCK_REALTIME;
      return Errno::success;
    case ClockId::monotonic:
      out = CLOCK_MONOTONIC;
      return Errno::success;
    case ClockId::process_cpu_time:
    case ClockId::thread_cpu_time:
      // The host shares its threads among instances and does not account their time one by one.
      return Errno::notsup;
  }
  return Errno::inval;
}

Timestamp nanoseconds(const timespec& time) {
  return static_cast<Timestamp>(time.tv_sec) * 1'000'000'000 + static_cast<Timestamp>(time.tv_nsec);
}

template <int (*query)(clockid_t, timespec*)>
Errno read_clock(std::uint32_t id, GuestPointer<Timestamp> out) {
  clockid_t clock{};
  if (const Errno error = system_clock_of(id, clock); error != Errno::success) return error;
  timespec time{};
  if (query(clock, &time) != 0) return last_error();
  out.store(nanoseconds(time));
  return Errno::success;
}

Errno clock_time_get(Context&, Caller&, std::uint32_t id, std::uint64_t /*precision*/, GuestPointer<Timestamp> time) {
  return read_clock<clock_gettime>(id, time);
}

Errno clock_res_get(Context&, Caller&, std::uint32_t id, GuestPointer<Timestamp> resolution) {
  return read_clock<clock_getres>(id, resolution);
}

}  // namespace

void define_clock(Definer& definer) {
  definer.add("clock_res_get", clock_res_get);
  definer.add("clock_time_get", clock_time_get);
}

}  // namespace wasm_grpc::wasi
