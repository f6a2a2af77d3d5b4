#include "runtime/instances/waiting_line.h"

#include <iterator>

namespace wasm_grpc::runtime {

void WaitingLine::push(InstanceWaiter& waiter) {
  Part& part = parts_[key(waiter.client_)];
  part.client = waiter.client_;
  waiter.previous_ = part.last;
  waiter.next_ = nullptr;
  waiter.order_ = ++pushed_;
  waiter.waiting_ = true;
  (part.last == nullptr ? part.first : part.last->next_) = &waiter;
  part.last = &waiter;
  ++part.size;
  ++size_;
}

void WaitingLine::remove(InstanceWaiter& waiter) noexcept {
  if (!waiter.waiting_) return;
  const auto found = parts_.find(key(waiter.client_));
  Part& part = found->second;
  (waiter.previous_ == nullptr ? part.first : waiter.previous_->next_) = waiter.next_;
  (waiter.next_ == nullptr ? part.last : waiter.next_->previous_) = waiter.previous_;
  waiter.waiting_ = false;
  --size_;
  if (--part.size == 0) parts_.erase(found);
}

WaitingLine::Parts::const_iterator WaitingLine::best() const noexcept {
  auto best = parts_.begin();
  if (parts_.size() < 2) return best;
  ClientInstances least = instances_of(best->second.client);
  for (auto part = std::next(parts_.begin()); part != parts_.end(); ++part) {
    const ClientInstances has = instances_of(part->second.client);
    if (has < least || (has == least && part->second.first->order_ < best->second.first->order_)) {
      best = part;
      least = has;
    }
  }
  return best;
}

const InstanceWaiter* WaitingLine::next() const noexcept { return empty() ? nullptr : best()->second.first; }

InstanceWaiter* WaitingLine::pop() noexcept {
  if (empty()) return nullptr;
  InstanceWaiter* waiter = best()->second.first;
  remove(*waiter);
  return waiter;
}

InstanceWaiter* WaitingLine::crowd_out(const rpc::Client* client) noexcept {
  const Part* most = nullptr;
  for (const auto& [connection, part] : parts_) {
    if (most == nullptr || part.size > most->size) most = &part;
  }
  if (most == nullptr) return nullptr;
  const auto own = parts_.find(key(client));
  if (most->size < (own == parts_.end() ? 0 : own->second.size) + 2) return nullptr;
  InstanceWaiter* last = most->last;
  remove(*last);
  return last;
}

}  // namespace wasm_grpc::runtime
