#include "runtime/guests/guest_calls.h"

#include "runtime/sharing/loans.h"

namespace wasm_grpc::runtime {

GuestCalls::~GuestCalls() { abandon_all(); }

GuestCall& GuestCalls::take() noexcept {
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

void GuestCalls::serve(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost) noexcept {
  if (loans_ != nullptr) loans_->own_work();
  take().begin(call, instances, tag, cost);
}

void GuestCalls::serve_loan(BorrowedCall& call, InstancePool& instances, std::int32_t tag, MethodCost& cost,
                            MovingGuest guest) noexcept {
  take().begin(call, instances, tag, cost, std::move(guest));
}

void GuestCalls::go_on(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost,
                       MovingGuest guest) noexcept {
  if (loans_ != nullptr) loans_->own_work();
  take().go_on(call, instances, tag, cost, std::move(guest));
}

void GuestCalls::recycle(GuestCall& call) noexcept {
  live_[call.live_index_] = live_.back();
  live_[call.live_index_]->live_index_ = call.live_index_;
  live_.pop_back();
  call.next_free_ = free_;
  free_ = &call;
}

// Among equals those that came first.
std::pair<GuestCall*, IdleStream> GuestCalls::largest_idle_stream(const Press& press) const noexcept {
  std::pair<GuestCall*, IdleStream> found{};
  InstancePool* asked = nullptr;  // asking takes a lock
  bool yields = false;
  for (GuestCall* call : live_) {
    if (!call->waits_for_client()) continue;
    const IdleStream stream{call->run_.silent(), instances_of(call->call_->client())};
    if (!stream.client.above(press.they) || (found.first != nullptr && !(found.second < stream))) continue;
    if (std::exchange(asked, call->instances_) != call->instances_) yields = asked->yields_to(press);
    if (yields) found = {call, stream};
  }
  return found;
}

std::optional<IdleStream> GuestCalls::find_idle_stream(const Press& press) noexcept {
  const auto [call, stream] = largest_idle_stream(press);
  return call == nullptr ? std::nullopt : std::optional(stream);
}

bool GuestCalls::end_idle_stream(const Press& press) noexcept {
  GuestCall* const call = largest_idle_stream(press).first;
  if (call == nullptr) return false;
  call->make_way();
  return true;
}

void GuestCalls::end_calls(const InstancePool& instances, const rpc::Status& status) noexcept {
  for (std::size_t i = live_.size(); i-- > 0;) {  // as in abandon_all()
    if (i < live_.size() && live_[i]->call_ != nullptr && live_[i]->instances_ == &instances)
      live_[i]->end_with(status);
  }
}

void GuestCalls::abandon_all() noexcept {
  // Ending one may give its instance to another: the list changes, but never grows.
  for (std::size_t i = live_.size(); i-- > 0;) {
    if (i < live_.size() && live_[i]->call_ != nullptr) live_[i]->abandon();
  }
}

}  // namespace wasm_grpc::runtime
