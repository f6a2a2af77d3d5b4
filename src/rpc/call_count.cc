// A call is counted here, whatever it came by: once when a handler gets it, and once when it is over.
#include "rpc/method_meter.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {

void Call::begin_counting(Clock::time_point now) noexcept {
  meter_ = request_.method->meter;
  if (meter_ == nullptr) return;
  began_ = now;
  ++meter_->started;
}

void Call::count_messages() noexcept {
  if (meter_ == nullptr) return;
  meter_->messages_received += received_messages_ - counted_received_;
  counted_received_ = received_messages_;
  if (response_.sent_messages <= counted_sent_) return;
  meter_->messages_sent += response_.sent_messages - counted_sent_;
  counted_sent_ = response_.sent_messages;
}

void Call::end_counting(Clock::time_point now) noexcept {
  if (meter_ == nullptr) return;
  count_messages();
  const StatusCode code = response_.finished ? response_.status.code : StatusCode::cancelled;
  ++meter_->ended[static_cast<std::size_t>(code)];
  meter_->handling.record(now - began_);
  meter_ = nullptr;
}

}  // namespace wasm_grpc::rpc
