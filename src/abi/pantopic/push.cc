#include "abi/pantopic/push.h"

#include <string>

#include "rpc/percent.h"
#include "wasm/linker.h"

namespace wasm_grpc::abi::pantopic {

namespace {

constexpr std::string_view describe_export = "__grpc_server";
constexpr std::string_view http_export = "__grpc_server_http";

struct KindExports {
  std::string_view open;
  std::string_view receive;
  std::string_view close;
};
// By kind. A unary call and the start of a server stream come with their one message.
constexpr KindExports exports_of[] = {
    {"", "__grpc_server_unary", ""},
    {"__grpc_server_client_stream_open", "__grpc_server_client_stream_recv", "__grpc_server_client_stream_close"},
    {"", "__grpc_server_server_stream_open", "__grpc_server_server_stream_close"},
    {"__grpc_server_bidirectional_open", "__grpc_server_bidirectional_recv", "__grpc_server_bidirectional_close"},
};

constexpr ExpectedExport function(std::string_view name) {
  return {name, wasm::ExternKind::function, "() -> ()", false};
}
constexpr ExpectedExport expected_exports[] = {
    {"memory", wasm::ExternKind::memory, "", true},
    {describe_export, wasm::ExternKind::function, "() -> i32", true},
    function(exports_of[0].receive),
    function(exports_of[1].open),
    function(exports_of[1].receive),
    function(exports_of[1].close),
    function(exports_of[2].receive),
    function(exports_of[2].close),
    function(exports_of[3].open),
    function(exports_of[3].receive),
    function(exports_of[3].close),
    function(http_export),
};

/// The codes of this ABI are gRPC's.
rpc::StatusCode status_code(std::uint32_t code) {
  return code <= rpc::max_status_code ? static_cast<rpc::StatusCode>(code) : rpc::StatusCode::unknown;
}

std::string otherwise(std::uint32_t code) { return "the service failed with code " + std::to_string(code); }

}  // namespace

PushBinding::PushBinding(wasm::Instance& instance, const Declaration* expected, rpc::StatusCode no_room)
    : GuestBinding(instance, expected, describe_export, http_export, no_room) {}

Result<> PushBinding::find_functions() {
  for (std::size_t i = 0; i < std::size(exports_of); ++i) {
    functions_[i] = {instance().find_function(exports_of[i].open), instance().find_function(exports_of[i].receive),
                     instance().find_function(exports_of[i].close)};
  }
  http_ = instance().find_function(http_export);
  for (const DeclaredMethod& method : declaration().methods) {
    if (method.kind == rpc::MethodKind::http) continue;  // it is there only where the export is
    const auto kind = static_cast<std::size_t>(method.kind);
    if (functions_[kind].receive) continue;
    return Error{"it has the method " + method.path + " and no export \"" + std::string(exports_of[kind].receive) +
                 "\""};
  }
  return success();
}

CallStep PushBinding::begin() {
  if (kind() == rpc::MethodKind::http) {
    stage_ = Stage::requests;
    put_no_message();
    return next_body_piece();
  }
  used_ = &functions_[static_cast<std::size_t>(kind())];
  if (!rpc::streams_requests(kind())) {
    const CallStep step = next_request();
    stage_ = kind() == rpc::MethodKind::unary ? Stage::end : Stage::close;
    return step;
  }
  stage_ = Stage::requests;
  put_no_message();
  if (!used_->open) return next_request();
  return put_method(0) ? begin_function(*used_->open) : CallStep::over;
}

CallStep PushBinding::go_on() {
  if (kind() == rpc::MethodKind::http) return stage_ == Stage::requests ? next_body_piece() : end_http();
  if (const std::uint32_t code = error(); code != 0) {
    finish(status_code(code), message(), otherwise(code));
    return CallStep::over;
  }
  switch (stage_) {
    case Stage::requests:
      return next_request();
    case Stage::close:
      return close();
    case Stage::end:
      return end();
  }
  return CallStep::over;
}

CallStep PushBinding::next_request() {
  if (const auto message = call()->message()) {
    return put_method(0) && put_message(*message) ? begin_function(*used_->receive) : CallStep::over;
  }
  if (call()->cancelled()) return CallStep::over;  // it could not be decompressed
  return call()->requests_ended() ? close() : CallStep::waits;
}

CallStep PushBinding::close() {
  stage_ = Stage::end;
  if (!used_->close) return end();
  return put_method(0) ? begin_function(*used_->close) : CallStep::over;
}

// Nothing more is told the guest of this call, so it cannot answer it any more.
CallStep PushBinding::end() {
  if (rpc::streams_responses(kind())) {
    call()->finish({});
  } else {
    call()->finish({rpc::StatusCode::internal, "the service has sent no answer"});
  }
  return CallStep::over;
}

// The export gets the whole body at once.
CallStep PushBinding::next_body_piece() {
  while (const auto piece = call()->message()) {
    if (!put_body_piece(*piece)) return CallStep::over;
  }
  if (!call()->requests_ended()) return CallStep::waits;
  stage_ = Stage::end;
  const std::string_view target = call()->http_target();
  const std::string path = rpc::percent_decode(target.substr(0, target.find('?')));
  return put_http_method(std::string(call()->http_method()) + " " + path) ? begin_function(*http_) : CallStep::over;
}

CallStep PushBinding::end_http() {
  const auto body = message();
  if (!body.ok()) {
    fail(body.error());
    return CallStep::over;
  }
  if (const std::uint32_t code = error(); code != 0 && !call()->set_http_status(static_cast<int>(code))) {
    fail(Error{"it gave " + std::to_string(code) + " for an HTTP status; that is 200 to 599"});
    return CallStep::over;
  }
  (void)call()->send(body.value());
  call()->finish({});
  return CallStep::over;
}

Result<> PushBinding::send() { return send(message()); }

Result<> PushBinding::send(std::uint32_t address, std::uint32_t size) {
  const std::span<const std::byte> memory = instance().memory();
  if (size == 0) return send(memory.first(0));  // wherever it would be
  if (std::uint64_t{address} + size <= memory.size()) return send(memory.subspan(address, size));
  return send(Error{"it sends " + std::to_string(size) + " bytes at " + std::to_string(address) +
                    ", which are not inside its memory of " + std::to_string(memory.size()) + " bytes"});
}

Result<> PushBinding::send(const Result<std::span<const std::byte>>& answer) {
  if (call() == nullptr) return Error{"it sends while it serves no call"};
  if (kind() == rpc::MethodKind::http) return Error{"it sends in an HTTP exchange, which its message buffer answers"};
  const std::uint32_t code = error();
  if (code == 0) return answer.ok() ? send_message(answer.value()) : Result<>(answer.error());
  if (!call()->finished()) finish(status_code(code), answer, otherwise(code));
  return success();
}

void PushBinding::sent(rpc::SendResult result) noexcept {
  if (result == rpc::SendResult::ok) {
    if (!rpc::streams_responses(kind())) call()->finish({});
    return;
  }
  const auto code = result == rpc::SendResult::cancelled ? rpc::StatusCode::cancelled
                                                         : rpc::StatusCode::failed_precondition;  // it has its status
  put_error(static_cast<std::uint32_t>(code));
}

std::span<const ExpectedExport> push_exports() noexcept { return expected_exports; }

PushBinding& push_binding(Caller& caller) {
  void* binding = wasm::InstanceCaller::from(caller).instance().host_data(wasm::HostSlot::abi);
  return *static_cast<PushBinding*>(static_cast<Binding*>(binding));
}

Result<> define_push_imports(wasm::Linker& linker) {
  return linker.define_suspending(push_import_module, send_import,
                                  host_function([](Caller& caller) { return push_binding(caller).send(); }));
}

namespace {
constexpr PushAbi::Import push_imports[] = {{push_import_module, send_import, "() -> ()"}};
}  // namespace

PushAbi::PushAbi() : GuestAbi("pantopic-push", push_imports, expected_exports, Exports::own) {}

std::unique_ptr<Binding> PushAbi::bind(wasm::Instance& instance, const HostSide&, const Declaration* expected) const {
  return std::make_unique<PushBinding>(instance, expected);
}

}  // namespace wasm_grpc::abi::pantopic
