// Waiting: poll_oneoff and sched_yield suspend the guest's fiber and nothing else.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <limits>
#include <thread>

#include "support.h"

namespace wasm_grpc::wasi::test {
namespace {

using namespace std::chrono_literals;

Subscription clock_subscription(std::uint64_t userdata, ClockId id, std::chrono::nanoseconds timeout,
                                bool absolute = false) {
  Subscription out;
  std::memset(&out, 0, sizeof(out));
  out.userdata = userdata;
  out.type = EventType::clock;
  out.clock.id = static_cast<std::uint32_t>(id);
  out.clock.timeout = static_cast<std::uint64_t>(timeout.count());
  out.clock.flags = absolute ? subscription_absolute : 0;
  return out;
}

Subscription fd_subscription(std::uint64_t userdata, EventType type, std::uint32_t fd) {
  Subscription out;
  std::memset(&out, 0, sizeof(out));
  out.userdata = userdata;
  out.type = type;
  out.fd = fd;
  return out;
}

struct Poll {
  explicit Poll(Machine& on, const std::vector<Subscription>& subscriptions)
      : machine(on),
        in(machine.put(
            {reinterpret_cast<const char*>(subscriptions.data()), subscriptions.size() * sizeof(Subscription)})),
        out(machine.allocate(subscriptions.size() * sizeof(Event))),
        size(subscriptions.size()),
        count(machine.allocate(4)) {}
  void begin() { machine.begin("poll_oneoff", {in, out, size, count}); }
  Errno call() { return machine.call("poll_oneoff", {in, out, size, count}); }
  std::vector<Event> events() {
    std::vector<Event> all;
    for (std::uint32_t i = 0; i < machine.get<std::uint32_t>(count); ++i) {
      all.push_back(machine.get<Event>(out + i * static_cast<std::uint32_t>(sizeof(Event))));
    }
    return all;
  }
  Machine& machine;
  std::uint32_t in;
  std::uint32_t out;
  std::size_t size;
  std::uint32_t count;
};

TEST(Poll, SleepsUntilTheFirstOfItsClocks) {
  Machine machine;
  Poll poll(machine, {clock_subscription(1, ClockId::monotonic, 1h), clock_subscription(2, ClockId::monotonic, 20ms)});
  const auto before = wasm::Clock::now();
  poll.begin();
  ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
  EXPECT_EQ(machine.guest.instance.suspension().interests, 0U);
  const auto until = machine.guest.instance.suspension().until;
  EXPECT_GE(until, before + 20ms);
  EXPECT_LE(until, wasm::Clock::now() + 20ms);
  ASSERT_EQ(machine.guest.finish(), wasm::Progress::done);
  EXPECT_GE(wasm::Clock::now(), until);
  EXPECT_EQ(machine.guest.instance.result(), 0);
  const auto events = poll.events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].userdata, 2U);
  EXPECT_EQ(events[0].type, EventType::clock);
  EXPECT_EQ(events[0].error, 0U);
}

TEST(Poll, StaysSuspendedWhenItIsPolledTooEarly) {
  Machine machine;
  Poll poll(machine, {clock_subscription(1, ClockId::monotonic, 1h)});
  poll.begin();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
  machine.guest.instance.drop();  // ends it, though it would have slept for an hour
  EXPECT_FALSE(machine.guest.instance.running());
}

TEST(Poll, SleepsUntilATimeOfDay) {
  Machine machine;
  const auto before = wasm::Clock::now();
  const auto target = std::chrono::system_clock::now().time_since_epoch() + 1h;
  Poll poll(machine, {clock_subscription(7, ClockId::realtime, target, true)});
  poll.begin();
  ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
  // A minute's grace, should somebody set the clock meanwhile.
  EXPECT_GE(machine.guest.instance.suspension().until, before + 59min);
  EXPECT_LE(machine.guest.instance.suspension().until, wasm::Clock::now() + 61min);
  machine.guest.instance.drop();
}

TEST(Poll, SleepsUntilAnAbsoluteMonotonicTime) {
  Machine machine;
  const auto target = wasm::Clock::now() + 1h;
  Poll poll(machine, {clock_subscription(7, ClockId::monotonic, target.time_since_epoch(), true)});
  poll.begin();
  ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
  EXPECT_EQ(machine.guest.instance.suspension().until, target);
  machine.guest.instance.drop();
}

TEST(Poll, ReturnsAtOnceForATimeThatHasPassed) {
  Machine machine;
  Poll poll(machine, {clock_subscription(1, ClockId::realtime, 1s, true), clock_subscription(2, ClockId::monotonic, 0s),
                      clock_subscription(3, ClockId::monotonic, 1h)});
  ASSERT_EQ(poll.call(), Errno::success);
  EXPECT_EQ(machine.guest.suspensions, 0);
  ASSERT_EQ(poll.events().size(), 2U);
  EXPECT_EQ(poll.events()[0].userdata, 1U);
  EXPECT_EQ(poll.events()[1].userdata, 2U);
}

