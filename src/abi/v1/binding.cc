#include "abi/v1/binding.h"

#include <limits>
#include <utility>

#include "abi/start_functions.h"
#include "abi/v1/answers.h"

namespace wasm_grpc::abi::v1 {

namespace {

Error lacks(const DeclaredMethod& method, std::string_view function, std::string_view style) {
  return Error{"it declares the method " + method.path + " in " + std::string(style) + " style and has no export \"" +
               std::string(function) + "\""};
}

}  // namespace

InstanceBinding::InstanceBinding(wasm::Instance& instance, const HostSide& host, const Declaration* expected)
    : instance_(instance), host_(host), expected_(expected) {
  instance_.set_host_data(wasm::HostSlot::abi, this);
}

Result<bool> InstanceBinding::begin_next_start_step() {
  switch (step_) {
    case Step::none:
      step_ = Step::instantiate;
      instance_.begin_instantiate();
      return true;
    case Step::instantiate:
      step_ = Step::initialize;
      if (begin_initialization(instance_)) return true;
      [[fallthrough]];
    case Step::initialize:
      step_ = Step::declare;
      if (begin_if_exported(instance_, start_export)) return true;
      return Error{"it has no export \"wasm_grpc_start\""};
    case Step::declare: {
      if (!refusal_.empty()) return Error{refusal_};
      if (expected_ != nullptr && next_expected_ != expected_->methods.size()) {
        return Error{"it declared other methods than when it was loaded"};
      }
      if (expected_ != nullptr &&
          (expected_->placement != declaration_.placement || expected_->placement_key != declaration_.placement_key)) {
        return Error{"it declared another placement than when it was loaded"};
      }
      const auto call_function = instance_.find_function(call_export);
      const auto event_function = instance_.find_function(event_export);
      for (const DeclaredMethod& method : declaration().methods) {
        if (method.style == Style::handler && !call_function) return lacks(method, call_export, "handler");
        if (method.style == Style::events && !event_function) return lacks(method, event_export, "event");
      }
      call_function_ = call_function.value_or(0);
      event_function_ = event_function.value_or(0);
      step_ = Step::ready;
      return false;
    }
    case Step::ready:
      return false;
  }
  return false;
}

bool InstanceBinding::start_step_exited_well() const { return step_ == Step::initialize && exited_well(instance_); }

std::int32_t InstanceBinding::next_id() noexcept {
  // Wraps after 2^31 calls of one instance, and then passes over those that live; 0 and below are never used.
  const auto lives = [this](std::int32_t id) {
    return find(id) != nullptr || (other_numbers_ != nullptr && other_numbers_->has_number(id));
  };
  do {
    last_id_ = last_id_ == std::numeric_limits<std::int32_t>::max() ? 1 : last_id_ + 1;
  } while (lives(last_id_));
  return last_id_;
}

std::int32_t InstanceBinding::cancelled() noexcept {
  tell_of_end();
  return CANCELLED;
}

std::int32_t InstanceBinding::answer(rpc::SendResult result) noexcept {
  return result == rpc::SendResult::cancelled ? cancelled() : v1::answer(result);
}

CallStep InstanceBinding::begin_call(rpc::Call& call, std::int32_t tag) {
  call_ = &call;
  tag_ = tag;
  begun_ = false;
  forget_end();
  return begin_when_ready();
}

// A handler that takes one request finds it there.
CallStep InstanceBinding::begin_when_ready() {
  if (!rpc::streams_requests(call_->method().kind) && !call_->prepare_message() && call_->is_unpacking()) {
    return CallStep::waits;
  }
  begun_ = true;
  call_id_ = next_id();
  const std::int32_t arguments[] = {call_id_, tag_};
  instance_.begin_call(call_function_, arguments, true);
  return CallStep::fiber;
}

std::int32_t InstanceBinding::open_call(rpc::Call& call, EventCallHost& host) {
  const std::int32_t id = next_id();
  event_calls_.insert({id, &call, &host});
  return id;
}

void InstanceBinding::begin_event(std::int32_t id, Event event, std::int32_t value) {
  event_call_id_ = id;
  const std::int32_t arguments[] = {id, static_cast<std::int32_t>(event), value};
  instance_.begin_call(event_function_, arguments, false);
}

const rpc::Call* InstanceBinding::current_call() const noexcept {
  if (call_ != nullptr) return call_;
  const CallTable::Entry* const entry = event_calls_.find(event_call_id_);
  return entry == nullptr ? nullptr : entry->call;
}

CallStep InstanceBinding::continue_call() {
  if (!begun_) return begin_when_ready();
  rpc::Call& call = *std::exchange(call_, nullptr);
  if (call.finished() || call.cancelled()) return CallStep::over;
  const std::int32_t code = instance_.result();
  if (code >= 0 && code <= rpc::max_status_code) {
    call.finish({static_cast<rpc::StatusCode>(code), {}});
  } else {
    call.finish(
        {rpc::StatusCode::unknown, "the handler returned " + std::to_string(code) + ", which is no status code"});
  }
  return CallStep::over;
}

}  // namespace wasm_grpc::abi::v1
