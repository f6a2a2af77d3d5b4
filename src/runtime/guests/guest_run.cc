#include "runtime/guests/guest_run.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "runtime/outgoing/outgoing_calls.h"

namespace wasm_grpc::runtime {

namespace {

// How many slices a guest may have past its end, however little it ran in them.
constexpr std::uint8_t max_late_slices = 20;
// How many it may compute for that knows of its end: it cleans up.
constexpr int slices_to_clean_up = 4;
// Of those that run inside of others. A host function has as much of the stack of its caller: what serves a call takes
// a few KiB of that, or some more where a guest fails and this is logged.
constexpr std::size_t least_stack_around = std::size_t{64} << 10;

std::chrono::nanoseconds thread_cpu_time() noexcept {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

bool GuestRun::may_run_inside(const InstancePool& pool, const MethodCost& cost) const noexcept {
  return context_.clock.takes_inner(context_.scheduler.tick()) && cost.cheap() &&
         pool.limits().max_stack_bytes >= least_stack_around;
}

void GuestRun::enter() noexcept {
  context_.scheduler.enter(*this);
  begin({});
}

void GuestRun::begin(Duration cpu_time, Duration time) noexcept {
  budget_ = cpu_time;
  time_limit_ = time;
  limit_ = Time::max();
  used_ = {};
  timed_ = false;
  sliced_ = false;
  late_time_ = {};
  late_slices_ = 0;
}

void GuestRun::run() noexcept {
  if (suspended_) stop_waiting();
  OutgoingCalls* const outgoing = context_.outgoing;  // the run may be gone afterwards
  owner_.on_turn();
  if (outgoing != nullptr) outgoing->flush_early();
}

// ---- Its instance ----

InstancePool::Admission GuestRun::acquire(InstancePool& pool, For what, const rpc::Client* client,
                                          bool silent) noexcept {
  pool_ = &pool;
  for_events_ = what == For::events;
  client_ = client;
  silent_ = silent;
  phase_ = Phase::waiting;
  acquiring_ = true;
  const InstancePool::Admission admission = pool.acquire(*this);
  acquiring_ = false;
  if (guest_ != nullptr) return InstancePool::Admission::taken;
  if (admission != InstancePool::Admission::waits) forget();
  return admission;
}

void GuestRun::take_instance(std::unique_ptr<GuestInstance> instance, bool started) noexcept {
  if (for_events_ && instance->calls > 0) {
    instance = pool_->renew(std::move(instance));
    started = false;
  }
  guest_ = std::move(instance);
  if (started) {
    phase_ = Phase::started;
  } else {
    begin_start(rpc::Clock::now() + pool_->limits().start_timeout);
  }
  if (!acquiring_) queue();
}

void GuestRun::refuse_instance(NoInstance why) noexcept {
  forget();
  owner_.on_refused(why);
}

void GuestRun::start(InstancePool& pool, std::unique_ptr<GuestInstance> instance, Time limit) noexcept {
  pool_ = &pool;
  guest_ = std::move(instance);
  enter();
  begin_start(limit);
  queue();
}

void GuestRun::go_on(InstancePool& pool, MovingGuest guest, Duration cpu_time) noexcept {
  context_.scheduler.enter(*this, guest.ahead);
  begin(cpu_time);
  pool_ = &pool;
  move_back(std::move(guest));
  context_.scheduler.sliced(*this);
}

MovingGuest GuestRun::move_out() noexcept {
  phase_ = Phase::none;
  return {std::move(guest_), used_, context_.scheduler.ahead(*this)};
}

void GuestRun::move_back(MovingGuest guest) noexcept {
  if (guest.instance == nullptr) return;
  guest_ = std::move(guest.instance);
  used_ = guest.cpu_time;
  phase_ = Phase::started;
  timed_ = true;
  sliced_ = true;
}

std::unique_ptr<GuestInstance> GuestRun::release() noexcept {
  if (phase_ == Phase::waiting) pool_->cancel(*this);
  if (phase_ == Phase::starting) end_start(Phase::none);
  if (pool_ != nullptr) pool_->stop_counting(*this);
  if (suspended_) stop_waiting();
  std::unique_ptr<GuestInstance> instance = std::move(guest_);
  forget();
  return instance;
}

void GuestRun::give_back() noexcept {
  InstancePool* pool = pool_;
  if (auto instance = release()) pool->give_back(std::move(instance));
}

void GuestRun::discard() noexcept {
  InstancePool* pool = pool_;
  const bool was_starting = phase_ == Phase::starting;
  auto instance = release();
  if (instance == nullptr) return;
  if (was_starting) pool->start_abandoned();
  pool->discard(std::move(instance));
}

void GuestRun::begin_start(Time limit) noexcept {
  phase_ = Phase::starting;
  limit_ = limit;
  ++pool_->counters().instances_starting;
}

void GuestRun::end_start(Phase next) noexcept {
  phase_ = next;
  --pool_->counters().instances_starting;
}

void GuestRun::forget() noexcept {
  phase_ = Phase::none;
  pool_ = nullptr;
  client_ = nullptr;
  silent_ = false;
  suspended_ = false;
  sliced_ = false;
}

// ---- A slice ----

GuestRun::Step GuestRun::step() noexcept {
  suspended_ = false;
  return phase_ == Phase::starting ? step_start() : step_guest();
}

GuestRun::Step GuestRun::step_start() noexcept {
  const auto began = context_.clock.begin();
  const wasm::Progress progress = guest_->poll_start();
  const auto stopped = context_.clock.end();
  context_.scheduler.charge(*this, stopped - began);
  switch (progress) {
    case wasm::Progress::done:
      end_start(Phase::started);
      // From when its limit was set.
      pool_->start_succeeded(stopped - (std::exchange(limit_, Time::max()) - pool_->limits().start_timeout));
      return Step::started;
    case wasm::Progress::failed:
      start_failure_ = describe_start_failure(*guest_);
      return fail(RunFailure::start);
    case wasm::Progress::sliced:
      return stopped >= limit_ ? fail(RunFailure::too_long) : slice();
    case wasm::Progress::suspended:
      return suspend();
  }
  return Step::failed;
}

GuestRun::Step GuestRun::step_guest() noexcept {
  const bool was_over = owner_.over();
  const Duration cpu_time_before = was_over ? thread_cpu_time() : Duration{};
  const wasm::Progress progress = poll();
  if (progress == wasm::Progress::done) return Step::done;
  if (progress == wasm::Progress::failed) return fail(RunFailure::guest);
  if (progress == wasm::Progress::suspended && owner_.over()) return fail(RunFailure::late);
  if (was_over) {
    // Past its end a guest may use one whole slice to find out, and a few to clean up (docs/abi.md). What is left of
    // the one it ended in does not count; and slices end by the wall clock: the system may have taken the thread away
    // for most of one.
    if (late_time_used_up(cpu_time_before)) return fail(RunFailure::late);
    const Step step = slice();
    if (late_time_ < context_.scheduler.slice()) hurry();
    return step;
  }
  if (budget_.count() > 0 && used_ >= budget_ && !owner_.over()) return fail(RunFailure::spent);
  if (progress == wasm::Progress::suspended) return suspend();
  return too_long(context_.clock.begin()) ? fail(RunFailure::too_long) : slice();
}

// The limit counts from the first stop: what is done before it needs no look at the clock.
bool GuestRun::too_long(Time now) noexcept {
  if (limit_ == Time::max() && time_limit_.count() > 0 && time_limit_ < Time::max() - now) limit_ = now + time_limit_;
  return now >= limit_;
}

// The clock is read when the guest stops for the first time, and from then on: most calls are done before. Until then
// it has run since the clock was read, if it was the first to run since; else a tick tells that it ran for a slice.
// What has run inside of it has used the rest.
wasm::Progress GuestRun::poll() noexcept {
  GuestClock& clock = context_.clock;
  const bool known = timed_ || clock.known();
  const auto began = known ? clock.begin() : Time{};
  const GuestClock::Inner inner = clock.inner();
  const std::uint64_t tick = context_.scheduler.tick();
  clock.enter(tick);
  const wasm::Progress progress = guest_->instance.poll();
  clock.leave();
  const std::uint64_t inner_ticks = clock.inner().ticks - inner.ticks;
  const bool ticked = context_.scheduler.tick() - tick > inner_ticks;
  const bool stopped = progress == wasm::Progress::sliced || progress == wasm::Progress::suspended;
  Duration ran{};
  if (!stopped && !timed_) {
    if (ticked) ran = context_.scheduler.slice();
    clock.skip();
  } else {
    const auto ended = clock.end();
    if (known) {
      ran = ended - began - (clock.inner().time - inner.time);
    } else if (ticked || (progress == wasm::Progress::sliced && inner_ticks == 0)) {
      ran = context_.scheduler.slice();
    }
    timed_ = true;
  }
  used_ += ran;
  context_.scheduler.charge(*this, ran);
  return progress;
}

bool GuestRun::late_time_used_up(Duration cpu_time_before) noexcept {
  late_time_ += thread_cpu_time() - cpu_time_before;
  const Duration slice = context_.scheduler.slice();
  // Slices end with ticks: a whole one may be a little shorter than the time between them.
  const Duration limit = owner_.told_of_end() ? slices_to_clean_up * slice : slice / 2;
  return late_time_ >= limit || ++late_slices_ >= max_late_slices;
}

GuestRun::Step GuestRun::fail(RunFailure failure) noexcept {
  failure_ = failure;
  if (phase_ != Phase::starting) return Step::failed;
  if (failure == RunFailure::too_long) start_failure_ = "it did not finish in time";
  failure_ = RunFailure::start;
  end_start(Phase::none);
  return Step::failed;
}

GuestRun::Step GuestRun::slice() noexcept {
  sliced_ = true;
  context_.scheduler.sliced(*this);
  return Step::goes_on;
}

// ---- Waiting ----

GuestRun::Step GuestRun::suspend() noexcept {
  const wasm::Suspension& waits_for = guest_->instance.suspension();
  const auto now = context_.clock.begin();  // of just now
  if (too_long(now)) return fail(RunFailure::too_long);
  if (waits_for.until <= now) return slice();  // it only lets others go first
  sliced_ = false;
  suspended_ = true;
  const auto until = std::min(waits_for.until, limit_);
  if (until != Time::max()) context_.timers.schedule(*this, until);
  if (!context_.host_waits.add(*this, waits_for)) resume();
  return Step::goes_on;
}

void GuestRun::resume() noexcept {
  stop_waiting();
  suspended_ = false;
  queue();
  owner_.on_resumed();
}

void GuestRun::stop_waiting() noexcept {
  context_.timers.cancel(*this);
  context_.host_waits.remove(*this);
}

}  // namespace wasm_grpc::runtime