TEST(Poll, NeverReturnsForATimeBeyondAllClocks) {
  for (const auto id : {ClockId::realtime, ClockId::monotonic}) {
    for (const bool absolute : {false, true}) {
      Machine machine;
      Subscription forever = clock_subscription(1, id, 0ns, absolute);
      forever.clock.timeout = std::numeric_limits<std::uint64_t>::max();
      Poll poll(machine, {forever});
      poll.begin();
      ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
      EXPECT_EQ(machine.guest.instance.suspension().until, wasm::Suspension::never);
      EXPECT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
      machine.guest.instance.drop();
    }
  }
}

/// Something that holds when the test says so.
struct Flag final : Waitable {
  std::uint32_t awaits(std::int32_t what, std::uint32_t interests) noexcept override {
    EXPECT_EQ(what, 7);
    return holds ? 0 : interests;
  }
  bool holds = false;
};

TEST(Poll, WaitsForWhatAnotherLayerHasOpened) {
  for (const auto type : {EventType::fd_read, EventType::fd_write}) {
    Machine machine;
    Flag flag;
    const std::uint32_t fd = machine.guest.context.descriptors().open(flag, 7, 5).value();
    Poll poll(machine, {clock_subscription(1, ClockId::monotonic, 1h), fd_subscription(2, type, fd)});
    poll.begin();
    ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
    EXPECT_EQ(machine.guest.instance.suspension().interests, 5U);
    ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
    flag.holds = true;
    ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::done);
    EXPECT_EQ(machine.guest.instance.result(), 0);
    ASSERT_EQ(poll.events().size(), 1U);
    EXPECT_EQ(poll.events()[0].userdata, 2U);
    EXPECT_EQ(poll.events()[0].type, type);
    EXPECT_EQ(poll.events()[0].error, 0U);
    EXPECT_EQ(poll.events()[0].flags, 0U);
  }
}

TEST(Poll, TellsOfTheTimeWhereNothingElseHappens) {
  Machine machine;
  Flag flag;
  const std::uint32_t fd = machine.guest.context.descriptors().open(flag, 7, 5).value();
  Poll poll(machine, {fd_subscription(2, EventType::fd_read, fd), clock_subscription(1, ClockId::monotonic, 5ms)});
  poll.begin();
  ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
  ASSERT_EQ(machine.guest.finish(), wasm::Progress::done);
  ASSERT_EQ(poll.events().size(), 1U);
  EXPECT_EQ(poll.events()[0].userdata, 1U);
  EXPECT_EQ(poll.events()[0].type, EventType::clock);
}

TEST(Poll, DoesNotSuspendForWhatHoldsAlready) {
  Machine machine;
  Flag flag;
  flag.holds = true;
  const std::uint32_t fd = machine.guest.context.descriptors().open(flag, 7, 5).value();
  Poll poll(machine, {fd_subscription(2, EventType::fd_read, fd), clock_subscription(1, ClockId::monotonic, 1h)});
  ASSERT_EQ(poll.call(), Errno::success);
  EXPECT_EQ(machine.guest.suspensions, 0);
  ASSERT_EQ(poll.events().size(), 1U);
  EXPECT_EQ(poll.events()[0].userdata, 2U);
}

TEST(Poll, OfSuchADescriptorIsAllThatCanBeDoneWithIt) {
  Machine machine;
  Flag flag;
  const std::uint32_t fd = machine.guest.context.descriptors().open(flag, 7, 5).value();
  const std::uint32_t place = machine.allocate(64);
  EXPECT_EQ(machine.call("fd_fdstat_get", {fd, place}), Errno::success);
  EXPECT_EQ(machine.get<std::uint16_t>(place + 2), fd_flag::nonblock);
  EXPECT_EQ(machine.call("fd_read", {fd, place, 0, place}), Errno::notcapable);
  EXPECT_EQ(machine.call("fd_write", {fd, place, 0, place}), Errno::notcapable);
  EXPECT_EQ(machine.call("fd_filestat_get", {fd, place}), Errno::notcapable);
  EXPECT_EQ(machine.call("fd_sync", {fd}), Errno::notcapable);
  EXPECT_EQ(machine.call("fd_close", {fd}), Errno::success);
  EXPECT_EQ(machine.call("fd_close", {fd}), Errno::badf);
}

TEST(Poll, ThereIsRoomForSoManyOfThem) {
  Machine machine;
  Flag flag;
  for (std::size_t i = 0; i < DescriptorTable::max_open_files; ++i) {
    ASSERT_TRUE(machine.guest.context.descriptors().open(flag, 7, 5));
  }
  EXPECT_FALSE(machine.guest.context.descriptors().open(flag, 7, 5));
}

