#include "grpc_cpp/queue.h"

#include <grpc/support/time.h>

#include <chrono>
#include <utility>

namespace wasm_grpc::grpcpp {

namespace {

// So many calls may begin at once before one has to wait until the worker comes round again.
constexpr int requested_calls = 32;
// What has come is handled in portions, between which guests run.
constexpr int most_events = 256;

gpr_timespec to_deadline(rpc::Clock::time_point until) {
  if (until == rpc::Clock::time_point::max()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  if (until == rpc::Clock::time_point::min()) return gpr_inf_past(GPR_CLOCK_MONOTONIC);
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(until - rpc::Clock::now());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left.count(), GPR_TIMESPAN));
}

}  // namespace

Queue::~Queue() {
  if (events_ == nullptr) return;  // nothing has begun
  events_->Shutdown();
  flush();  // of calls that handlers held to the end
  void* tag = nullptr;
  bool ok = false;
  while (events_->Next(&tag, &ok)) (void)take(tag, ok);
}

void Queue::open() {
  for (int i = 0; i < requested_calls; ++i) request_call();
}

// grpc++ uses its server for each request that it gives back, and for whatever a call asks.
void Queue::let_server_go() noexcept {
  for (auto left = calls_with_server_.load(); left != 0; left = calls_with_server_.load()) {
    calls_with_server_.wait(left);
  }
}

void Queue::request_call() {
  calls_with_server_.fetch_add(1);
  (new Call(*this))->request();
}

// There is always a request, or a call that comes of one, until the server shuts down: what is 0 stays so.
void Queue::needs_server_no_more() noexcept {
  if (calls_with_server_.fetch_sub(1) == 1) calls_with_server_.notify_all();
}

void Queue::wake() noexcept {
  if (woken_.exchange(true)) return;
  alarm_.Set(events_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), this);
}

bool Queue::wait(rpc::Clock::time_point until) {
  flush();
  gpr_timespec deadline = to_deadline(until);
  bool came = false;
  for (int i = 0; i < most_events; ++i) {
    void* tag = nullptr;
    bool ok = false;
    if (events_->AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) break;
    came = take(tag, ok) || came;
    deadline = gpr_inf_past(GPR_CLOCK_MONOTONIC);
  }
  return came;
}

// False for what wake() says.
bool Queue::take(void* tag, bool ok) {
  if (tag == this) {
    woken_.store(false);
    return false;
  }
  Call::Tag& of_call = *static_cast<Call::Tag*>(tag);
  of_call.call->complete(of_call.step, ok);
  return true;
}

// What is said to grpc++ is said here: not in the middle of a guest, on its fiber and its stack.
void Queue::flush() {
  while (!dirty_.empty()) {
    std::swap(dirty_, flushed_);
    for (Call* call : flushed_) call->flush();
    flushed_.clear();
  }
}

void Queue::done(Call& call) noexcept {
  calls_.erase(&call);
  needs_server_no_more();
  if (shutting_down_ && calls_.empty()) note_end();
}

void Queue::note_end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  ended_changed_.notify_all();
}

void Queue::shut_down() {
  server_.post(worker_, [this] {
    shutting_down_ = true;
    const std::vector<Call*> calls(calls_.begin(), calls_.end());
    for (Call* call : calls) call->shut_down();
    if (calls_.empty()) note_end();
  });
  std::unique_lock lock(mutex_);
  ended_changed_.wait(lock, [this] { return ended_; });
}

}  // namespace wasm_grpc::grpcpp
