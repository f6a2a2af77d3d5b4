#include "runtime/instance_pool.h"

#include <algorithm>

namespace wasm_grpc::runtime {

InstancePool::InstancePool(std::shared_ptr<const GuestModule> module, InstanceBudget& budget, std::size_t max_waiting)
    : module_(std::move(module)), budget_(budget), max_waiting_(max_waiting), log_(module_->log()) {
  budget_.pools_.push_back(this);
}

InstancePool::~InstancePool() {
  budget_.alive_ -= static_cast<std::uint32_t>(idle_.size());
  std::erase(budget_.pools_, this);
}

bool InstancePool::make_room() noexcept {
  if (budget_.alive_ < budget_.max_) return true;
  // Another module's idle instance makes way.
  for (InstancePool* other : budget_.pools_) {
    if (other->idle_.empty()) continue;
    other->idle_.erase(other->idle_.begin());
    other->counters_.instances_idle.set(other->idle_.size());
    ++other->counters_.instances_discarded;
    --budget_.alive_;
    return true;
  }
  return false;
}

std::unique_ptr<GuestInstance> InstancePool::make_instance() {
  ++budget_.alive_;
  ++counters_.instances_made;
  return std::make_unique<GuestInstance>(*module_, &module_->declaration());
}

InstancePool::Admission InstancePool::acquire(InstanceWaiter& waiter) {
  if (!idle_.empty()) {
    std::unique_ptr<GuestInstance> instance = std::move(idle_.back());
    idle_.pop_back();
    counters_.instances_idle.set(idle_.size());
    waiter.take_instance(std::move(instance), true);
    return Admission::taken;
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
  if (InstanceWaiter* waiter = pop_waiter()) {
    waiter->take_instance(std::move(instance), true);
    return;
  }
  idle_.push_back(std::move(instance));
  counters_.instances_idle.set(idle_.size());
  if (budget_.alive_ >= budget_.max_) serve_waiters_elsewhere();
}

void InstancePool::discard(std::unique_ptr<GuestInstance> instance) noexcept {
  instance.reset();
  ++counters_.instances_discarded;
  --budget_.alive_;
  if (first_ != nullptr) {
    pop_waiter()->take_instance(make_instance(), false);
  } else {
    serve_waiters_elsewhere();
  }
}

void InstancePool::serve_waiters_elsewhere() noexcept {
  for (InstancePool* other : budget_.pools_) {
    if (other == this || other->first_ == nullptr) continue;
    if (other->make_room()) other->pop_waiter()->take_instance(other->make_instance(), false);
    return;
  }
}

}  // namespace wasm_grpc::runtime