TEST(Poll, FindsStandardInputAndOutputReady) {
  Machine machine;
  Poll poll(machine, {fd_subscription(1, EventType::fd_read, 0), fd_subscription(2, EventType::fd_write, 1),
                      fd_subscription(3, EventType::fd_write, 77), fd_subscription(4, EventType::fd_read, 1),
                      clock_subscription(5, ClockId::monotonic, 1h)});
  ASSERT_EQ(poll.call(), Errno::success);
  EXPECT_EQ(machine.guest.suspensions, 0);
  const auto events = poll.events();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].error, 0U);
  EXPECT_EQ(events[0].flags, event_hangup);
  EXPECT_EQ(events[1].error, 0U);
  EXPECT_GT(events[1].available, 0U);
  EXPECT_EQ(events[2].error, static_cast<std::uint16_t>(Errno::badf));
  EXPECT_EQ(events[3].error, static_cast<std::uint16_t>(Errno::notcapable));
}

TEST(Poll, RefusesWhatItCannotWaitFor) {
  Machine machine;
  Poll none(machine, {});
  EXPECT_EQ(none.call(), Errno::inval);
  Subscription unknown = fd_subscription(1, static_cast<EventType>(3), 0);
  Poll unknown_type(machine, {unknown});
  EXPECT_EQ(unknown_type.call(), Errno::inval);
  Poll too_many(machine, std::vector<Subscription>(1025, clock_subscription(1, ClockId::monotonic, 0s)));
  EXPECT_EQ(too_many.call(), Errno::inval);

  Poll wrong_clocks(machine, {clock_subscription(1, ClockId::process_cpu_time, 0s),
                              clock_subscription(2, static_cast<ClockId>(9), 0s)});
  ASSERT_EQ(wrong_clocks.call(), Errno::success);
  ASSERT_EQ(wrong_clocks.events().size(), 2U);
  EXPECT_EQ(wrong_clocks.events()[0].error, static_cast<std::uint16_t>(Errno::notsup));
  EXPECT_EQ(wrong_clocks.events()[1].error, static_cast<std::uint16_t>(Errno::inval));
}

TEST(Poll, ReadsItsSubscriptionsBeforeItWritesEventsOverThem) {
  Machine machine;
  Poll poll(machine, {clock_subscription(1, ClockId::monotonic, 0s), clock_subscription(2, ClockId::monotonic, 0s),
                      clock_subscription(3, ClockId::monotonic, 0s)});
  poll.out = poll.in;
  ASSERT_EQ(poll.call(), Errno::success);
  const auto events = poll.events();
  ASSERT_EQ(events.size(), 3U);
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(events[i].userdata, i + 1);
}

TEST(Yield, GivesWayOnce) {
  Machine machine;
  machine.begin("sched_yield", {});
  ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
  EXPECT_LE(machine.guest.instance.suspension().until, wasm::Clock::now());
  ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::done);
  EXPECT_EQ(machine.guest.instance.result(), 0);
}

TEST(Sleep, SuspendsTheGuestThatSleepsAndNothingElse) {
  Machine sleeper;
  Machine napper;
  Machine worker;
  Poll long_sleep(sleeper, {clock_subscription(1, ClockId::monotonic, 1h)});
  Poll nap(napper, {clock_subscription(2, ClockId::monotonic, 5ms)});
  long_sleep.begin();
  ASSERT_EQ(sleeper.guest.instance.poll(), wasm::Progress::suspended);
  nap.begin();
  ASSERT_EQ(napper.guest.instance.poll(), wasm::Progress::suspended);
  // A third guest is served on this thread while the two sleep.
  for (int i = 0; i < 100; ++i) ASSERT_EQ(worker.write(1, "served\n"), Errno::success);
  EXPECT_EQ(worker.guest.output.lines.size(), 100U);
  // And the one goes on while the other still sleeps.
  ASSERT_EQ(napper.guest.finish(), wasm::Progress::done);
  ASSERT_EQ(nap.events().size(), 1U);
  EXPECT_EQ(nap.events()[0].userdata, 2U);
  EXPECT_EQ(sleeper.guest.instance.poll(), wasm::Progress::suspended);
  sleeper.guest.instance.drop();
}

TEST(Sleep, MayGoOnOnAnotherThread) {
  Machine machine;
  Poll poll(machine, {clock_subscription(1, ClockId::monotonic, 5ms)});
  poll.begin();
  ASSERT_EQ(machine.guest.instance.poll(), wasm::Progress::suspended);
  std::thread([&] { EXPECT_EQ(machine.guest.finish(), wasm::Progress::done); }).join();
  EXPECT_EQ(poll.events().size(), 1U);
}

}  // namespace
}  // namespace wasm_grpc::wasi::test
