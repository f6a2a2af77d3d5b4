#include "runtime/guests/guest_call.h"

#include <algorithm>
#include <string>
#include <utility>

#include "abi/client_1/binding.h"
#include "rpc/method_meter.h"
#include "runtime/guests/guest_calls.h"
#include "runtime/outgoing/call_chain.h"
#include "runtime/outgoing/outgoing_calls.h"
#include "runtime/sharing/borrowed_call.h"
#include "runtime/sharing/loans.h"

namespace wasm_grpc::runtime {

GuestCall::GuestCall(GuestCalls& owner) : owner_(owner), run_(*this, owner.context()) {}

void GuestCall::begin(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost) noexcept {
  hold(call, instances, tag, cost);
  run_.enter();
  if (may_run_inside()) {
    const InnerRun inner(owner_.context().clock, owner_.context().scheduler);
    on_turn();
    return;
  }
  run_.queue();
}

// A cheap call by another guest, whose request is there: it costs neither of them a turn, nor its caller a switch to
// the loop and back, and an instance that was just used has its memory in the cache. Begun here, it goes on as any
// other when it waits or has used up its slice.
bool GuestCall::may_run_inside() const noexcept {
  return borrowed_ == nullptr && !rpc::streams_requests(call_->method().kind) && instances_->idle() > 0 &&
         run_.may_run_inside(*instances_, *cost_);
}

void GuestCall::begin(BorrowedCall& call, InstancePool& instances, std::int32_t tag, MethodCost& cost,
                      MovingGuest guest) noexcept {
  borrowed_ = &call;
  if (guest.instance == nullptr) {
    begin(call, instances, tag, cost);
    return;
  }
  guest_visits_ = true;
  go_on(call, instances, tag, cost, std::move(guest));
}

void GuestCall::go_on(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost,
                      MovingGuest guest) noexcept {
  hold(call, instances, tag, cost);
  guest.instance->binding->move_call(call);
  run_.go_on(instances, std::move(guest), instances.limits().max_cpu_time);
  attach_client_side();
}

void GuestCall::hold(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost) noexcept {
  call_ = &call;
  instances_ = &instances;
  tag_ = tag;
  cost_ = &cost;
  call.retain();
  call.set_listener(this);
  call.set_max_response_size(instances.limits().max_response_size);
}

// ---- Its turn ----

void GuestCall::on_turn() noexcept {
  if (call_ == nullptr) {  // ended while it was queued
    owner_.recycle(*this);
    return;
  }
  if (owner_.loans_ != nullptr && (borrowed_ == nullptr ? lend() : go_home())) return;
  if (run_.has_guest()) stop_waiting_in_chain();
  if (run_.has_guest() || acquire()) run_guest();
}

// A call that waits is lent when those of its method take long and others wait behind it: this worker keeps the last
// one. A guest that has used up a slice is lent to a worker with fewer of those than there are here.
// A call by another module is served where that is; and calls that a guest makes belong to its worker.
bool GuestCall::lend() noexcept {
  std::uint32_t most = 0;
  if (!chain_of(call_).empty()) return false;
  if (!run_.has_guest()) {
    if (owner_.context().scheduler.empty()) return false;
    most = cost_->loans_on_hand(owner_.context().scheduler.ready_count());
    if (most == 0) return false;
  } else {
    if (!run_.in_guest() || !run_.was_sliced() || over()) return false;
    if (client_side() != nullptr && client_side()->has_calls()) return false;
    most = std::max(static_cast<std::uint32_t>(owner_.context().scheduler.shared_count()), 1U);
  }
  MovingGuest guest = run_.move_out();
  if (!owner_.loans_->lend(*call_, *instances_, guest, most)) {
    run_.move_back(std::move(guest));
    return false;
  }
  // Nor is it counted to its client any more: whoever is served by this object next has a client of its own.
  static_cast<void>(run_.release());
  call_ = nullptr;
  owner_.recycle(*this);
  return true;
}

// Only a guest that came with the loan: one that has begun here is of a pool here.
bool GuestCall::go_home() noexcept {
  const bool makes_calls = run_.has_guest() && client_side() != nullptr && client_side()->has_calls();
  // What it has sent, or was told of.
  const bool is_here = call_->is_packing() || call_->has_unpacked() || makes_calls;
  const bool may_move = guest_visits_ && run_.in_guest() && run_.was_sliced() && !over() && !is_here;
  if (!borrowed_->may_go_home()) {
    const bool others_compute = owner_.context().scheduler.shared_count() > 0;
    if (may_move && others_compute && owner_.loans_->better_elsewhere()) borrowed_->ask_home();
    return false;
  }
  if (!may_move) {
    borrowed_->stay();
    return false;
  }
  BorrowedCall* borrowed = std::exchange(borrowed_, nullptr);
  guest_visits_ = false;
  borrowed->set_listener(nullptr);
  borrowed->go_home(run_.move_out());
  static_cast<void>(run_.release());
  call_ = nullptr;
  borrowed->release();
  owner_.recycle(*this);
  return true;
}

// Not before it is this call's turn to run: the calls of one read batch then follow each other in one instance, whose
// memory is warm, rather than each in its own.
bool GuestCall::acquire() noexcept {
  // A lent call is not counted to its client: its worker counts those it keeps.
  const rpc::Client* client = borrowed_ == nullptr ? call_->client() : nullptr;
  const bool silent = borrowed_ == nullptr && rpc::streams_requests(call_->method().kind) && !call_->readable();
  switch (run_.acquire(*instances_, GuestRun::For::call, client, silent)) {
    case InstancePool::Admission::taken:
      return true;
    case InstancePool::Admission::waits:
      if (may_wait()) tell_span(rpc::SpanEvent::wait);
      return false;
    case InstancePool::Admission::refused:
      on_refused(NoInstance::crowded_out);
      return false;
    case InstancePool::Admission::failing:
      on_refused(NoInstance::failing);
      return false;
  }
  return false;
}

bool GuestCall::may_wait() noexcept {
  OutgoingCalls* const outgoing = owner_.context().outgoing;
  if (outgoing == nullptr || chain_of(call_).empty()) return true;
  auto refusal = outgoing->waits().begin(*call_, instances_->module().name(), instances_->limits().max_instances);
  waits_in_chain_ = !refusal;
  if (!refusal) return true;
  ++instances_->counters().calls_refused;
  call_->finish(std::move(*refusal));
  end(false);
  return false;
}

void GuestCall::stop_waiting_in_chain() noexcept {
  if (std::exchange(waits_in_chain_, false)) owner_.context().outgoing->waits().end(*call_);
}

abi::client_1::InstanceBinding* GuestCall::client_side() const noexcept { return run_.guest().client.get(); }

void GuestCall::attach_client_side() noexcept {
  OutgoingCalls* const outgoing = owner_.context().outgoing;
  if (outgoing == nullptr || client_side() == nullptr) return;
  client_side()->attach(*outgoing, *this, abi::Style::handler);
}

void GuestCall::on_refused(NoInstance why) noexcept {
  if (why == NoInstance::crowded_out) {
    call_->finish({rpc::StatusCode::resource_exhausted, "all instances of the module are busy and " +
                                                            std::to_string(instances_->waiting()) +
                                                            " calls wait for one; try again later"});
  } else {
    static_cast<void>(call_->add_trailer("grpc-retry-pushback-ms", std::to_string(instances_->retry_after().count())));
    call_->finish({rpc::StatusCode::unavailable, "the service's instances fail to start; try again in " +
                                                     std::to_string(instances_->retry_after().count()) + " ms"});
  }
  end(false);
}

void GuestCall::run_guest() noexcept {
  if (run_.starting()) {
    switch (run_.step()) {
      case GuestRun::Step::goes_on:
        set_waiting(run_.suspended());
        return;
      case GuestRun::Step::failed:
        fail();
        return;
      default:
        break;
    }
  }
  if (!run_.in_guest()) {
    abi::Binding& binding = *run_.guest().binding;
    if (std::exchange(between_fibers_, false)) {
      if (!take(binding.continue_call())) return;
    } else {
      run_.begin(instances_->limits().max_cpu_time);
      tell_span(rpc::SpanEvent::start);
      attach_client_side();
      if (!take(binding.begin_call(*call_, tag_))) return;
    }
  }
  switch (step()) {
    case GuestRun::Step::done:
      if (take(run_.guest().binding->continue_call())) run_.queue();
      return;
    case GuestRun::Step::failed:
      fail();
      return;
    default:
      set_waiting(run_.suspended());
      return;
  }
}

bool GuestCall::take(abi::CallStep step) noexcept {
  switch (step) {
    case abi::CallStep::fiber:
      return true;
    case abi::CallStep::waits:
      between_fibers_ = true;
      run_.wait();
      set_waiting(true);
      return false;
    case abi::CallStep::over:
      end(true);
      return false;
  }
  return false;
}

GuestRun::Step GuestCall::step() noexcept {
  const std::uint32_t stands_for = cost_->wants_sample();
  if (stands_for == 0) return run_.step();
  const auto began = rpc::Clock::now();
  const GuestClock& clock = owner_.context().clock;
  const std::chrono::nanoseconds inner = clock.inner().time;
  MethodCost& cost = *cost_;
  rpc::MethodMeter* const meter = call_->method().meter;
  const GuestRun::Step step = run_.step();
  std::chrono::nanoseconds ran = rpc::Clock::now() - began;
  cost.add_sample(ran);
  ran -= clock.inner().time - inner;  // those are of other methods
  if (meter != nullptr) meter->guest_nanoseconds += static_cast<std::uint64_t>(ran.count()) * stands_for;
  return step;
}

// ---- Waiting ----

void GuestCall::set_waiting(bool waiting) noexcept {
  if (borrowed_ == nullptr) return;
  if (waiting && borrowed_->may_go_home()) borrowed_->stay();  // what it waits for would not come
  borrowed_->set_waiting(waiting);
}

void GuestCall::on_resumed() noexcept {
  set_waiting(false);
  if (borrowed_ == nullptr && owner_.loans_ != nullptr) owner_.loans_->own_work();
}

bool GuestCall::waits_for(std::uint32_t what) const noexcept {
  if (!run_.suspended()) return false;
  if (between_fibers_) return what == abi::interest::readable;
  return (run_.interests() & what) != 0;
}

bool GuestCall::told_of_end() const noexcept { return run_.has_guest() && run_.guest().binding->told_of_end(); }

void GuestCall::on_readable(rpc::Call&) noexcept {
  run_.has_spoken();
  if (waits_for(abi::interest::readable)) run_.resume();
}

void GuestCall::on_writable(rpc::Call&) noexcept {
  if (waits_for(abi::interest::writable)) run_.resume();
}

void GuestCall::on_outgoing_progress() noexcept {
  if (waits_for(abi::interest::outgoing)) run_.resume();
}

void GuestCall::on_cancelled(rpc::Call&) noexcept {
  if (!run_.has_guest()) {
    end(false);
    return;
  }
  if (client_side() != nullptr) client_side()->end_all_calls_for_others();
  if (waits_for(abi::interest::cancelled)) {
    run_.resume();  // the guest is told, and may clean up within a few slices
    return;
  }
  if (run_.in_guest()) {
    if (run_.queued()) {
      run_.hurry();  // it finds out when it looks, within one more slice
    } else {
      drop_late_guest();
    }
    return;
  }
  // Begun anew for each call, a start that takes longer than they wait would never come to its end.
  if (run_.starting()) {
    const auto limit = run_.start_limit();
    auto instance = run_.release();
    if (!instances_->go_on_starting(instance, limit)) instances_->discard(std::move(instance));
    end(false);
    return;
  }
  end(true);  // an instance that has not begun this call is as good as before
}

// ---- The end ----

void GuestCall::fail() noexcept {
  switch (run_.failure()) {
    case RunFailure::start:
      fail_start();
      return;
    case RunFailure::spent:
      fail_spent();
      return;
    case RunFailure::late:
      drop_late_guest();
      return;
    case RunFailure::guest:
    case RunFailure::too_long:
      fail_guest();
      return;
  }
}

void GuestCall::fail_start() noexcept {
  instances_->start_failed(run_.start_failure());
  call_->finish({rpc::StatusCode::unavailable, "the service could not start an instance"});
  end(false);
}

void GuestCall::fail_spent() noexcept {
  instances_->counters().failed(GuestFailure::cpu_time);
  const std::string spent = "used its " + std::to_string(instances_->limits().max_cpu_time.count()) + " ms of CPU time";
  if (instances_->log().admits()) {
    instances_->log().write(LogLevel::warn, instances_->module().name(), call_->method().path + ": " + spent, call_);
  }
  call_->finish({rpc::StatusCode::resource_exhausted, "the call " + spent});
  end(false);
}

void GuestCall::fail_guest() noexcept {
  const wasm::Failure& failure = run_.guest().instance.failure();
  const GuestFailure reason = classify(run_.guest());
  instances_->counters().failed(reason);
  if (call_->span() != nullptr) tell_span(rpc::SpanEvent::trap, describe(failure));
  if (instances_->log().admits()) {
    std::string text = call_->method().path + ": " + describe(failure);
    if (reason == GuestFailure::out_of_memory) {
      text += "\n    its memory had " + std::to_string(run_.guest().instance.memory().size() >> 10) + " KiB";
    }
    instances_->log().write(LogLevel::error, instances_->module().name(), std::move(text), call_);
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

bool GuestCall::waits_for_client() const noexcept {
  if (call_ == nullptr || borrowed_ != nullptr || over()) return false;
  if (!run_.has_guest() || !run_.suspended() || call_->readable() || call_->is_unpacking()) return false;
  if (waits_for(abi::interest::outgoing)) return false;
  return run_.silent() || waits_for(abi::interest::readable);
}

void GuestCall::make_way() noexcept {
  instances_->counters().failed(GuestFailure::made_way);
  call_->finish({rpc::StatusCode::resource_exhausted,
                 "the stream waited for its client while calls of others waited for an instance"});
  end(false);
}

void GuestCall::end_with(const rpc::Status& status) noexcept {
  if (borrowed_ != nullptr) return;
  if (!call_->finished()) call_->finish(status);
  end(false);
}

void GuestCall::abandon() noexcept {
  call_->set_listener(nullptr);
  end(false);
}

void GuestCall::end(bool instance_is_good) noexcept {
  between_fibers_ = false;
  stop_waiting_in_chain();
  rpc::Call* call = std::exchange(call_, nullptr);
  call->set_listener(nullptr);
  BorrowedCall* borrowed = std::exchange(borrowed_, nullptr);
  const bool visits = std::exchange(guest_visits_, false);
  if (run_.has_guest()) {
    if (client_side() != nullptr) client_side()->detach();
    if (instance_is_good) run_.guest().wasi.flush();  // a line this call has begun must not become part of the next's
    if (visits) {
      borrowed->return_guest(run_.release(), instance_is_good);
    } else if (instance_is_good) {
      run_.give_back();
    } else {
      run_.discard();
    }
  } else {
    static_cast<void>(run_.release());  // it may wait for one
  }
  if (rpc::CallSpan* const span = call->span()) span->end_all_inner();
  call->release();
  if (!run_.queued()) owner_.recycle(*this);
}

}  // namespace wasm_grpc::runtime
