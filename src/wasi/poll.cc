// poll_oneoff: waits for the first of some events. Files and standard input and output are always ready; what there is
// to wait for is time, and what another layer has opened to be waited for (waitable.h). A wait suspends the guest's
// fiber; the runtime goes on with it when the time has come, or something that it waits for.
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

struct Candidate {
  Event event;
  TimePoint due;
  std::uint32_t interests = 0;  // of one that is not due by time
};

Event event_of(const Subscription& subscription) {
  Event event;
  event.userdata = subscription.userdata;
  event.type = subscription.type;
  return event;
}

/// The descriptor of a subscription, if it is one that is waited for.
Descriptor* find_waitable(Context& context, const Subscription& subscription) {
  if (subscription.type == EventType::clock) return nullptr;
  Descriptor* const descriptor = context.descriptors().find(subscription.fd);
  const bool is_one = descriptor != nullptr && descriptor->kind == Descriptor::Kind::waitable;
  return is_one && (descriptor->rights & right::poll_fd_readwrite) != 0 ? descriptor : nullptr;
}

/// The event of a file descriptor that is always ready.
Event descriptor_event(Context& context, const Subscription& subscription) {
  Event event = event_of(subscription);
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

Candidate candidate_of(Context& context, const Subscription& subscription, TimePoint now) {
  if (const Descriptor* const waitable = find_waitable(context, subscription)) {
    const std::uint32_t interests = waitable->waitable->awaits(waitable->awaited, waitable->interests);
    return {event_of(subscription), interests == 0 ? now : wasm::Suspension::never, interests};
  }
  if (subscription.type != EventType::clock) return {descriptor_event(context, subscription), now};
  Candidate candidate{event_of(subscription), now};
  candidate.event.error = static_cast<std::uint16_t>(due_time(subscription.clock, now, candidate.due));
  return candidate;
}

/// Writes the events that hold at `when`; returns how many.
std::uint32_t write_events(std::span<const Candidate> candidates, TimePoint when, std::span<std::byte> out) {
  std::uint32_t count = 0;
  for (const Candidate& candidate : candidates) {
    if (candidate.due > when || candidate.interests != 0) continue;
    std::memcpy(out.data() + std::size_t{count} * sizeof(Event), &candidate.event, sizeof(Event));
    ++count;
  }
  return count;
}

/// Where the arrays of a call lie, which it has checked.
struct Arrays {
  std::uint32_t subscriptions;
  std::uint32_t events;
  std::uint32_t count;
  std::uint32_t event_count;
};

/// Writes the events of what is waited for and holds by now, in the place of those that the time was to bring. False
/// when there are none.
bool write_waitables(Context& context, std::span<std::byte> memory, const Arrays& arrays) {
  std::uint32_t held = 0;
  for (std::size_t i = 0; i < arrays.count; ++i) {
    Subscription subscription;
    std::memcpy(&subscription, memory.data() + arrays.subscriptions + i * sizeof(Subscription), sizeof(Subscription));
    const Descriptor* const waitable = find_waitable(context, subscription);
    if (waitable == nullptr || waitable->waitable->awaits(waitable->awaited, waitable->interests) != 0) continue;
    const Event event = event_of(subscription);
    std::memcpy(memory.data() + arrays.events + std::size_t{held} * sizeof(Event), &event, sizeof(Event));
    ++held;
  }
  if (held > 0) std::memcpy(memory.data() + arrays.event_count, &held, sizeof(held));
  return held > 0;
}

Arrays arrays_of(const wasm::Suspension& waiting) {
  const auto note = [&](std::size_t at) { return static_cast<std::uint32_t>(waiting.notes[at]); };
  return {note(0), note(1), note(2), note(3)};
}

std::optional<std::int32_t> go_on(wasm::Instance& instance, const wasm::Suspension& waiting) {
  constexpr auto done = static_cast<std::int32_t>(Errno::success);
  auto& context = *static_cast<Context*>(instance.host_data(wasm::HostSlot::wasi));
  // A guest that is suspended changes nothing, and a memory never becomes smaller.
  if (waiting.interests != 0 && write_waitables(context, instance.memory(), arrays_of(waiting))) return done;
  if (waiting.until == wasm::Suspension::never || wasm::Clock::now() < waiting.until) return std::nullopt;
  return done;
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

  // Which event the time brings first is known now, so that answer is written before the guest is suspended: it cannot
  // look.
  event_count.store(write_events(candidates, first, out));
  if (first <= now) return Errno::success;
  wasm::Suspension suspension;
  suspension.until = first;
  for (const Candidate& candidate : candidates) suspension.interests |= candidate.interests;
  suspension.notes[0] = subscriptions;
  suspension.notes[1] = events;
  suspension.notes[2] = count;
  suspension.notes[3] = static_cast<std::uint64_t>(event_count.place() - caller.memory().data());
  suspension.resolve = go_on;
  wasm::InstanceCaller::from(caller).instance().suspend(suspension);
  return Errno::success;
}

}  // namespace

void define_poll(Definer& definer) { definer.add_suspending("poll_oneoff", poll_oneoff); }

}  // namespace wasm_grpc::wasi
