#include "runtime/guests/guest_call.h"

#include <algorithm>
#include <ctime>
#include <string>

#include "runtime/sharing/remote_call.h"
#include "runtime/sharing/work_sharing.h"

namespace wasm_grpc::runtime {

namespace {

// How many slices a guest may have past its end, however little it ran in them.
constexpr std::uint8_t max_late_slices = 20;

std::chrono::nanoseconds thread_cpu_time() noexcept {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

GuestCall::~GuestCall() = default;

void GuestCall::begin(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost) noexcept {
  call_ = &call;
  instances_ = &instances;
  tag_ = tag;
  cost_ = &cost;
  slices_ = 0;
  time_ = {};
  late_time_ = {};
  late_slices_ = 0;
  phase_ = Phase::queued;
  call.retain();
  call.set_listener(this);
  call.set_max_response_size(owner_.limits_.max_response_size);
  queue_ready();
}

void GuestCall::begin(RemoteCall& call, InstancePool& instances, std::int32_t tag, MethodCost& cost,
                      MovingGuest guest) noexcept {
  remote_ = &call;
  if (guest.instance == nullptr) {
    begin(call, instances, tag, cost);
    return;
  }
  call_ = &call;
  instances_ = &instances;
  tag_ = tag;
  cost_ = &cost;
  slices_ = guest.slices;
  time_ = {guest.cpu_time, true};
  late_time_ = {};
  late_slices_ = 0;
  phase_ = Phase::running;
  guest_ = std::move(guest.instance);
  guest_visits_ = true;
  guest_->binding->move_call(call);
  call.retain();
  call.set_listener(this);
  call.set_max_response_size(owner_.limits_.max_response_size);
  queue_ = Queue::sliced;
  owner_.scheduler_.sliced(*this, slices_);
}

// A call that waits is lent when its method takes long and others wait behind it: this worker keeps the last one. A
// guest that has used up a slice is lent to a worker with fewer of those than there are here.
bool GuestCall::lend() noexcept {
  constexpr std::uint32_t loans_on_hand = 2;  // so that a taker need not wait for the next
  if (remote_ != nullptr) return false;
  std::uint32_t most = loans_on_hand;
  if (phase_ == Phase::queued) {
    if (!cost_->is_high() || owner_.scheduler_.empty()) return false;
  } else {
    if (phase_ != Phase::running || slices_ == 0 || !guest_->instance.running() || over()) return false;
    most = std::max(static_cast<std::uint32_t>(owner_.scheduler_.sliced_count()), 1U);
  }
  MovingGuest guest{std::move(guest_), slices_, time_.used};
  if (!owner_.sharing_->lend(*call_, *instances_, guest, most)) {
    guest_ = std::move(guest.instance);
    return false;
  }
  call_ = nullptr;
  phase_ = Phase::none;
  owner_.recycle(*this);
  return true;
}

// Not before it is this call's turn to run: the calls of one read batch then follow each other in one instance, whose
// memory is warm, rather than each in its own.
void GuestCall::acquire_instance() noexcept {
  phase_ = Phase::waiting;
  acquiring_ = true;
  const InstancePool::Admission admission = instances_->acquire(*this);
  acquiring_ = false;
  switch (admission) {
    case InstancePool::Admission::taken:
      run_guest();
      break;
    case InstancePool::Admission::waits:
      break;
    case InstancePool::Admission::refused:
      call_->finish({rpc::StatusCode::resource_exhausted, "all instances of the module are busy and " +
                                                              std::to_string(instances_->waiting()) +
                                                              " calls wait for one; try again later"});
      end(false);
      break;
    case InstancePool::Admission::failing:
      refuse_instance();
      break;
  }
}

void GuestCall::refuse_instance() noexcept {
  call_->finish({rpc::StatusCode::unavailable, "the service's instances fail to start; try again in " +
                                                   std::to_string(instances_->retry_after().count()) + " ms"});
  end(false);
}

void GuestCall::take_instance(std::unique_ptr<GuestInstance> instance, bool started) noexcept {
  guest_ = std::move(instance);
  if (started) {
    phase_ = Phase::running;
  } else {
    phase_ = Phase::starting;
    start_limit_ = rpc::Clock::now() + owner_.limits_.start_timeout;
  }
  if (!acquiring_) queue_ready();
}

void GuestCall::queue_ready() noexcept {
  if (queue_ != Queue::none) return;
  queue_ = Queue::ready;
  owner_.scheduler_.ready(*this);
}

void GuestCall::run() noexcept {
  queue_ = Queue::none;
  if (phase_ == Phase::none) {  // ended while it was queued
    owner_.recycle(*this);
    return;
  }
  suspended_ = false;
  if (owner_.sharing_ != nullptr && lend()) return;
  if (phase_ == Phase::queued) {
    acquire_instance();
  } else {
    run_guest();
  }
}

void GuestCall::run_guest() noexcept {
  if (phase_ == Phase::starting && !run_start()) return;
  if (!guest_->instance.running()) {
    const bool begun = std::exchange(between_fibers_, false);
    if (!take(begun ? guest_->binding->continue_call() : guest_->binding->begin_call(*call_, tag_))) return;
  }
  poll();
}

bool GuestCall::take(abi::CallStep step) noexcept {
  switch (step) {
    case abi::CallStep::fiber:
      return true;
    case abi::CallStep::waits:
      between_fibers_ = true;
      suspended_ = true;
      if (remote_ != nullptr) remote_->set_waiting(true);
      return false;
    case abi::CallStep::over:
      end(true);
      return false;
  }
  return false;
}

bool GuestCall::run_start() noexcept {
  const wasm::Progress progress = guest_->poll_start();
  owner_.clock_.skip();  // the time of a start is not the call's
  switch (progress) {
    case wasm::Progress::done:
      phase_ = Phase::running;
      instances_->start_succeeded();
      return true;
    case wasm::Progress::failed:
      fail_start(describe_start_failure(*guest_));
      return false;
    case wasm::Progress::sliced:
      if (rpc::Clock::now() >= start_limit_) {
        fail_start("it did not finish in time");
      } else {
        queue_sliced();
      }
      return false;
    case wasm::Progress::suspended:
      suspend();
      return false;
  }
  return false;
}

wasm::Progress GuestCall::poll_instance() noexcept {
  const bool sampled = phase_ == Phase::running && cost_->wants_sample();
  const auto sample_began = sampled ? rpc::Clock::now() : rpc::Clock::time_point{};
  const wasm::Progress progress = time_.poll(guest_->instance, owner_.clock_, owner_.limits_.time_slice);
  if (sampled) cost_->add_sample(rpc::Clock::now() - sample_began);
  return progress;
}

bool GuestCall::kill_if_spent() noexcept {
  const std::chrono::milliseconds budget = owner_.limits_.max_cpu_time;
  if (budget.count() == 0 || time_.used < budget || over()) return false;
  instances_->counters().failed(GuestFailure::cpu_time);
  const std::string spent = "used its " + std::to_string(budget.count()) + " ms of CPU time";
  if (instances_->log().admits()) {
    instances_->log().write(LogLevel::warn, instances_->module().name(), call_->method().path + ": " + spent);
  }
  call_->finish({rpc::StatusCode::resource_exhausted, "the call " + spent});
  end(false);
  return true;
}

bool GuestCall::late_slice_used_up(std::chrono::nanoseconds cpu_time_before) noexcept {
  late_time_ += thread_cpu_time() - cpu_time_before;
  // Slices end with ticks: a whole one may be a little shorter than the time between them.
  return late_time_ >= owner_.limits_.time_slice / 2 || ++late_slices_ >= max_late_slices;
}

void GuestCall::poll() noexcept {
  const bool was_over = over();
  const std::chrono::nanoseconds cpu_time_before = was_over ? thread_cpu_time() : std::chrono::nanoseconds{};
  switch (poll_instance()) {
    case wasm::Progress::done:
      if (take(guest_->binding->continue_call())) queue_ready();
      return;
    case wasm::Progress::failed:
      fail_call();
      return;
    case wasm::Progress::sliced:
      // Past its end a guest may use one whole slice, no more (docs/abi.md). What is left of the one it ended in does
      // not count; and slices end by the wall clock: the system may have taken the thread away for most of one.
      if (!was_over) {
        if (!kill_if_spent()) queue_sliced();
      } else if (late_slice_used_up(cpu_time_before)) {
        drop_late_guest();
      } else {
        queue_sliced();
        owner_.scheduler_.hurry(*this);
      }
      return;
    case wasm::Progress::suspended:
      if (over()) {
        drop_late_guest();
      } else if (!kill_if_spent()) {
        suspend();
      }
      return;
  }
}

void GuestCall::queue_sliced() noexcept {
  queue_ = Queue::sliced;
  owner_.scheduler_.sliced(*this, ++slices_);
}

void GuestCall::suspend() noexcept {
  const wasm::Suspension& waits_for = guest_->instance.suspension();
  const auto now = owner_.clock_.begin();  // of just now
  if (phase_ == Phase::starting && now >= start_limit_) {
    fail_start("it did not finish in time");
    return;
  }
  if (waits_for.until <= now) {  // it only lets others go first
    queue_sliced();
    return;
  }
  suspended_ = true;
  if (remote_ != nullptr) remote_->set_waiting(true);
  const auto until = phase_ == Phase::starting ? std::min(waits_for.until, start_limit_) : waits_for.until;
  if (until != wasm::Suspension::never) owner_.timers_.schedule(*this, until);
  if (!owner_.host_waits_.add(*this, waits_for)) resume();
}

void GuestCall::resume() noexcept {
  stop_waiting();
  suspended_ = false;
  if (remote_ != nullptr) {
    remote_->set_waiting(false);
  } else if (owner_.sharing_ != nullptr) {
    owner_.sharing_->own_work();
  }
  slices_ = 0;
  queue_ready();
}

bool GuestCall::waits_for(std::uint32_t what) const noexcept {
  if (!suspended_) return false;
  if (between_fibers_) return what == abi::interest::readable;
  return (guest_->instance.suspension().interests & what) != 0;
}

void GuestCall::on_readable(rpc::Call&) noexcept {
  if (waits_for(abi::interest::readable)) resume();
}

void GuestCall::on_writable(rpc::Call&) noexcept {
  if (waits_for(abi::interest::writable)) resume();
}

void GuestCall::on_timer() noexcept { resume(); }

void GuestCall::on_host_result() noexcept { resume(); }

void GuestCall::stop_waiting() noexcept {
  owner_.timers_.cancel(*this);
  owner_.host_waits_.remove(*this);
}

void GuestCall::on_cancelled(rpc::Call&) noexcept {
  if (phase_ == Phase::queued || phase_ == Phase::waiting) {
    end(false);
    return;
  }
  if (waits_for(abi::interest::cancelled)) {
    resume();  // the guest is told, and may clean up within a slice
    return;
  }
  if (queue_ == Queue::ready && guest_->instance.running()) return;  // it is about to be told
  // In the middle of computing: it finds out when it looks, within one more slice.
  if (queue_ == Queue::sliced && phase_ == Phase::running) {
    owner_.scheduler_.hurry(*this);
    return;
  }
  // Begun anew for each call, a start that takes longer than they wait would never come to its end.
  if (phase_ == Phase::starting) {
    stop_waiting();
    if (instances_->go_on_starting(guest_, start_limit_)) {
      end(false);
      return;
    }
  }
  if (phase_ == Phase::running && guest_->instance.running()) {
    drop_late_guest();
  } else {
    end(phase_ == Phase::running);  // an instance that has not begun this call is as good as before
  }
}

void GuestCall::fail_start(std::string_view why) noexcept {
  instances_->start_failed(why);
  call_->finish({rpc::StatusCode::unavailable, "the service could not start an instance"});
  end(false);
}

void GuestCall::fail_call() noexcept {
  const wasm::Failure& failure = guest_->instance.failure();
  const GuestFailure reason = classify(*guest_);
  instances_->counters().failed(reason);
  if (instances_->log().admits()) {
    std::string text = call_->method().path + ": " + describe(failure);
    if (reason == GuestFailure::out_of_memory) {
      text += "\n    its memory had " + std::to_string(guest_->instance.memory().size() >> 10) + " KiB";
    }
    instances_->log().write(LogLevel::error, instances_->module().name(), std::move(text));
  }
  const bool exited = failure.kind == wasm::Failure::Kind::exit;
  call_->finish({rpc::StatusCode::internal, exited ? "the service exited while it handled the call"
                                                   : "the service failed while it handled the call"});
  end(false);
}

void GuestCall::drop_late_guest() noexcept {
  GuestFailure reason = GuestFailure::answered;
  if (call_->cancelled()) {
    const bool late = call_->deadline() && *call_->deadline() <= rpc::Clock::now();
    reason = late ? GuestFailure::past_deadline : GuestFailure::cancelled;
  }
  instances_->counters().failed(reason);
  end(false);
}

void GuestCall::abandon() noexcept {
  call_->set_listener(nullptr);
  end(false);
}

void GuestCall::end(bool instance_is_good) noexcept {
  if (phase_ == Phase::waiting) instances_->cancel(*this);
  stop_waiting();
  suspended_ = false;
  between_fibers_ = false;
  phase_ = Phase::none;
  rpc::Call* call = std::exchange(call_, nullptr);
  call->set_listener(nullptr);
  RemoteCall* remote = std::exchange(remote_, nullptr);
  if (guest_ != nullptr) {
    if (instance_is_good) guest_->wasi.flush();  // a line this call has begun must not become part of the next one's
    if (std::exchange(guest_visits_, false)) {
      remote->return_guest(std::move(guest_), instance_is_good);
    } else if (instance_is_good) {
      instances_->give_back(std::move(guest_));
    } else {
      instances_->discard(std::move(guest_));
    }
  }
  call->release();
  if (queue_ == Queue::none) owner_.recycle(*this);
}

GuestCallPool::~GuestCallPool() { abandon_all(); }

GuestCall& GuestCallPool::take() noexcept {
  GuestCall* guest_call = free_;
  if (guest_call != nullptr) {
    free_ = guest_call->next_free_;
  } else {
    all_.push_back(std::make_unique<GuestCall>(*this));
    guest_call = all_.back().get();
  }
  guest_call->live_index_ = live_.size();
  live_.push_back(guest_call);
  return *guest_call;
}

void GuestCallPool::serve(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost) noexcept {
  if (sharing_ != nullptr) sharing_->own_work();
  take().begin(call, instances, tag, cost);
}

void GuestCallPool::serve_loan(RemoteCall& call, InstancePool& instances, std::int32_t tag, MethodCost& cost,
                               MovingGuest guest) noexcept {
  take().begin(call, instances, tag, cost, std::move(guest));
}

void GuestCallPool::recycle(GuestCall& call) noexcept {
  live_[call.live_index_] = live_.back();
  live_[call.live_index_]->live_index_ = call.live_index_;
  live_.pop_back();
  call.next_free_ = free_;
  free_ = &call;
}

void GuestCallPool::abandon_all() noexcept {
  // Ending one may give its instance to another: the list changes, but never grows.
  for (std::size_t i = live_.size(); i-- > 0;) {
    if (i < live_.size() && live_[i]->phase_ != GuestCall::Phase::none) live_[i]->abandon();
  }
}

}  // namespace wasm_grpc::runtime
