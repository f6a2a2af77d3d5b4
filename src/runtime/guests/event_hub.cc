#include "runtime/guests/event_hub.h"

#include <algorithm>
#include <string>
#include <utility>

#include "abi/client_1/binding.h"
#include "runtime/outgoing/outgoing_calls.h"

namespace wasm_grpc::runtime {

namespace {

// What a call may use for as long as it lives, besides GuestLimits::max_cpu_time: a stream of many years is no loop.
constexpr unsigned percent_of_a_call = 10;
// What an instance may use at once, where its part is limited.
constexpr std::chrono::seconds burst_of_an_instance{1};
// For as long others may wait for an instance that is given up.
constexpr std::chrono::seconds most_ending_time{1};

}  // namespace

EventHub::~EventHub() { abandon(); }

// ---- Calls come and go ----

void EventHub::open(rpc::Call& call, std::int32_t tag) noexcept {
  if (unopened_ >= instances_.limits().max_waiting_calls) {
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
  call.set_max_response_size(instances_.limits().max_response_size);
  call.let_messages_wait_compressed();
  ++unopened_;
  entry.events_ = 0;
  entry.allowance_ = {instances_.limits().max_cpu_time, percent_of_a_call, context_.clock.about_now()};
  if (rpc::CallSpan* const span = run_.has_guest() ? nullptr : call.span()) span->happened(rpc::SpanEvent::wait);
  const bool inside = may_run_inside(call);
  in_run_ = in_run_ || inside;  // it is not queued
  entry.note(abi::Event::open);
  entry.on_readable(call);
  if (!inside) return;
  const InnerRun inner(context_.clock, context_.scheduler);
  on_turn();
}

// One that does nothing, and is not about to: it takes events in their order.
bool EventHub::may_run_inside(const rpc::Call& call) const noexcept {
  const bool idle = !in_run_ && run_.started() && !run_.in_guest() && !run_.queued() && !scheduled();
  return idle && !rpc::streams_requests(call.method().kind) && run_.may_run_inside(instances_, cost_);
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
  end_calls_for(call);
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
  call.waits_to_open_ = false;
  served->set_listener(nullptr);
  if (rpc::CallSpan* const span = served->span()) span->end_all_inner();
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

void EventHub::set_timer(rpc::Timer& timer, std::chrono::nanoseconds timeout) noexcept {
  if (timeout.count() < 0) {
    context_.timers.cancel(timer);
    return;
  }
  const auto now = rpc::Clock::now();
  const auto most = rpc::Clock::time_point::max() - now;
  context_.timers.schedule(timer, timeout < most ? now + timeout : rpc::Clock::time_point::max());
}

void EventHub::has_events(EventCall& call) noexcept {
  queue_.push(call);
  if (in_run_) return;
  if (!run_.has_guest()) {
    if (!run_.waits_for_instance()) acquire_instance();
  } else if (!scheduled()) {
    queue_if_free();
  }
}

void EventHub::queue_if_free() noexcept {
  if (!in_run_ && run_.started() && !run_.in_guest()) run_.queue();
}

// ---- Events of the instance ----

void EventHub::set_alarm(std::chrono::nanoseconds timeout) noexcept {
  alarm_due_ = false;
  set_timer(alarm_, timeout);
}

// What its alarms use is of no call: they have the part that a call may use.
void EventHub::alarm_goes_off() noexcept {
  const auto now = rpc::Clock::now();
  const auto pause = alarm_allowance_.low() ? alarm_allowance_.overdrawn(now) : std::chrono::nanoseconds{};
  if (pause.count() > 0) {
    context_.timers.schedule(alarm_, now + pause);
    return;
  }
  alarm_due_ = true;
  queue_if_free();
}

void EventHub::end_instance() noexcept {
  ending_ = true;
  context_.timers.cancel(*this);  // it does not wait for its part of the CPU
  queue_if_free();
}

bool EventHub::begin_own_event() noexcept {
  const auto limit = std::chrono::nanoseconds(instances_.limits().max_event_time);
  if (ending_) {
    const bool is_shorter = limit.count() > 0 && limit < most_ending_time;
    begin_event(abi::no_call, abi::Event::ending, 0, is_shorter ? limit : most_ending_time);
    return true;
  }
  const bool is_call_next = std::exchange(call_is_next_, false) && !queue_.empty();
  if (!alarm_due_ || is_call_next) return false;
  alarm_due_ = false;
  call_is_next_ = true;
  begin_event(abi::no_call, abi::Event::alarm, 0, limit);
  return true;
}

// ---- The instance ----

void EventHub::acquire_instance() noexcept {
  is_host_ = false;
  if (const unsigned percent = instances_.limits().max_instance_cpu_percent; percent > 0) {
    allowance_ = {burst_of_an_instance, percent, rpc::Clock::now()};
  }
  alarm_allowance_ = {instances_.limits().max_cpu_time, percent_of_a_call, rpc::Clock::now()};
  // Those that have served calls in handler style are not for these: the two never meet.
  switch (run_.acquire(instances_, GuestRun::For::events)) {
    case InstancePool::Admission::taken:
      run_.queue();
      break;
    case InstancePool::Admission::waits:
      break;
    case InstancePool::Admission::refused:
      on_refused(NoInstance::crowded_out);
      break;
    case InstancePool::Admission::failing:
      on_refused(NoInstance::failing);
      break;
  }
}

void EventHub::on_refused(NoInstance why) noexcept {
  if (why == NoInstance::crowded_out) {
    refuse_calls({rpc::StatusCode::resource_exhausted, "all instances of the module are busy; try again later"});
  } else {
    const std::string wait = std::to_string(instances_.retry_after().count());
    for (EventCall* const call : live_) {
      static_cast<void>(call->call_->add_trailer("grpc-retry-pushback-ms", wait));
    }
    refuse_calls({rpc::StatusCode::unavailable, "the service's instances fail to start; try again in " + wait + " ms"});
  }
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

// ---- Running ----

void EventHub::on_turn() noexcept {
  if (!run_.has_guest()) return;  // it was abandoned
  in_run_ = true;
  if (start()) run_events();
  in_run_ = false;
  if (!run_.has_guest() && !run_.waits_for_instance() && !queue_.empty()) acquire_instance();
  if (!run_.in_guest()) tell_if_idle();
}

bool EventHub::start() noexcept {
  if (run_.starting()) {
    const GuestRun::Step step = run_.step();
    if (step == GuestRun::Step::failed) fail_start();
    if (step != GuestRun::Step::started) return false;
  }
  if (std::exchange(is_host_, true)) return true;
  run_.guest().binding->set_event_host(*this);
  host_events_.attach(instances_.module(), run_.guest());
  if (client_side() != nullptr && context_.outgoing != nullptr) {
    client_side()->attach(*context_.outgoing, *this, abi::Style::events);
  }
  return true;
}

void EventHub::run_events() noexcept {
  const std::uint64_t tick = context_.scheduler.tick();
  while (run_.in_guest() || (!paused() && begin_next_event())) {
    const GuestRun::Step done = step();
    if (done == GuestRun::Step::goes_on) return;
    if (done == GuestRun::Step::failed) {
      fail_guest();
      return;
    }
    end_event();
    if (context_.scheduler.tick() != tick) {
      if (anything_to_tell()) run_.queue();
      return;
    }
  }
}

GuestRun::Step EventHub::step() noexcept {
  if (cost_.wants_sample() == 0) return run_.step();
  const auto began = rpc::Clock::now();
  const GuestRun::Step done = run_.step();
  cost_.add_sample(rpc::Clock::now() - began);
  return done;
}

bool EventHub::paused() noexcept {
  if (ending_ || !allowance_.low()) return false;
  const auto now = rpc::Clock::now();
  const auto pause = allowance_.overdrawn(now);
  if (pause.count() == 0) return false;
  if (anything_to_tell()) context_.timers.schedule(*this, now + pause);
  return true;
}

EventCall* EventHub::next_call(abi::Event& event) noexcept {
  constexpr int most_tries = 16;  // a request may take some time to look at
  for (int tries = 0; !queue_.empty(); ++tries) {
    if (tries == most_tries) {
      run_.queue();
      break;
    }
    EventCall& call = queue_.pop();
    const std::optional<abi::Event> next = call.take_event();
    if (!next) continue;
    event = *next;
    return &call;
  }
  return nullptr;
}

void EventHub::begin_event(std::int32_t id, abi::Event event, std::int32_t value,
                           std::chrono::nanoseconds most) noexcept {
  current_event_ = event;
  current_limit_ = most;
  run_.begin(instances_.limits().max_cpu_time, most);
  run_.guest().binding->begin_event(id, event, value);
}

bool EventHub::begin_next_event() noexcept {
  if (!run_.has_guest()) return false;
  if (begin_own_event()) return true;
  if (std::exchange(begun_event_is_next_, false) && begin_begun_event()) return true;
  abi::Event event{};
  EventCall* const next = next_call(event);
  if (next == nullptr) return begin_begun_event();
  begun_event_is_next_ = true;
  EventCall& call = *next;
  if (call.events_ != 0) queue_.push(call);
  std::int32_t value = 0;
  if (event == abi::Event::open) {
    if (rpc::CallSpan* const span = call.call_->span()) span->happened(rpc::SpanEvent::start);
    call.id_ = run_.guest().binding->open_call(*call.call_, call);
    --unopened_;
    value = call.tag_;
  }
  current_ = &call;
  begin_event(call.id_, event, value, instances_.limits().max_event_time);
  return true;
}

// ---- Calls that the instance makes ----

abi::client_1::InstanceBinding* EventHub::client_side() const noexcept {
  return run_.has_guest() ? run_.guest().client.get() : nullptr;
}

bool EventHub::has_client_events() const noexcept {
  const auto* const client = client_side();
  return client != nullptr && client->has_events();
}

void EventHub::end_calls_for(const EventCall& call) noexcept {
  if (call.opened() && client_side() != nullptr) client_side()->end_calls_for(call.id_);
}

bool EventHub::begin_begun_event() noexcept {
  if (!has_client_events() && !host_events_.any()) return false;
  if (alarm_allowance_.low()) {
    const auto now = rpc::Clock::now();
    if (const auto pause = alarm_allowance_.overdrawn(now); pause.count() > 0) {
      context_.timers.schedule(*this, now + pause);
      return false;
    }
  }
  const auto limit = std::chrono::nanoseconds(instances_.limits().max_event_time);
  client_event_is_next_ = !client_event_is_next_;
  if (has_client_events() && (client_event_is_next_ || !host_events_.any())) {
    const auto event = client_side()->take_event();
    if (!event) return false;
    begin_event(event->id, abi::Event::client, static_cast<std::int32_t>(event->holds), limit);
    return true;
  }
  const auto event = host_events_.take();
  if (!event) return false;
  begin_event(event->number, event_of_store, event->value, limit);
  return true;
}

void EventHub::end_event() noexcept {
  charge_event();
  host_events_.note_limit();
  EventCall* const call = std::exchange(current_, nullptr);
  if (call != nullptr && current_event_ == abi::Event::cancelled) {
    run_.guest().binding->close_call(call->id_);
    forget(*call);
  }
  release_finished();
  if (current_event_ == abi::Event::ending) lose_instance("the service's instance was given up");
}

// An event that was done before the next tick has used nothing that could be seen.
void EventHub::charge_event() noexcept {
  if (run_.used().count() == 0) return;
  allowance_.use(run_.used());
  const bool of_no_call =
      current_event_ == abi::Event::alarm || current_event_ == abi::Event::client || current_event_ == event_of_store;
  if (of_no_call) alarm_allowance_.use(run_.used());
  if (current_ == nullptr || current_event_ == abi::Event::cancelled) return;
  current_->allowance_.use(run_.used());
  if (!current_->allowance_.low() || current_->allowance_.overdrawn(rpc::Clock::now()).count() == 0) return;
  instances_.counters().failed(GuestFailure::cpu_time);
  const std::string spent =
      "used its " + std::to_string(instances_.limits().max_cpu_time.count()) + " ms of CPU time in its events";
  if (instances_.log().admits()) {
    instances_.log().write(LogLevel::warn, instances_.module().name(), current_path() + ": " + spent, current_->call_);
  }
  current_->call_->finish({rpc::StatusCode::resource_exhausted, "the call " + spent});
  current_->refused();  // the guest is told, in the last event of the call
}

std::string EventHub::current_path() const {
  if (current_event_ == abi::Event::alarm) return "its alarm";
  if (current_event_ == abi::Event::ending) return "its ending";
  if (current_event_ == abi::Event::client) return "an event of a call it made";
  if (current_event_ == event_of_store) return "an event of its store";
  return current_ == nullptr ? std::string("an event") : current_->call_->method().path;
}

// ---- Failing ----

void EventHub::fail_start() noexcept {
  instances_.start_failed(run_.start_failure());
  run_.discard();
  refuse_calls({rpc::StatusCode::unavailable, "the service could not start an instance"});
}

void EventHub::fail_guest() noexcept {
  std::string why;
  GuestFailure reason = GuestFailure::cpu_time;
  LogLevel level = LogLevel::warn;
  switch (run_.failure()) {
    case RunFailure::spent:
      why = "used its " + std::to_string(instances_.limits().max_cpu_time.count()) + " ms of CPU time in one event";
      break;
    case RunFailure::too_long:
      reason = GuestFailure::event_time;
      why = "was not done with an event within " +
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(current_limit_).count()) + " ms";
      break;
    default:
      reason = classify(run_.guest());
      level = LogLevel::error;
      why = describe(run_.guest().instance.failure());
      break;
  }
  instances_.counters().failed(reason);
  if (instances_.log().admits()) {
    instances_.log().write(level, instances_.module().name(), current_path() + ": " + why,
                           current_ == nullptr ? nullptr : current_->call_);
  }
  for (const EventCall* const call : live_) {
    rpc::CallSpan* const span = call->opened() ? call->call_->span() : nullptr;
    if (span != nullptr) span->happened(rpc::SpanEvent::trap, why);
  }
  lose_instance("the service's instance failed, and with it what it knew");
}

void EventHub::forget_instance_events() noexcept {
  host_events_.detach();
  context_.timers.cancel(alarm_);
  alarm_due_ = false;
  if (std::exchange(ending_, false)) owner_.instance_ended();
}

void EventHub::lose_instance(std::string_view why) noexcept {
  forget_instance_events();
  current_ = nullptr;
  release_finished();
  for (std::size_t i = live_.size(); i-- > 0;) {
    EventCall& call = *live_[i];
    if (!call.opened()) continue;
    call.call_->finish({rpc::StatusCode::unavailable, std::string(why)});
    forget(call);  // the last one takes its place, and was looked at
  }
  run_.discard();
}

void EventHub::end_calls(const rpc::Status& status) noexcept {
  const bool nested = std::exchange(in_run_, true);
  for (std::size_t i = live_.size(); i-- > 0;) {
    EventCall& call = *live_[i];
    if (call.call_->finished()) continue;
    call.call_->finish(status);
    call.refused();  // one that the guest does not know leaves the list, and the last takes its place
  }
  in_run_ = nested;
  if (!in_run_) {
    queue_if_free();
    tell_if_idle();
  }
}

void EventHub::abandon() noexcept {
  const bool nested = std::exchange(in_run_, true);  // nobody is told
  current_ = nullptr;
  context_.timers.cancel(*this);
  forget_instance_events();
  release_finished();
  while (!live_.empty()) forget(*live_.back());
  if (run_.has_guest()) {
    run_.discard();
  } else {
    static_cast<void>(run_.release());  // it may wait for one
  }
  in_run_ = nested;
}

}  // namespace wasm_grpc::runtime
