#include "cli/watchdog.h"

#include <pthread.h>

namespace wasm_grpc::cli {

Watchdog::Watchdog(Server& server, const ServiceManager& manager) : server_(server), manager_(manager) {
  const auto interval = manager.watchdog_interval();
  if (!manager.is_there() || !interval) return;
  thread_ = std::thread([this, interval = *interval] { run(interval); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  ending_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::ask() {
  round_ = std::make_shared<Round>();
  round_->left = server_.workers();
  for (std::size_t i = 0; i < server_.workers(); ++i) {
    server_.post(i, [round = round_] { --round->left; });
  }
}

// Asked four times in the interval, so that one late answer is none too few.
void Watchdog::run(std::chrono::microseconds interval) {
  pthread_setname_np(pthread_self(), "watchdog");
  ask();
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, interval / 4, [this] { return ends_; })) {
    const bool answered = round_->left == 0;
    if (answered || stops_) manager_.alive();
    if (answered && !stops_) ask();
  }
}

}  // namespace wasm_grpc::cli
