#include "runtime/outgoing/trial_call.h"

#include <span>
#include <string_view>
#include <utility>

namespace wasm_grpc::runtime {

namespace {

/// As which a trial calls: a client of this machine, without TLS, whom nothing is known of.
std::shared_ptr<const rpc::Client> local_client() {
  return std::make_shared<const rpc::Client>(rpc::next_connection_number(), "127.0.0.1:0");
}

}  // namespace

void TrialCall::begin(LocalCalls& calls, const rpc::Method* method, std::string_view message,
                      const rpc::Metadata& metadata, std::chrono::milliseconds timeout) {
  began_ = rpc::Clock::now();
  if (method == nullptr) return end({rpc::StatusCode::unimplemented, "the method is not served any more"});
  const rpc::OutgoingRequest request{
      .path = method->path, .kind = method->kind, .deadline = rpc::later(began_, timeout), .metadata = metadata};
  call_ = calls.begin(request, *method, local_client(), "localhost");
  call_->set_listener(this);
  // What is wrong with it is the call's status.
  static_cast<void>(call_->send(std::as_bytes(std::span(message)), true));
  go_on();
}

void TrialCall::on_progress(rpc::OutgoingCall&) noexcept {
  if (std::exchange(is_told_, true)) return;
  post_([self = weak_from_this()] {
    if (const auto call = self.lock()) call->go_on();
  });
}

void TrialCall::go_on() {
  is_told_ = false;
  if (call_ == nullptr) return;
  while (const auto message = call_->message()) {
    if (outcome_.messages.size() == admin::Trials::most_messages ||
        message->size() > admin::Trials::most_bytes - bytes_) {
      outcome_.is_cut = true;
      return cancel();
    }
    bytes_ += message->size();
    outcome_.messages.emplace_back(reinterpret_cast<const char*>(message->data()), message->size());
    call_->pop_message();
  }
  if (call_->ended()) end(call_->status());
}

void TrialCall::cancel() noexcept {
  if (call_ == nullptr) return;
  call_->set_listener(nullptr);
  call_->cancel({rpc::StatusCode::cancelled, "it was cancelled"});
  end(call_->status());
}

void TrialCall::end(rpc::Status status) {
  outcome_.status = std::move(status);
  if (call_ != nullptr) {
    outcome_.headers = call_->headers();
    outcome_.trailers = call_->trailers();
    call_.reset();
  }
  outcome_.time = rpc::Clock::now() - began_;
  const auto keep = shared_from_this();  // who is told lets go of it
  done_(*this, std::move(outcome_));
}

}  // namespace wasm_grpc::runtime
