#include "runtime/guests/event_call.h"

#include <bit>
#include <utility>

#include "runtime/guests/event_hub.h"

namespace wasm_grpc::runtime {

namespace {
constexpr std::uint8_t bit(abi::Event event) noexcept {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(event));
}
}  // namespace

void EventCall::note(abi::Event event) noexcept {
  events_ |= bit(event);
  hub_.has_events(*this);
}

std::optional<abi::Event> EventCall::take_event() noexcept {
  while (events_ != 0) {
    const auto event =
        static_cast<abi::Event>(std::countr_zero(events_));  // their numbers are in the order they are told
    events_ &= static_cast<std::uint8_t>(~bit(event));
    if (event == abi::Event::open && !rpc::streams_requests(call_->method().kind)) {
      // The one request of these is there before they are opened.
      waits_to_open_ = !call_->prepare_message() && call_->is_unpacking();
      if (waits_to_open_) return std::nullopt;
    } else if (event == abi::Event::half_close && !call_->readable()) {
      told_half_close_ = false;  // the message before it is being decompressed
      continue;
    }
    return event;
  }
  return std::nullopt;
}

void EventCall::on_readable(rpc::Call& call) noexcept {
  if (!rpc::streams_requests(call.method().kind)) {
    if (std::exchange(waits_to_open_, false)) note(abi::Event::open);
    return;
  }
  std::uint8_t more = 0;
  if (call.has_message()) more |= bit(abi::Event::message);
  if (call.half_closed() && !told_half_close_) {
    told_half_close_ = true;
    more |= bit(abi::Event::half_close);
  }
  if ((events_ | more) == events_) return;
  events_ |= more;
  hub_.has_events(*this);
}

void EventCall::on_writable(rpc::Call&) noexcept { note(abi::Event::writable); }

void EventCall::on_timer() noexcept { note(abi::Event::timer); }

void EventCall::on_cancelled(rpc::Call&) noexcept {
  hub_.cancel_timer(*this);
  if (!opened()) {
    hub_.forget(*this);  // the guest was never told of it
    return;
  }
  hub_.end_calls_for(*this);
  events_ = 0;
  note(abi::Event::cancelled);
}

void EventCall::set_timer(std::chrono::nanoseconds timeout) noexcept {
  events_ &= static_cast<std::uint8_t>(~bit(abi::Event::timer));
  if (events_ == 0) hub_.has_no_events(*this);
  hub_.set_timer(*this, timeout);
}

void EventCall::guest_finished() noexcept { hub_.guest_finished(*this); }

void EventQueue::push(EventCall& call) noexcept {
  if (call.queued_) return;
  call.queued_ = true;
  call.previous_ = last_;
  call.next_ = nullptr;
  (last_ == nullptr ? first_ : last_->next_) = &call;
  last_ = &call;
}

EventCall& EventQueue::pop() noexcept {
  EventCall& call = *first_;
  remove(call);
  return call;
}

void EventQueue::remove(EventCall& call) noexcept {
  if (!call.queued_) return;
  call.queued_ = false;
  (call.previous_ == nullptr ? first_ : call.previous_->next_) = call.next_;
  (call.next_ == nullptr ? last_ : call.next_->previous_) = call.previous_;
}

}  // namespace wasm_grpc::runtime
