#include "runtime/generations/reaper.h"

#include <pthread.h>

#include <system_error>
#include <utility>

#include "wasm/thread_signals.h"

namespace wasm_grpc::runtime {

Reaper::~Reaper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<GuestModule> Reaper::own(std::shared_ptr<GuestModule> module) {
  GuestModule* const its = module.get();
  return {its, [this, module = std::move(module)](GuestModule*) mutable { take(std::move(module)); }};
}

void Reaper::take(std::shared_ptr<GuestModule> module) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    modules_.push_back(std::move(module));
  } catch (const std::system_error&) {
    return;  // there is no thread to be had: it is destroyed here
  }
  changed_.notify_all();
}

void Reaper::run() {
  pthread_setname_np(pthread_self(), "reaper");
  wasm::block_signals();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !modules_.empty(); });
    if (modules_.empty()) return;
    auto gone = std::exchange(modules_, {});
    lock.unlock();
    gone.clear();
    lock.lock();
  }
}

}  // namespace wasm_grpc::runtime
