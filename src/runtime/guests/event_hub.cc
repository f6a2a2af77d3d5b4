#include "runtime/guests/event_hub.h"

#include <algorithm>
#include <string>
#include <utility>

#include "runtime/sharing/remote_call.h"

namespace wasm_grpc::runtime {

EventHub::~EventHub() { abandon(); }

// ---- Calls come and go ----

void EventHub::open(rpc::Call& call, std::int32_t tag) noexcept {
  if (unopened_ >= context_.limits.max_waiting_calls) {
    ++instances_.counters().calls_refused;
    call.finish({rpc::StatusCode::resource_exhausted, std::to_string(unopened_) +
                                                          " calls wait for the service's instance to take them; try "
                                                          "again later"});
    return;
  }
  if (live_.empty()) owner_.hub_in_use();
  EventCall& entry = take_call();
  entry.call_ = &call;
  entry.tag_ = tag;
  call.retain();
  call.set_listener(&entry);
  call.set_max_response_size(context_.limits.max_response_size);
  ++unopened_;
  entry.events_ = 0;
  entry.note(abi::Event::open);
  entry.on_readable(call);
}

EventCall& EventHub::take_call() noexcept {
  EventCall* call = nullptr;
  if (free_.empty()) {
    all_.push_back(std::make_unique<EventCall>(*this));
    call = all_.back().get();
    free_.reserve(all_.capacity());  // so that forget() cannot fail
  } else {
    call = free_.back();
    free_.pop_back();
  }
  call->live_index_ = live_.size();
  live_.push_back(call);
  return *call;
}

void EventHub::forget(EventCall& call) noexcept {
  queue_.remove(call);
  context_.timers.cancel(call);
  if (!call.opened()) --unopened_;
  live_[call.live_index_] = live_.back();
  live_[call.live_index_]->live_index_ = call.live_index_;
  live_.pop_back();
  free_.push_back(&call);
  rpc::Call* const served = std::exchange(call.call_, nullptr);
  call.id_ = 0;
  call.told_half_close_ = false;
  served->set_listener(nullptr);
  served->release();
  if (live_.empty() && !in_run_) tell_if_idle();
}

void EventHub::tell_if_idle() noexcept {
  if (live_.empty()) owner_.hub_idle();
}

void EventHub::guest_finished(EventCall& call) noexcept {
  // Not released at once: the guest is in the midst of an import about it.
  queue_.remove(call);
  context_.timers.cancel(call);
  call.call_->set_listener(nullptr);
  if (current_ == &call) current_ = nullptr;
  finished_.push_back(&call);
}

void EventHub::release_finished() noexcept {
  for (EventCall* const call : finished_) forget(*call);
  finished_.clear();
}

void EventHub::set_timer(EventCall& call, std::chrono::nanoseconds timeout) noexcept {
  if (timeout.count() < 0) {
    context_.timers.cancel(call);
    return;
  }
  const auto now = rpc::Clock::now();
  const auto most = rpc::Clock::time_point::max() - now;
  context_.timers.schedule(call, timeout < most ? now + timeout : rpc::Clock::time_point::max());
}

void EventHub::has_events(EventCall& call) noexcept {
  queue_.push(call);
  if (state_ == State::none) {
    acquire_instance();
  } else if (state_ == State::ready && !in_run_ && !guest_->instance.running()) {
    schedule();
  }
}

// ---- The instance ----

void EventHub::acquire_instance() noexcept {
  state_ = State::waiting;
  acquiring_ = true;
  const InstancePool::Admission admission = instances_.acquire(*this);
  acquiring_ = false;
  switch (admission) {
    case InstancePool::Admission::taken:
      schedule();
      break;
    case InstancePool::Admission::waits:
      owner_.hub_waits();
      break;
    case InstancePool::Admission::refused:
      state_ = State::none;
      refuse_calls({rpc::StatusCode::resource_exhausted, "all instances of the module are busy; try again later"});
      break;
    case InstancePool::Admission::failing:
      refuse_instance();
      break;
  }
}

void EventHub::take_instance(std::unique_ptr<GuestInstance> instance, bool started) noexcept {
  if (instance->calls > 0) {  // in handler style: those of the two never meet
    instance = instances_.renew(std::move(instance));
    started = false;
  }
  guest_ = std::move(instance);
  state_ = started ? State::ready : State::starting;
  if (!started) start_limit_ = rpc::Clock::now() + context_.limits.start_timeout;
  if (!acquiring_) schedule();
}

void EventHub::refuse_instance() noexcept {
  state_ = State::none;
  refuse_calls({rpc::StatusCode::unavailable, "the service's instances fail to start; try again in " +
                                                  std::to_string(instances_.retry_after().count()) + " ms"});
}

void EventHub::refuse_calls(const rpc::Status& status) noexcept {
  const bool nested = std::exchange(in_run_, true);
  while (!live_.empty()) {
    live_.back()->call_->finish(status);
    forget(*live_.back());
  }
  in_run_ = nested;
  if (!in_run_) tell_if_idle();
}

void EventHub::schedule() noexcept {
  if (scheduled_) return;
  scheduled_ = true;
  slices_ = 0;
  context_.scheduler.ready(*this);
}

// ---- Running ----

void EventHub::run() noexcept {
  scheduled_ = false;
  if (guest_ == nullptr) return;  // it was abandoned
  in_run_ = true;
  context_.host_waits.remove(*this);  // it may be the timer that woke it
  const std::uint64_t tick = context_.scheduler.tick();
  if (state_ == State::ready || run_start()) {
    while (guest_ != nullptr && (guest_->instance.running() || begin_next_event())) {
      if (!run_event()) break;
      if (context_.scheduler.tick() != tick) {
        if (!queue_.empty()) schedule();
        break;
      }
    }
  }
  in_run_ = false;
  if (state_ == State::none && !queue_.empty()) acquire_instance();
  tell_if_idle();
}

bool EventHub::run_start() noexcept {
  const wasm::Progress progress = guest_->poll_start();
  context_.clock.skip();
  switch (progress) {
    case wasm::Progress::done:
      state_ = State::ready;
      instances_.start_succeeded();
      return true;
    case wasm::Progress::failed:
      fail_start(describe_start_failure(*guest_));
      return false;
    case wasm::Progress::sliced:
      if (rpc::Clock::now() >= start_limit_) {
        fail_start("it did not finish in time");
      } else {
        sliced();
      }
      return false;
    case wasm::Progress::suspended:
      suspend();
      return false;
  }
  return false;
}

bool EventHub::begin_next_event() noexcept {
  if (queue_.empty()) return false;
  EventCall& call = queue_.pop();
  const abi::Event event = call.take_event();
  if (call.events_ != 0) queue_.push(call);
  std::int32_t value = 0;
  if (event == abi::Event::open) {
    call.id_ = guest_->binding->open_call(*call.call_, call);
    --unopened_;
    value = call.tag_;
  }
  current_ = &call;
  current_is_cancelled_ = event == abi::Event::cancelled;
  time_ = {};
  slices_ = 0;
  guest_->binding->begin_event(call.id_, event, value);
  return true;
}

bool EventHub::run_event() noexcept {
  switch (time_.poll(guest_->instance, context_.clock, context_.limits.time_slice)) {
    case wasm::Progress::done:
      end_event();
      return true;
    case wasm::Progress::failed:
      fail_guest();
      return false;
    case wasm::Progress::sliced:
      if (!kill_if_spent()) sliced();
      return false;
    case wasm::Progress::suspended:
      if (!kill_if_spent()) suspend();
      return false;
  }
  return false;
}

void EventHub::end_event() noexcept {
  EventCall* const call = std::exchange(current_, nullptr);
  if (call != nullptr && current_is_cancelled_) {
    guest_->binding->close_call(call->id_);
    forget(*call);
  }
  release_finished();
}

void EventHub::sliced() noexcept {
  scheduled_ = true;
  context_.scheduler.sliced(*this, ++slices_);
}

void EventHub::suspend() noexcept {
  const wasm::Suspension& waits_for = guest_->instance.suspension();
  const auto now = context_.clock.begin();
  const bool starting = state_ == State::starting;
  if (starting && now >= start_limit_) {
    fail_start("it did not finish in time");
  } else if (waits_for.until <= now) {
    sliced();
  } else {
    const auto until = starting ? std::min(waits_for.until, start_limit_) : waits_for.until;
    if (until != wasm::Suspension::never) context_.timers.schedule(*this, until);
    if (!context_.host_waits.add(*this, waits_for)) on_host_result();
  }
}

void EventHub::on_timer() noexcept { schedule(); }

void EventHub::on_host_result() noexcept {
  context_.timers.cancel(*this);
  schedule();
}

void EventHub::stop_waiting() noexcept {
  context_.timers.cancel(*this);
  context_.host_waits.remove(*this);
}

// ---- Failing ----

void EventHub::fail_start(std::string_view why) noexcept {
  state_ = State::none;
  stop_waiting();
  instances_.start_failed(why);
  instances_.discard(std::move(guest_));
  refuse_calls({rpc::StatusCode::unavailable, "the service could not start an instance"});
}

bool EventHub::kill_if_spent() noexcept {
  const std::chrono::milliseconds budget = context_.limits.max_cpu_time;
  if (budget.count() == 0 || time_.used < budget) return false;
  instances_.counters().failed(GuestFailure::cpu_time);
  if (instances_.log().admits()) {
    const std::string path = current_ == nullptr ? std::string("an event") : current_->call_->method().path;
    instances_.log().write(LogLevel::warn, instances_.module().name(),
                           path + ": used its " + std::to_string(budget.count()) + " ms of CPU time in one event");
  }
  lose_instance();
  return true;
}

void EventHub::fail_guest() noexcept {
  instances_.counters().failed(classify(*guest_));
  if (instances_.log().admits()) {
    const std::string path = current_ == nullptr ? std::string("an event") : current_->call_->method().path;
    instances_.log().write(LogLevel::error, instances_.module().name(),
                           path + ": " + describe(guest_->instance.failure()));
  }
  lose_instance();
}

void EventHub::lose_instance() noexcept {
  state_ = State::none;
  current_ = nullptr;
  stop_waiting();
  release_finished();
  for (std::size_t i = live_.size(); i-- > 0;) {
    EventCall& call = *live_[i];
    if (!call.opened()) continue;
    call.call_->finish({rpc::StatusCode::unavailable, "the service's instance failed, and with it what it knew"});
    forget(call);  // the last one takes its place, and was looked at
  }
  instances_.discard(std::move(guest_));
}

void EventHub::abandon() noexcept {
  const bool nested = std::exchange(in_run_, true);  // nobody is told
  if (state_ == State::waiting) instances_.cancel(*this);
  state_ = State::none;
  current_ = nullptr;
  stop_waiting();
  release_finished();
  while (!live_.empty()) forget(*live_.back());
  if (guest_ != nullptr) instances_.discard(std::move(guest_));
  in_run_ = nested;
}

}  // namespace wasm_grpc::runtime
