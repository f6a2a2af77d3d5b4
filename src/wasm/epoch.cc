#include "wasm/epoch.h"

#include <algorithm>

#include "wasm/engine.h"

namespace wasm_grpc::wasm {

namespace {
// How many ticks without a running guest before the thread goes to sleep.
constexpr int idle_ticks = 20;
}  // namespace

EpochTicker::Activity::Activity(EpochTicker& ticker) : ticker_(ticker) {
  const std::lock_guard lock(ticker_.mutex_);
  ticker_.activities_.push_back(this);
}

EpochTicker::Activity::~Activity() {
  const std::lock_guard lock(ticker_.mutex_);
  std::erase(ticker_.activities_, this);
}

EpochTicker::EpochTicker(const Engine& engine, std::chrono::milliseconds interval)
    : engine_(engine), interval_(interval), thread_([this] { run(); }) {}

EpochTicker::~EpochTicker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void EpochTicker::wake() noexcept {
  const std::lock_guard lock(mutex_);
  asleep_.store(false, std::memory_order_seq_cst);
  changed_.notify_one();
}

bool EpochTicker::any_active() {
  return std::any_of(activities_.begin(), activities_.end(),
                     [](const Activity* activity) { return activity->active_.load(std::memory_order_seq_cst); });
}

void EpochTicker::run() {
  std::unique_lock lock(mutex_);
  auto next = std::chrono::steady_clock::now();
  int idle = 0;
  while (!stopping_) {
    idle = any_active() ? 0 : idle + 1;
    if (idle >= idle_ticks) {
      // A worker that enters stores its mark and then looks whether we sleep; we say that we sleep and then look at
      // the marks: one of the two sees the other.
      asleep_.store(true, std::memory_order_seq_cst);
      if (!any_active()) {
        changed_.wait(lock, [this] { return stopping_ || !asleep_.load(std::memory_order_relaxed); });
      }
      asleep_.store(false, std::memory_order_relaxed);
      idle = 0;
      next = std::chrono::steady_clock::now();
    }
    next = std::max(next + interval_, std::chrono::steady_clock::now());
    changed_.wait_until(lock, next, [this] { return stopping_; });
    engine_.tick();
    ticks_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace wasm_grpc::wasm
