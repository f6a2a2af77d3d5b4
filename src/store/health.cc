#include "store/health.h"

namespace wasm_grpc::store {

void Health::watch(std::weak_ptr<const void> owner, Told told) {
  const std::lock_guard lock(mutex_);
  std::erase_if(watchers_, [](const auto& one) { return one.first.expired(); });
  told(works());
  watchers_.emplace_back(std::move(owner), std::move(told));
  watched_.store(true, std::memory_order_relaxed);
}

void Health::set(bool works) {
  if (works == works_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  works_.store(works, std::memory_order_relaxed);
  for (const auto& [owner, told] : watchers_) {
    if (const auto lives = owner.lock()) told(works);
  }
}

}  // namespace wasm_grpc::store
