#include "runtime/guests/event_hubs.h"

#include <algorithm>
#include <utility>

#include "runtime/sharing/borrowed_call.h"
#include "runtime/sharing/loans.h"

namespace wasm_grpc::runtime {

namespace {
// Until it is looked again whether more instances can be given up, where many guests are being told.
constexpr std::chrono::milliseconds ending_pause{10};
}  // namespace

EventHubs::EventHubs(InstancePool& instances, const GuestContext& context, unsigned worker, unsigned workers,
                     unsigned home)
    : instances_(instances), context_(context), worker_(worker), workers_(workers), home_(home) {
  instances_.add_holder(*this);
  if (instances.module().declaration().placement != abi::Placement::key) {
    EventHubOwner& owner = *this;
    only_ = std::make_unique<EventHub>(instances_, context_, owner);
  }
}

EventHubs::~EventHubs() {
  instances_.remove_holder(*this);
  abandon_all();
}

std::string_view EventHubs::key_of(const rpc::Call& call) const noexcept {
  return call.request_metadata().get(instances_.module().declaration().placement_key).value_or(std::string_view());
}

unsigned EventHubs::worker_of(const rpc::Call& call) const noexcept {
  switch (instances_.module().declaration().placement) {
    case abi::Placement::worker:
      return worker_;
    case abi::Placement::process:
      return home_;
    case abi::Placement::key:
      return static_cast<unsigned>(std::hash<std::string_view>()(key_of(call)) % workers_);
  }
  return worker_;
}

void EventHubs::open(rpc::Call& call, std::int32_t tag) noexcept {
  const abi::Declaration& declaration = instances_.module().declaration();
  if (declaration.placement == abi::Placement::key && key_of(call).empty()) {
    call.finish({rpc::StatusCode::invalid_argument,
                 "the request has no header \"" + declaration.placement_key + "\", by which its instance is found"});
    return;
  }
  const unsigned worker = worker_of(call);
  if (worker == worker_ || loans_ == nullptr) {
    open_here(call, tag);
  } else if (!loans_->lend_to(worker, call, instances_)) {
    call.finish({rpc::StatusCode::unavailable, "the server is stopping, or out of memory"});
  }
}

void EventHubs::open_here(rpc::Call& call, std::int32_t tag) noexcept {
  if (only_ != nullptr) {
    only_->open(call, tag);
    return;
  }
  const std::string_view key = key_of(call);
  auto found = keyed_.find(key);
  if (found == keyed_.end()) {
    auto made = std::make_unique<KeyedHub>(*this, std::string(key));
    const std::string_view its_key = made->key;
    found = keyed_.emplace(its_key, std::move(made)).first;
  }
  KeyedHub& keyed = *found->second;
  keyed.hub.open(call, tag);
  // It may have been refused.
  if (keyed.hub.may_end()) keyed.hub_idle();
}

// ---- Instances by key that nobody needs ----

void EventHubs::KeyedHub::hub_in_use() noexcept { leave_list(); }

void EventHubs::KeyedHub::leave_list() noexcept {
  if (!std::exchange(listed_idle, false)) return;
  owner.idle_.erase(idle);
  if (std::exchange(counted_idle, false)) owner.instances_.count_held_idle(-1);
}

void EventHubs::KeyedHub::instance_ended() noexcept {
  if (std::exchange(ending, false)) --owner.ending_;
}

void EventHubs::KeyedHub::hub_idle() noexcept {
  if (ending) return;
  if (!std::exchange(listed_idle, true)) {
    idle_since = rpc::Clock::now();
    counted_idle = hub.has_instance();
    idle = owner.idle_.insert(counted_idle ? owner.idle_.end() : owner.idle_.begin(), this);
    if (counted_idle) owner.instances_.count_held_idle(1);
  }
  owner.arm();
}

bool EventHubs::many_are_ending() const noexcept {
  constexpr std::size_t many = 16;
  return ending_ >= many;
}

GivenUp EventHubs::give_up_idle(InstancePool&) noexcept {
  const auto found = std::find_if(idle_.begin(), idle_.end(), [](const KeyedHub* candidate) {
    return candidate->hub.has_instance() && candidate->hub.may_end();
  });
  if (many_are_ending() || (found == idle_.end() && ending_ > 0)) return GivenUp::soon;
  if (found == idle_.end()) return GivenUp::none;
  return end(**found);
}

GivenUp EventHubs::end(KeyedHub& hub) noexcept {
  hub.leave_list();
  if (hub.hub.wants_ending()) {
    hub.ending = true;
    ++ending_;
    hub.hub.end_instance();
    return GivenUp::soon;
  }
  keyed_.erase(keyed_.find(hub.key));
  return GivenUp::now;
}

bool EventHubs::end_all() noexcept {
  if (only_ != nullptr && only_->wants_ending() && !only_->ending()) only_->end_instance();
  for (const auto& [key, hub] : keyed_) {
    if (many_are_ending()) break;
    if (!hub->ending && hub->hub.may_end() && hub->hub.wants_ending()) static_cast<void>(end(*hub));
  }
  return ending_ == 0 && (only_ == nullptr || !only_->ending());
}

void EventHubs::end_calls(const rpc::Status& status) noexcept {
  if (only_ != nullptr) only_->end_calls(status);
  // Ends none of the hubs: that is done by the timer.
  for (const auto& [key, hub] : keyed_) hub->hub.end_calls(status);
}

bool EventHubs::at_rest() const noexcept {
  return (only_ == nullptr || only_->may_end()) &&
         std::all_of(keyed_.begin(), keyed_.end(), [](const auto& entry) { return entry.second->hub.may_end(); });
}

void EventHubs::arm() noexcept {
  const auto timeout = instances_.module().life().idle_timeout;
  if (idle_.empty()) return;
  // One without an instance keeps nothing, and one whose instance others wait for is not kept.
  const bool at_once = !idle_.front()->hub.has_instance() || instances_.wanted();
  if (!at_once && (timeout.count() == 0 || scheduled())) return;
  context_.timers.schedule(*this, at_once ? idle_.front()->idle_since : idle_.front()->idle_since + timeout);
}

void EventHubs::on_timer() noexcept {
  const auto now = rpc::Clock::now();
  const auto timeout = instances_.module().life().idle_timeout;
  while (!idle_.empty()) {
    KeyedHub& hub = *idle_.front();
    const bool due = timeout.count() != 0 && hub.idle_since + timeout <= now;
    if ((hub.hub.has_instance() && !due && !instances_.wanted()) || !hub.hub.may_end()) break;
    if (due && hub.hub.has_alarm() && !instances_.wanted()) {
      // It waits for that, not for calls.
      hub.idle_since = now;
      idle_.splice(idle_.end(), idle_, hub.idle);
      continue;
    }
    if (many_are_ending()) {
      context_.timers.schedule(*this, now + ending_pause);
      return;
    }
    static_cast<void>(end(hub));
  }
  arm();
}

void EventHubs::abandon_all() noexcept {
  context_.timers.cancel(*this);
  if (only_ != nullptr) only_->abandon();
  // None is destroyed: it may be in the scheduler's queue.
  for (const auto& [key, hub] : keyed_) {
    hub->leave_list();
    hub->hub.abandon();
  }
}

void EventHandler::start_loan(BorrowedCall& call, MovingGuest /*none*/) noexcept {
  call.set_waiting(true);  // it keeps no other loan from this worker
  hubs_.open_here(call, tag_);
}

}  // namespace wasm_grpc::runtime
