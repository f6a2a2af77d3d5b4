#include "abi/pantopic/binding.h"

#include <string>
#include <utility>

#include "abi/pantopic/services.h"
#include "abi/start_functions.h"

namespace wasm_grpc::abi::pantopic {

namespace {
// The call cuts the text of a status between characters; it need not be given much more than it keeps.
constexpr std::size_t most_of_status_text = (std::size_t{8} << 10) + 4;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
}  // namespace

GuestBinding::GuestBinding(wasm::Instance& instance, const Declaration* expected, std::string_view describe_export,
                           std::string_view http_export, rpc::StatusCode no_room)
    : instance_(instance),
      expected_(expected),
      describe_export_(describe_export),
      http_export_(http_export),
      no_room_(no_room) {
  instance_.set_host_data(wasm::HostSlot::abi, static_cast<Binding*>(this));
}

// ---- Start ----

Result<bool> GuestBinding::begin_next_start_step() {
  switch (step_) {
    case Step::none:
      step_ = Step::instantiate;
      instance_.begin_instantiate();
      return true;
    case Step::instantiate:
      step_ = Step::initialize;
      if (begin_initialization(instance_)) return true;
      [[fallthrough]];
    case Step::initialize: {
      step_ = Step::describe;
      const auto function = instance_.find_function(describe_export_);
      if (!function) return Error{"it has no export \"" + std::string(describe_export_) + "\""};
      instance_.begin_call(*function, {}, true);
      return true;
    }
    case Step::describe: {
      if (auto read = read_description(); !read.ok()) return std::move(read).error();
      if (auto found = find_functions(); !found.ok()) return std::move(found).error();
      step_ = Step::ready;
      return false;
    }
    case Step::ready:
      return false;
  }
  return false;
}

bool GuestBinding::start_step_exited_well() const { return step_ == Step::initialize && exited_well(instance_); }

Result<> GuestBinding::read_description() {
  auto buffers = Buffers::read(instance_.memory(), static_cast<std::uint32_t>(instance_.result()));
  if (!buffers.ok()) return std::move(buffers).error();
  buffers_ = buffers.value();
  const auto list = message();
  if (!list.ok()) return list.error();
  const bool serves_http = !http_export_.empty() && instance_.find_function(http_export_).has_value();
  Result<std::vector<DeclaredMethod>> methods = std::vector<DeclaredMethod>();
  if (!list.value().empty() || !serves_http) methods = parse_services(text_of(list.value()));
  if (!methods.ok()) return std::move(methods).error();
  if (serves_http) {
    const auto tag = static_cast<std::int32_t>(methods.value().size());
    methods.value().push_back({"/", rpc::MethodKind::http, tag, Style::handler});
  }
  for (const DeclaredMethod& method : methods.value()) {
    if (auto put = buffers_.put_method(instance_.memory(), method.path); !put.ok()) return put;
  }
  if (expected_ == nullptr) {
    declaration_.methods = std::move(methods).value();
  } else if (expected_->methods != methods.value()) {
    return Error{"its list of services is not the one it had when it was loaded"};
  }
  return success();
}

// ---- Calls ----

CallStep GuestBinding::begin_call(rpc::Call& call, std::int32_t tag) {
  call_ = &call;
  method_ = &declaration().methods[static_cast<std::size_t>(tag)];
  const CallStep step = begin();
  if (step == CallStep::over) call_ = nullptr;
  return step;
}

CallStep GuestBinding::continue_call() {
  const CallStep step = call_->finished() || call_->cancelled() ? CallStep::over : go_on();
  if (step == CallStep::over) call_ = nullptr;
  return step;
}

CallStep GuestBinding::begin_function(std::size_t function) {
  instance_.begin_call(function, {}, false);
  return CallStep::fiber;
}

bool GuestBinding::put_method(std::uint32_t error) {
  const std::span<std::byte> memory = instance_.memory();
  if (const auto put = buffers_.put_method(memory, method_->path); !put.ok()) {
    fail(put.error());
    return false;
  }
  buffers_.put_error(memory, error);
  return true;
}

bool GuestBinding::put_http_method(std::string_view name) {
  const std::span<std::byte> memory = instance_.memory();
  if (name.size() > buffers_.method_capacity(memory)) {
    answer_http(414, "the service has no room for so long a path");
    return false;
  }
  if (const auto put = buffers_.put_method(memory, name); !put.ok()) {
    fail(put.error());
    return false;
  }
  buffers_.put_error(memory, 0);
  return true;
}

bool GuestBinding::put_body_piece(std::span<const std::byte> piece) {
  const auto put = buffers_.append_message(instance_.memory(), piece);
  if (!put.ok()) {
    fail(put.error());
    return false;
  }
  if (!put.value()) {
    answer_http(413, "the service has room for " + std::to_string(buffers_.message_capacity(instance_.memory())) +
                         " bytes of a body");
    return false;
  }
  call_->pop_message();
  return true;
}

void GuestBinding::answer_http(int status, std::string_view text) {
  const std::string line = std::string(text) + "\n";
  // Nothing was answered before, so none of these can be refused, but for a call that is over.
  if (call_->set_http_status(status) && call_->add_header("content-type", "text/plain; charset=utf-8")) {
    (void)call_->send(std::as_bytes(std::span(line)));
  }
  call_->finish({});
}

bool GuestBinding::put_message(std::span<const std::byte> message) {
  const std::span<std::byte> memory = instance_.memory();
  const auto room = buffers_.has_room(memory, message.size());
  if (!room.ok()) {
    fail(room.error());
    return false;
  }
  if (!room.value()) {
    call_->finish({no_room_, "the request message has " + std::to_string(message.size()) +
                                 " bytes; the service has room for " +
                                 std::to_string(buffers_.message_capacity(memory))});
    return false;
  }
  buffers_.put_message(memory, message);
  call_->pop_message();
  return true;
}

void GuestBinding::finish(rpc::StatusCode code, const Result<std::span<const std::byte>>& text,
                          std::string_view otherwise) {
  if (!text.ok()) {
    fail(text.error());
    return;
  }
  const std::string_view given = text_of(text.value()).substr(0, most_of_status_text);
  call_->finish({code, std::string(given.empty() ? otherwise : given)});
}

void GuestBinding::fail(const Error& error) {
  call_->finish({rpc::StatusCode::internal, "the service is broken: " + error.message});
}

Result<> GuestBinding::send_message(std::span<const std::byte> message) {
  const rpc::SendResult result = call_->send(message);
  if (result != rpc::SendResult::again) {
    sent(result);
    return success();
  }
  sending_at_ = static_cast<std::size_t>(message.data() - instance_.memory().data());
  sending_size_ = message.size();
  wasm::Suspension suspension;
  suspension.interests = interest::writable | interest::cancelled;
  suspension.resolve = [](wasm::Instance& instance, const wasm::Suspension&) -> std::optional<std::int32_t> {
    auto& self = *static_cast<GuestBinding*>(static_cast<Binding*>(instance.host_data(wasm::HostSlot::abi)));
    // The guest has not run since: its message is as it was.
    const rpc::SendResult now = self.call_->send(instance.memory().subspan(self.sending_at_, self.sending_size_));
    if (now == rpc::SendResult::again) return std::nullopt;
    self.sent(now);
    return 0;
  };
  instance_.suspend(suspension);
  return success();
}

}  // namespace wasm_grpc::abi::pantopic
