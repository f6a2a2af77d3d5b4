#include "runtime/instances/instance_pool.h"

#include <algorithm>
#include <random>
#include <string>

namespace wasm_grpc::runtime {

namespace {

// Destroying an instance takes some microseconds, or more where its memory is large: other guests and I/O go between.
constexpr std::size_t reclaim_batch = 32;
constexpr std::chrono::milliseconds reclaim_pause{1};

std::string mebibytes(std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

InstancePool::InstancePool(std::shared_ptr<const GuestModule> module, InstanceBudget& budget, std::size_t max_waiting,
                           const StartContext& context)
    : module_(std::move(module)),
      budget_(budget),
      max_waiting_(max_waiting),
      timers_(context.timers),
      starter_(*this, context),
      backoff_(std::random_device{}()),
      trial_(*this),
      log_(module_->log()) {
  budget_.pools_.push_back(this);
}

InstancePool::~InstancePool() {
  budget_.alive_ -= static_cast<std::uint32_t>(idle_.size());
  std::erase(budget_.pools_, this);
}

// ---- Making and destroying ----

bool InstancePool::make_room() noexcept {
  if (!may_grow(alive_)) return false;
  if (budget_.alive_ < budget_.max_) return true;
  // An idle instance of another module makes way: of the one that has most of them.
  const auto most = std::max_element(
      budget_.pools_.begin(), budget_.pools_.end(),
      [](const InstancePool* one, const InstancePool* other) { return one->idle_.size() < other->idle_.size(); });
  if ((*most)->idle_.empty()) return false;
  (*most)->destroy_coldest();
  return true;
}

std::unique_ptr<GuestInstance> InstancePool::make_instance() {
  ++budget_.alive_;
  ++alive_;
  ++counters_.instances_made;
  auto instance = std::make_unique<GuestInstance>(*module_, &module_->declaration());
  if (life().max_age.count() > 0) instance->born = rpc::Clock::now();
  return instance;
}

void InstancePool::destroy(std::unique_ptr<GuestInstance> instance) noexcept {
  instance.reset();
  --budget_.alive_;
  --alive_;
  ++counters_.instances_discarded;
}

void InstancePool::destroy_coldest() noexcept {
  std::unique_ptr<GuestInstance> coldest = std::move(idle_.front());
  idle_.erase(idle_.begin());
  count_idle();
  if (unused_ > 0) --unused_;
  destroy(std::move(coldest));
}

bool InstancePool::too_old(const GuestInstance& instance) const noexcept {
  return life().max_age.count() > 0 && rpc::Clock::now() - instance.born >= life().max_age;
}

bool InstancePool::worn_out(GuestInstance& instance) noexcept {
  if (life().mode == InstanceMode::fresh) return true;
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
  if (starter_.busy() || first_ != nullptr || budget_.alive_ >= budget_.max_ || !may_grow(alive_)) return;
  const std::size_t ready = life().mode == InstanceMode::fresh ? idle_.size() : alive_;
  if (ready >= life().warm || (backoff_.failing() && !backoff_.may_start(rpc::Clock::now()))) return;
  starter_.start(make_instance());
}

void StartTrial::on_timer() noexcept { pool_.try_start(); }

void InstancePool::try_start() noexcept {
  const auto now = rpc::Clock::now();
  if (!starter_.busy() && budget_.alive_ < budget_.max_ && may_grow(alive_) && backoff_.may_start(now)) {
    starter_.start(make_instance());
  } else {
    timers_.schedule(trial_, now + backoff_.pause(now));
  }
}

void InstancePool::add_started(std::unique_ptr<GuestInstance> instance) noexcept {
  start_succeeded();
  if (InstanceWaiter* waiter = pop_waiter()) {
    waiter->take_instance(std::move(instance), true);
  } else {
    keep_idle(std::move(instance));
  }
  top_up();
}

void InstancePool::background_start_failed(std::unique_ptr<GuestInstance> instance, std::string_view why) noexcept {
  start_failed(why);
  discard(std::move(instance));
}

void InstancePool::start_succeeded() noexcept {
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
    timers_.schedule(trial_, now + backoff_.pause(now));
  }
  if (!was_failing && log_.admits()) {
    log_.write(LogLevel::error, module_->name(),
               "an instance failed to start: " + std::string(why) +
                   "; calls that need a new one are answered UNAVAILABLE until one starts, which is tried less and "
                   "less often, at least every 10 s while there are calls");
  }
  // Not each of them is to find out for itself.
  while (InstanceWaiter* waiter = pop_waiter()) waiter->refuse_instance();
}

bool InstancePool::go_on_starting(std::unique_ptr<GuestInstance>& instance, rpc::Clock::time_point limit) noexcept {
  if (starter_.busy()) {
    backoff_.abandoned();
    return false;
  }
  starter_.go_on(std::move(instance), limit);
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
  if (idle_.size() > life().warm && !scheduled() && life().idle_timeout.count() > 0) {
    unused_ = idle_.size();
    timers_.schedule(*this, rpc::Clock::now() + life().idle_timeout);
  }
  if (budget_.alive_ >= budget_.max_) serve_next_waiter();
}

std::size_t InstancePool::reclaimable() const noexcept {
  const std::size_t kept = std::min<std::size_t>(idle_.size(), life().warm);
  return std::min(unused_, idle_.size() - kept);
}

void InstancePool::on_timer() noexcept {
  const auto now = rpc::Clock::now();
  for (std::size_t batch = std::min(reclaimable(), reclaim_batch); batch > 0; --batch) destroy_coldest();
  if (reclaimable() > 0) {
    timers_.schedule(*this, now + reclaim_pause);
    return;
  }
  unused_ = idle_.size();
  if (idle_.size() > life().warm) timers_.schedule(*this, now + life().idle_timeout);
  serve_next_waiter();
}

// ---- Calls ----

InstancePool::Admission InstancePool::acquire(InstanceWaiter& waiter) {
  if (auto instance = take_idle()) {
    waiter.take_instance(std::move(instance), true);
    if (life().mode == InstanceMode::fresh) top_up();
    return Admission::taken;
  }
  if (backoff_.failing()) {
    // The calls that wait were refused when the start failed: it is a new instance or none.
    const bool may_start = backoff_.may_start(rpc::Clock::now());
    if (may_start && make_room()) {
      waiter.take_instance(make_instance(), false);
      return Admission::taken;
    }
    if (may_start) backoff_.abandoned();
    ++counters_.calls_unavailable;
    return Admission::failing;
  }
  if (first_ == nullptr && make_room()) {
    waiter.take_instance(make_instance(), false);
    return Admission::taken;
  }
  if (waiting_count_ >= max_waiting_) {
    ++counters_.calls_refused;
    return Admission::refused;
  }
  waiter.previous_ = last_;
  waiter.next_ = nullptr;
  waiter.waiting_ = true;
  (last_ == nullptr ? first_ : last_->next_) = &waiter;
  last_ = &waiter;
  counters_.calls_waiting.set(++waiting_count_);
  return Admission::waits;
}

void InstancePool::cancel(InstanceWaiter& waiter) noexcept {
  if (!waiter.waiting_) return;
  (waiter.previous_ == nullptr ? first_ : waiter.previous_->next_) = waiter.next_;
  (waiter.next_ == nullptr ? last_ : waiter.next_->previous_) = waiter.previous_;
  waiter.waiting_ = false;
  counters_.calls_waiting.set(--waiting_count_);
}

InstanceWaiter* InstancePool::pop_waiter() noexcept {
  InstanceWaiter* waiter = first_;
  if (waiter != nullptr) cancel(*waiter);
  return waiter;
}

void InstancePool::give_back(std::unique_ptr<GuestInstance> instance) noexcept {
  ++instance->calls;
  if (worn_out(*instance)) {
    discard(std::move(instance));
    return;
  }
  if (first_ == nullptr) {
    keep_idle(std::move(instance));
  } else if (next_to_serve(alive_ - 1) == this) {
    pop_waiter()->take_instance(std::move(instance), true);
  } else {
    discard(std::move(instance));
  }
}

std::unique_ptr<GuestInstance> InstancePool::renew(std::unique_ptr<GuestInstance> instance) {
  destroy(std::move(instance));
  return make_instance();
}

void InstancePool::discard(std::unique_ptr<GuestInstance> instance) noexcept {
  destroy(std::move(instance));
  serve_next_waiter();
  top_up();
}

InstancePool* InstancePool::next_to_serve(std::uint32_t own) noexcept {
  InstancePool* fewest = nullptr;
  const std::size_t count = budget_.pools_.size();
  for (std::size_t i = 1; i <= count; ++i) {  // those with equally few take turns
    InstancePool* other = budget_.pools_[(budget_.served_last_ + i) % count];
    if (other == this || other->first_ == nullptr || !other->may_grow(other->alive_)) continue;
    if (fewest == nullptr || other->alive_ < fewest->alive_) fewest = other;
  }
  if (first_ == nullptr || !may_grow(own)) return fewest;
  // Not where a slot would only change hands and back again.
  return fewest != nullptr && (fewest->alive_ == 0 || fewest->alive_ < own) ? fewest : this;
}

void InstancePool::serve_next_waiter() noexcept {
  InstancePool* next = next_to_serve(alive_);
  if (next == nullptr || !next->make_room()) return;
  const auto& pools = budget_.pools_;
  budget_.served_last_ = static_cast<std::size_t>(std::find(pools.begin(), pools.end(), next) - pools.begin());
  next->pop_waiter()->take_instance(next->make_instance(), false);
}

}  // namespace wasm_grpc::runtime
