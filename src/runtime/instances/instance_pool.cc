#include "runtime/instances/instance_pool.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>

namespace wasm_grpc::runtime {

namespace {

// Destroying an instance takes some microseconds, or more where its memory is large: other guests and I/O go between.
constexpr std::size_t reclaim_batch = 32;
constexpr std::chrono::milliseconds reclaim_pause{1};
// How long calls wait before idle streams of those who have more make way, and how many of them at once, how often.
constexpr std::chrono::milliseconds press_after{100};
constexpr std::chrono::milliseconds press_again{20};
constexpr std::size_t press_batch = 16;
constexpr std::chrono::seconds saturated_again{10};

std::string mebibytes(std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

/// Posts by `post`, which outlives the pool, what is of no use any more when the pool is gone.
InstanceClaim::Post post_while(const std::shared_ptr<const bool>& alive, const InstanceClaim::Post& post) {
  return [alive = std::weak_ptr(alive), &post](std::function<void()> function) {
    post([alive, function = std::move(function)] {
      if (!alive.expired()) function();
    });
  };
}

}  // namespace

InstancePool::InstancePool(std::shared_ptr<const GuestModule> module, const PoolContext& context)
    : module_(std::move(module)),
      timers_(context.timers),
      hosts_(context.hosts),
      claim_(context.budget, module_.get(), limits().max_instances, *this, post_while(alive_mark_, context.post)),
      backoff_(std::random_device{}()),
      trial_(*this, &InstancePool::try_start),
      reclaim_(*this, &InstancePool::reclaim),
      press_(*this, &InstancePool::press),
      make_way_(*this, &InstancePool::make_way),
      memory_waiter_(module_->memory_budget(),
                     [this, post = post_while(alive_mark_, context.post)] { post([this] { look_at_memory(); }); }),
      kept_room_(module_->memory_budget(), module_->start_memory()),
      log_(module_->log()) {
  claim_.set_worker(&timers_);
}

InstancePool::~InstancePool() = default;

// ---- Making and destroying ----

bool InstancePool::take_room() noexcept {
  if (!room_ && !kept_room_.take(room_)) return false;
  if (claim_.take()) return true;
  kept_room_.keep(std::move(room_));
  return false;
}

bool InstancePool::take_room_for_call() noexcept {
  if (!room_ && !kept_room_.take(room_)) {
    if (!memory_waiter_.waits()) module_->memory_budget().count_delayed_instance();
    memory_waiter_.wait(module_->start_memory());
    if (!memory_waiter_.take(room_)) return false;
  }
  return take_room();
}

std::unique_ptr<GuestInstance> InstancePool::make_instance() {
  ++alive_;
  ++counters_.instances_made;
  auto instance = std::make_unique<GuestInstance>(*module_, &module_->declaration(), std::move(room_));
  if (life().max_age.count() > 0) instance->born = rpc::Clock::now();
  return instance;
}

void InstancePool::destroy(std::unique_ptr<GuestInstance> instance) noexcept {
  wasm::MemoryReservation room = instance->instance.leave_room(module_->start_memory());
  instance.reset();
  kept_room_.keep(std::move(room));
  --alive_;
  ++counters_.instances_discarded;
  claim_.put_back();
}

void InstancePool::destroy_coldest() noexcept {
  std::unique_ptr<GuestInstance> coldest = std::move(idle_.front());
  idle_.erase(idle_.begin());
  count_idle();
  if (unused_ > 0) --unused_;
  destroy(std::move(coldest));
}

GivenUp InstancePool::give_up_idle() noexcept {
  if (!idle_.empty()) {
    destroy_coldest();
    return GivenUp::now;
  }
  for (InstanceHolder* const holder : holders_) {
    if (const GivenUp given = holder->give_up_idle(*this); given != GivenUp::none) return given;
  }
  return GivenUp::none;
}

bool InstancePool::too_old(const GuestInstance& instance) const noexcept {
  return life().max_age.count() > 0 && rpc::Clock::now() - instance.born >= life().max_age;
}

bool InstancePool::worn_out(GuestInstance& instance) noexcept {
  if (life().mode == InstanceMode::fresh || (retired_ && waiting() == 0)) return true;
  if (life().max_calls > 0 && instance.calls >= life().max_calls) return true;
  if (life().max_kept_memory > 0) {
    const std::size_t memory = instance.instance.memory().size();
    if (memory > life().max_kept_memory && memory > instance.memory_at_start) {
      if (!std::exchange(told_of_memory_, true)) {
        module_->log().write(LogLevel::info, module_->name(),
                             "an instance had grown to " + mebibytes(memory) +
                                 " of memory and was replaced; those of " + mebibytes(life().max_kept_memory) +
                                 " at most are kept for further calls (this is said once)");
      }
      return true;
    }
  }
  return too_old(instance);
}

// ---- Warm and idle instances ----

void InstancePool::top_up() noexcept {
  if (!starter_is_free() || !talking_.empty() || claim_.scarce() || module_->memory_budget().wanted()) return;
  const std::size_t ready = life().mode == InstanceMode::fresh ? idle_.size() : alive_;
  const auto now = rpc::Clock::now();
  if (ready >= warm() || (backoff_.failing() && !backoff_.may_start(now))) return;
  if (take_room()) {
    starter_->start(make_instance(), now + limits().start_timeout);
  } else {
    backoff_.abandoned();
  }
}

void InstancePool::try_start() noexcept {
  const auto now = rpc::Clock::now();
  if (starter_is_free() && backoff_.may_start(now)) {
    if (take_room()) {
      starter_->start(make_instance(), now + limits().start_timeout);
      return;
    }
    backoff_.abandoned();
  }
  timers_.schedule(trial_, now + backoff_.pause(now));
}

void InstancePool::add_started(std::unique_ptr<GuestInstance> instance) noexcept {
  starts_again();
  keep_idle(std::move(instance));
  serve_waiting();
  make_way();
  top_up();
}

void InstancePool::start_succeeded(std::chrono::nanoseconds took) noexcept {
  counters_.starts.record(took);
  starts_again();
}

void InstancePool::starts_again() noexcept {
  if (!backoff_.failing()) return;
  module_->log().write(LogLevel::info, module_->name(),
                       "instances start again, after " + std::to_string(backoff_.failures()) + " that did not");
  backoff_.succeeded();
  timers_.cancel(trial_);
  if (ModuleHealth* health = module_->health()) health->worker_failing(false);
}

void InstancePool::start_failed(std::string_view why) noexcept {
  counters_.failed(GuestFailure::start);
  const bool was_failing = backoff_.failing();
  const auto now = rpc::Clock::now();
  backoff_.failed(now);
  if (ModuleHealth* health = module_->health()) {
    if (!was_failing) health->worker_failing(true);
    if (!retired_) timers_.schedule(trial_, now + backoff_.pause(now));
  }
  if (!was_failing && log_.admits()) {
    log_.write(LogLevel::error, module_->name(),
               "an instance failed to start: " + std::string(why) +
                   "; calls that need a new one are answered UNAVAILABLE until one starts, which is tried less and "
                   "less often, at least every 10 s while there are calls");
  }
  // Not each of them is to find out for itself.
  while (InstanceWaiter* waiter = pop_waiter()) refuse(*waiter, NoInstance::failing);
  count_waiting();
}

bool InstancePool::go_on_starting(std::unique_ptr<GuestInstance>& instance, rpc::Clock::time_point limit) noexcept {
  if (!starter_is_free()) {
    backoff_.abandoned();
    return false;
  }
  starter_->start(std::move(instance), limit);
  return true;
}

std::unique_ptr<GuestInstance> InstancePool::take_idle() noexcept {
  while (!idle_.empty()) {
    std::unique_ptr<GuestInstance> instance = std::move(idle_.back());
    idle_.pop_back();
    count_idle();
    unused_ = std::min(unused_, idle_.size());
    if (!too_old(*instance)) return instance;
    destroy(std::move(instance));
  }
  return nullptr;
}

void InstancePool::keep_idle(std::unique_ptr<GuestInstance> instance) noexcept {
  idle_.push_back(std::move(instance));
  count_idle();
  if (retired_) {
    reclaim_retired();
  } else if (idle_.size() > life().warm && !reclaim_.scheduled() && life().idle_timeout.count() > 0) {
    unused_ = idle_.size();
    timers_.schedule(reclaim_, rpc::Clock::now() + life().idle_timeout);
  }
}

void InstancePool::count_idle() noexcept {
  counters_.instances_idle.set(idle_.size());
  claim_.set_idle(idle_.size() + held_idle_);
}

void InstancePool::count_held_idle(int change) noexcept {
  held_idle_ += static_cast<std::size_t>(change);
  count_idle();
}

std::size_t InstancePool::reclaimable() const noexcept {
  const std::size_t kept = std::min(idle_.size(), warm());
  return std::min(unused_, idle_.size() - kept);
}

void InstancePool::reclaim() noexcept {
  const auto now = rpc::Clock::now();
  for (std::size_t batch = std::min(reclaimable(), reclaim_batch); batch > 0; --batch) destroy_coldest();
  if (reclaimable() > 0) {
    timers_.schedule(reclaim_, now + reclaim_pause);
    return;
  }
  unused_ = idle_.size();
  if (idle_.size() > warm()) timers_.schedule(reclaim_, now + life().idle_timeout);
}

void InstancePool::retire() noexcept {
  retired_ = true;
  timers_.cancel(trial_);
  reclaim_retired();
}

// Later: one that comes back may serve a call that waits.
void InstancePool::reclaim_retired() noexcept {
  unused_ = idle_.size();
  if (unused_ > 0) timers_.schedule(reclaim_, rpc::Clock::now());
}

// ---- Calls ----

InstancePool::Admission InstancePool::acquire(InstanceWaiter& waiter) {
  if (waiter.client_ != nullptr && waiter.client_->use.host == nullptr) hosts_.enter(*waiter.client_);
  if (waiter.silent_ && !claim_.may_begin_silent()) return wait_in_line(waiter);
  if (auto instance = take_idle()) {
    give(waiter, std::move(instance), true);
    if (life().mode == InstanceMode::fresh) top_up();
    return Admission::taken;
  }
  if (backoff_.failing()) {
    // The calls that wait were refused when the start failed: it is a new instance or none.
    const bool may_start = backoff_.may_start(rpc::Clock::now());
    if (may_start && take_room()) {
      give(waiter, make_instance(), false);
      return Admission::taken;
    }
    if (may_start) backoff_.abandoned();
    ++counters_.calls_unavailable;
    return Admission::failing;
  }
  if (talking_.empty() && take_room_for_call()) {
    give(waiter, make_instance(), false);
    return Admission::taken;
  }
  return wait_in_line(waiter);
}

InstancePool::Admission InstancePool::wait_in_line(InstanceWaiter& waiter) {
  WaitingLine& line = waiter.silent_ ? silent_ : talking_;
  if (line.size() >= limits().max_waiting_calls) {
    ++counters_.calls_refused;
    InstanceWaiter* other = line.crowd_out(waiter.client_);
    if (other == nullptr) {
      count_waiting();
      return Admission::refused;
    }
    refuse(*other, NoInstance::crowded_out);
  }
  waiter.waits_since_ = rpc::Clock::now();
  line.push(waiter);
  count_waiting();
  ++counters_.calls_waited;
  if (waiter.silent_) return Admission::waits;
  note_saturated();
  if (held_idle_ > 0) static_cast<void>(give_up_idle());  // which may serve this one
  return Admission::waits;
}

void InstancePool::count_waiting() noexcept {
  counters_.calls_waiting.set(waiting());
  if (waiting() == 0) memory_waiter_.cancel();
  // Memory first: room among the instances would be of no use yet.
  claim_.want(memory_waiter_.waits()                          ? InstanceClaim::Want::nothing
              : !talking_.empty()                             ? InstanceClaim::Want::work
              : !silent_.empty() && claim_.may_begin_silent() ? InstanceClaim::Want::silent
                                                              : InstanceClaim::Want::nothing);
}

void InstancePool::note_saturated() noexcept {
  const auto now = rpc::Clock::now();
  if (!press_.scheduled()) timers_.schedule(press_, now + press_after);
  if (memory_waiter_.waits()) return;  // of which the module tells
  if (talking_.size() != 1 ||
      (told_saturated_ != rpc::Clock::time_point() && now - told_saturated_ < saturated_again)) {
    return;
  }
  told_saturated_ = now;
  if (!log_.admits()) return;
  log_.write(LogLevel::warn, module_->name(),
             "calls wait for an instance: all that it may have are in use, " + std::to_string(alive_) +
                 " on this worker (this is said every 10 s at most)");
}

void InstancePool::cancel(InstanceWaiter& waiter) noexcept {
  if (!waiter.waiting_) return;
  end_wait(waiter);
  (waiter.silent_ ? silent_ : talking_).remove(waiter);
  count_waiting();
}

void InstancePool::has_spoken(InstanceWaiter& waiter) noexcept {
  if (!waiter.silent_) return;
  if (waiter.waiting_) {
    silent_.remove(waiter);
    waiter.silent_ = false;
    if (talking_.size() >= limits().max_waiting_calls) {
      ++counters_.calls_refused;
      refuse(waiter, NoInstance::crowded_out);
      return;
    }
    talking_.push(waiter);
    note_saturated();
    serve_waiting();
    return;
  }
  waiter.silent_ = false;
  if (!waiter.counted_) return;
  claim_.end_silent();
  if (!silent_.empty()) serve_waiting();
}

void InstancePool::give(InstanceWaiter& waiter, std::unique_ptr<GuestInstance> instance, bool started) noexcept {
  end_wait(waiter);
  waiter.counted_ = true;
  if (waiter.silent_) claim_.begin_silent();
  if (waiter.client_ != nullptr) {
    ++waiter.client_->use.instances;
    ++waiter.client_->use.host->instances;
  }
  waiter.take_instance(std::move(instance), started);
}

void InstancePool::end_wait(InstanceWaiter& waiter) noexcept {
  if (waiter.waits_since_ == rpc::Clock::time_point()) return;
  counters_.waits.record(rpc::Clock::now() - std::exchange(waiter.waits_since_, {}));
}

void InstancePool::refuse(InstanceWaiter& waiter, NoInstance why) noexcept {
  end_wait(waiter);
  waiter.refuse_instance(why);
}

void InstancePool::stop_counting(InstanceWaiter& waiter) noexcept {
  if (!std::exchange(waiter.counted_, false)) return;
  if (std::exchange(waiter.silent_, false)) claim_.end_silent();
  if (waiter.client_ == nullptr) return;
  --waiter.client_->use.instances;
  --waiter.client_->use.host->instances;
}

InstanceWaiter* InstancePool::pop_waiter() noexcept {
  InstanceWaiter* waiter = talking_.pop();
  return waiter != nullptr ? waiter : silent_.pop();
}

// Those whose clients have said something go first.
void InstancePool::serve_waiting() noexcept {
  while (!talking_.empty() || (!silent_.empty() && claim_.may_begin_silent())) {
    bool started = true;
    auto instance = take_idle();
    if (instance == nullptr) {
      if (backoff_.failing() || !take_room_for_call()) break;
      instance = make_instance();
      started = false;
    }
    give(*pop_waiter(), std::move(instance), started);
  }
  count_waiting();
}

void InstancePool::give_back(std::unique_ptr<GuestInstance> instance) noexcept {
  ++instance->calls;
  if (worn_out(*instance) || (claim_.scarce() && claim_.yields())) {
    discard(std::move(instance));
    return;
  }
  keep_idle(std::move(instance));
  if (waiting() > 0) serve_waiting();
  make_way();
}

std::unique_ptr<GuestInstance> InstancePool::renew(std::unique_ptr<GuestInstance> instance) {
  room_ = instance->instance.leave_room(module_->start_memory());
  instance.reset();
  --alive_;
  ++counters_.instances_discarded;
  return make_instance();
}

void InstancePool::discard(std::unique_ptr<GuestInstance> instance) noexcept {
  destroy(std::move(instance));
  if (waiting() > 0) serve_waiting();
  top_up();
}

// ---- Others ----

void InstancePool::make_way() noexcept {
  for (std::size_t left = reclaim_batch; module_->memory_budget().wanted(); --left) {
    if (left == 0) {
      timers_.schedule(make_way_, rpc::Clock::now() + reclaim_pause);
      return;
    }
    const GivenUp given = give_up_idle();
    if (given == GivenUp::soon) timers_.schedule(make_way_, rpc::Clock::now() + press_again);
    if (given != GivenUp::now) return;
  }
}

void InstancePool::look_at_memory() noexcept {
  memory_waiter_.heard();
  make_way();
  if (!memory_waiter_.take(room_)) return;
  serve_waiting();
  kept_room_.keep(std::move(room_));
}

void InstancePool::on_room() noexcept {
  serve_waiting();
  claim_.settle();
}

// Also while calls wait here: keyed instances that are idle are of no use to other keys.
void InstancePool::on_call_in() noexcept {
  if (claim_.scarce()) static_cast<void>(give_up_idle());
}

// Not only of this module: the calls that wait here are no reason to end a stream of somebody with few of them, while
// another module serves a client with many.
bool InstancePool::end_idle_stream(const Press& press) noexcept {
  return std::any_of(holders_.begin(), holders_.end(), [&](InstanceHolder* holder) {
    const auto found = holder->find_idle_stream(press);
    return found && press.than < *found && holder->end_idle_stream(press);
  });
}

void InstancePool::on_press(const Press& press) noexcept {
  for (std::size_t left = std::min(press_batch, press.waiting); left > 0 && claim_.scarce(); --left) {
    const GivenUp given = give_up_idle();
    if (given == GivenUp::soon || (given == GivenUp::none && !end_idle_stream(press))) return;
  }
}

// Streams stay for as long as there are instances that serve nobody. Those of other workers that are larger than all
// here are asked for first, and have the time until the next press for it.
void InstancePool::press() noexcept {
  const bool others_were_pressed = std::exchange(others_pressed_, false);
  for (std::size_t left = press_batch; left > 0; --left) {
    const InstanceWaiter* next = talking_.next();
    if (next == nullptr) return;
    const GivenUp given = give_up_idle();
    if (given == GivenUp::now) continue;
    if (given == GivenUp::soon || claim_.call_in()) break;
    const Press press = claim_.press_for(instances_of(next->client_), talking_.size());
    if (!others_were_pressed) {
      Press elsewhere = press;
      for (InstanceHolder* const holder : holders_) {
        if (const auto found = holder->find_idle_stream(press)) elsewhere.than = std::max(elsewhere.than, *found);
      }
      others_pressed_ = claim_.press_others(elsewhere);
      if (others_pressed_) break;
    }
    const std::size_t before = talking_.size();
    if (!end_idle_stream(press)) break;
    if (press.of_module_only) continue;
    // What another module gave up is there already, unless it is for others: then no more of it would help.
    serve_waiting();
    if (talking_.size() == before) break;
  }
  count_waiting();
  if (!talking_.empty()) timers_.schedule(press_, rpc::Clock::now() + press_again);
}

}  // namespace wasm_grpc::runtime
