// poll_oneoff: waits for the first of some events. Time is all there is to wait for: files and standard input and
// output are always ready. A wait suspends the guest's fiber; the runtime goes on with it when the time has come.
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "wasi/definer.h"
#include "wasi/files/transfer.h"

namespace wasm_grpc::wasi {

namespace {

using TimePoint = wasm::Clock::time_point;

// Bounds what the host copies for one call.
constexpr std::uint32_t max_subscriptions = 1024;

/// `base` and `nanoseconds` later, or never.
TimePoint later(TimePoint base, std::uint64_t nanoseconds) {
  const auto left = static_cast<std::uint64_t>((TimePoint::max() - base).count());
  return nanoseconds < left ? base + wasm::Clock::duration(nanoseconds) : wasm::Suspension::never;
}

/// When a clock subscription holds. A wall clock that is set while a guest waits for it does not change that.
Errno due_time(const ClockSubscription& clock, TimePoint now, TimePoint& due) {
  const auto id = static_cast<ClockId>(clock.id);
  if (id == ClockId::process_cpu_time || id == ClockId::thread_cpu_time) return Errno::notsup;
  if (id != ClockId::realtime && id != ClockId::monotonic) return Errno::inval;
  if ((clock.flags & subscription_absolute) == 0) {
    due = later(now, clock.timeout);
    return Errno::success;
  }
  std::uint64_t clock_now = static_cast<std::uint64_t>(now.time_since_epoch().count());
  if (id == ClockId::realtime) {
    timespec time{};
    if (clock_gettime(CLOCK_REALTIME, &time) != 0) return last_error();
    clock_now = static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
  }
  due = clock.timeout > clock_now ? later(now, clock.timeout - clock_now) : now;
  return Errno::success;
}

/// The event of a file descriptor, which is always ready.
Event descriptor_event(Context& context, const Subscription& subscription) {
  Event event;
  event.userdata = subscription.userdata;
  event.type = subscription.type;
  const bool read = subscription.type == EventType::fd_read;
  Descriptor* descriptor = nullptr;
  const Rights rights = right::poll_fd_readwrite | (read ? right::fd_read : right::fd_write);
  event.error = static_cast<std::uint16_t>(context.descriptors().find(subscription.fd, rights, descriptor));
  if (event.error != 0) return event;
  if (!read) {
    event.available = descriptor->is_stdio() ? max_print_bytes : max_transfer_bytes;
  } else if (descriptor->is_stdio()) {
    event.flags = event_hangup;  // standard input is at its end
  } else {
    struct stat status{};
    const off_t position = lseek(descriptor->system_fd(), 0, SEEK_CUR);
    if (position >= 0 && fstat(descriptor->system_fd(), &status) == 0 && status.st_size > position) {
      event.available = static_cast<std::uint64_t>(status.st_size - position);
    }
  }
  return event;
}

struct Candidate {
  Event event;
  TimePoint due;
};

Candidate candidate_of(Context& context, const Subscription& subscription, TimePoint now) {
  if (subscription.type != EventType::clock) return {descriptor_event(context, subscription), now};
  Candidate candidate{{}, now};
  candidate.event.userdata = subscription.userdata;
  candidate.event.type = EventType::clock;
  candidate.event.error = static_cast<std::uint16_t>(due_time(subscription.clock, now, candidate.due));
  return candidate;
}

/// Writes the events that hold at `when`; returns how many.
std::uint32_t write_events(std::span<const Candidate> candidates, TimePoint when, std::span<std::byte> out) {
  std::uint32_t count = 0;
  for (const Candidate& candidate : candidates) {
    if (candidate.due > when) continue;
    std::memcpy(out.data() + std::size_t{count} * sizeof(Event), &candidate.event, sizeof(Event));
    ++count;
  }
  return count;
}

Errno poll_oneoff(Context& context, Caller& caller, std::uint32_t subscriptions, std::uint32_t events,
                  std::uint32_t count, GuestPointer<std::uint32_t> event_count) {
  if (count == 0 || count > max_subscriptions) return Errno::inval;
  const auto in = caller.range(subscriptions, count * sizeof(Subscription));
  const auto out = caller.range(events, count * sizeof(Event));
  if (caller.trapped()) return Errno::success;

  const TimePoint now = wasm::Clock::now();
  std::vector<Candidate> candidates;
  candidates.reserve(count);
  TimePoint first = wasm::Suspension::never;
  for (std::size_t i = 0; i < count; ++i) {
    Subscription subscription;
    std::memcpy(&subscription, in.data() + i * sizeof(Subscription), sizeof(Subscription));
    if (static_cast<std::uint8_t>(subscription.type) > static_cast<std::uint8_t>(EventType::fd_write)) {
      return Errno::inval;
    }
    candidates.push_back(candidate_of(context, subscription, now));
    first = std::min(first, candidates.back().due);
  }

  // Which event comes first is known now, so the answer is written before the guest is suspended: it cannot look.
  event_count.store(write_events(candidates, first, out));
  if (first <= now) return Errno::success;
  wasm::Suspension suspension;
  suspension.until = first;
  suspension.resolve = [](wasm::Instance&, const wasm::Suspension& sleeping) -> std::optional<std::int32_t> {
    if (sleeping.until == wasm::Suspension::never || wasm::Clock::now() < sleeping.until) return std::nullopt;
    return static_cast<std::int32_t>(Errno::success);
  };
  wasm::InstanceCaller::from(caller).instance().suspend(suspension);
  return Errno::success;
}

}  // namespace

void define_poll(Definer& definer) { definer.add_suspending("poll_oneoff", poll_oneoff); }

}  // namespace wasm_grpc::wasi
