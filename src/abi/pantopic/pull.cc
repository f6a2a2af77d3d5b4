#include "abi/pantopic/pull.h"

#include <string>

#include "wasm/linker.h"

namespace wasm_grpc::abi::pantopic {

namespace {

constexpr std::string_view import_module = "grpc";
constexpr std::string_view receive_import = "Recv";
constexpr std::string_view send_import = "Send";
constexpr std::string_view describe_export = "__grpcServerInit";
constexpr std::string_view call_export = "__grpcServerCall";

constexpr ExpectedExport expected_exports[] = {
    {"memory", wasm::ExternKind::memory, "", true},
    {describe_export, wasm::ExternKind::function, "() -> i32", true},
    {call_export, wasm::ExternKind::function, "() -> ()", true},
};

/// The codes of this ABI.
enum Code : std::uint32_t {
  none,
  done,
  unknown,
  invalid,
  unrecognized,
  not_implemented,
  malformed,
  unexpected,
  marshal,
};

struct Meaning {
  rpc::StatusCode code;
  std::string_view name;
};

Meaning meaning_of(std::uint32_t code) {
  switch (code) {
    case invalid:
      return {rpc::StatusCode::invalid_argument, "invalid"};
    case unrecognized:
      return {rpc::StatusCode::unimplemented, "unrecognized"};
    case not_implemented:
      return {rpc::StatusCode::unimplemented, "not implemented"};
    case malformed:
      return {rpc::StatusCode::invalid_argument, "malformed"};
    case unexpected:
      return {rpc::StatusCode::internal, "unexpected"};
    case marshal:
      return {rpc::StatusCode::internal, "marshal"};
    default:
      return {rpc::StatusCode::unknown, "unknown"};
  }
}

PullBinding& binding(Caller& caller) {
  void* found = wasm::InstanceCaller::from(caller).instance().host_data(wasm::HostSlot::abi);
  return *static_cast<PullBinding*>(static_cast<Binding*>(found));
}

}  // namespace

PullBinding::PullBinding(wasm::Instance& instance, const Declaration* expected)
    : GuestBinding(instance, expected, describe_export) {}

Result<> PullBinding::find_functions() {
  call_function_ = instance().find_function(call_export).value_or(0);  // check() has seen it
  return success();
}

CallStep PullBinding::begin() {
  begun_ = false;
  told_done_ = false;
  sent_ = false;
  return begin_when_readable();
}

CallStep PullBinding::go_on() { return begun_ ? end() : begin_when_readable(); }

// The guest finds the first message in its buffer, or that there is none.
CallStep PullBinding::begin_when_readable() {
  const auto message = call()->message();
  if (call()->cancelled()) return CallStep::over;  // it could not be decompressed
  if (!message && !call()->requests_ended()) return CallStep::waits;
  if (!put_method(message ? none : done)) return CallStep::over;
  if (message) {
    if (!put_message(*message)) return CallStep::over;
  } else {
    told_done_ = true;
    put_no_message();
  }
  begun_ = true;
  return begin_function(call_function_);
}

CallStep PullBinding::end() {
  // A guest that has read to the end may leave the code that told it so.
  if (const std::uint32_t code = error(); code != none && !(code == done && told_done_)) {
    const Meaning meaning = meaning_of(code);
    finish(meaning.code, message(), meaning.name);
    return CallStep::over;
  }
  if (!rpc::streams_responses(kind()) && !sent_) {
    const auto answer = message();
    if (!answer.ok()) {
      call()->finish({rpc::StatusCode::internal, "the service is broken: " + answer.error().message});
      return CallStep::over;
    }
    (void)call()->send(answer.value());  // finish() says what is wrong with a call that did not take it
  }
  call()->finish({});
  return CallStep::over;
}

bool PullBinding::receive_now() {
  if (const auto message = call()->message()) {
    if (put_message(*message)) {
      put_error(none);
      return true;
    }
  } else if (call()->cancelled() || !call()->requests_ended()) {
    return false;
  }
  put_error(done);
  told_done_ = true;
  return true;
}

Result<> PullBinding::receive() {
  if (call() == nullptr) return Error{"it receives while it serves no call"};
  if (receive_now()) return success();
  // Not told of a cancellation, which it would take for the end of the messages: it is dropped instead.
  wasm::Suspension suspension;
  suspension.interests = interest::readable;
  suspension.resolve = [](wasm::Instance& instance, const wasm::Suspension&) -> std::optional<std::int32_t> {
    auto& self = *static_cast<PullBinding*>(static_cast<Binding*>(instance.host_data(wasm::HostSlot::abi)));
    return self.receive_now() ? std::optional(0) : std::nullopt;
  };
  instance().suspend(suspension);
  return success();
}

Result<> PullBinding::send() {
  if (call() == nullptr) return Error{"it sends while it serves no call"};
  const auto answer = message();
  return answer.ok() ? send_message(answer.value()) : Result<>(answer.error());
}

void PullBinding::sent(rpc::SendResult result) noexcept {
  if (result == rpc::SendResult::ok) {
    sent_ = true;
  } else {
    put_error(unknown);
  }
}

Result<> define_pull_imports(wasm::Linker& linker) {
  const auto received = linker.define_suspending(
      import_module, receive_import, host_function([](Caller& caller) { return binding(caller).receive(); }));
  if (!received.ok()) return received;
  return linker.define_suspending(import_module, send_import,
                                  host_function([](Caller& caller) { return binding(caller).send(); }));
}

namespace {
constexpr PullAbi::Import pull_imports[] = {{import_module, receive_import, "() -> ()"},
                                            {import_module, send_import, "() -> ()"}};
}  // namespace

PullAbi::PullAbi() : GuestAbi("pantopic-pull", pull_imports, expected_exports, Exports::own) {}

std::unique_ptr<Binding> PullAbi::bind(wasm::Instance& instance, const HostSide&, const Declaration* expected) const {
  return std::make_unique<PullBinding>(instance, expected);
}

}  // namespace wasm_grpc::abi::pantopic
