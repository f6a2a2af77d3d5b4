#include "runtime/outgoing/outgoing_calls.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "abi/client_1/numbers.h"
#include "client/outgoing/http/http_address.h"
#include "client/outgoing/http/http_target.h"
#include "client/outgoing/targets.h"
#include "runtime/instances/module_grants.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::runtime {

static_assert(client::max_target_name_bytes == abi::client_1::max_target_name_bytes,
              "a name that a target may have can be said by guests");

namespace {

/// Adds what a call that is served has under these keys, but those that are there.
void forward(const rpc::Call& served, const std::vector<std::string>& keys, rpc::Metadata& to) {
  const rpc::Metadata& from = served.request_metadata();
  for (const std::string& key : keys) {
    if (to.get(key)) continue;
    for (std::size_t i = 0; const auto value = from.get(key, i); ++i) to.add(key, *value);
  }
}

}  // namespace

/// A module of the same server.
class OutgoingCalls::ModuleTarget final : public rpc::CallTarget {
 public:
  ModuleTarget(LocalCalls& calls, std::string_view module) : calls_(calls), module_(module) {}

  [[nodiscard]] const std::string& module() const noexcept { return module_; }

  void serve(std::span<const rpc::Method* const> methods) {
    methods_.clear();
    recent_ = nullptr;
    for (const rpc::Method* method : methods) {
      if (method->kind != rpc::MethodKind::http) methods_.emplace(method->path, method);
    }
    is_served_ = !methods.empty();
  }

  [[nodiscard]] rpc::OutgoingCallPtr begin(const rpc::OutgoingRequest& request) override {
    if (request.kind == rpc::MethodKind::http) {
      return rpc::ended_call({rpc::StatusCode::unimplemented, "a module is called by gRPC, and not by plain HTTP"});
    }
    if (const rpc::Method* const method = find(request.path)) return calls_.begin(request, *method, module_);
    if (!is_served_) {
      return rpc::ended_call({rpc::StatusCode::unavailable, "the module \"" + module_ + "\" is not served"});
    }
    return rpc::ended_call(
        {rpc::StatusCode::unimplemented, "the module \"" + module_ + "\" has no method " + std::string(request.path)});
  }

 private:
  [[nodiscard]] const rpc::Method* find(std::string_view path) {
    if (recent_ != nullptr && recent_->path == path) return recent_;
    const auto found = methods_.find(path);
    if (found == methods_.end()) return nullptr;
    return recent_ = found->second;
  }

  LocalCalls& calls_;
  const std::string module_;
  bool is_served_ = false;
  const rpc::Method* recent_ = nullptr;  // which the next call mostly asks for again
  std::unordered_map<std::string_view, const rpc::Method*> methods_;
};

OutgoingCalls::OutgoingCalls(const OutgoingContext& context, std::span<const TargetOptions> targets)
    : context_(context),
      log_(context.log),
      local_(context.timers, context.max_message_size, context.wake),
      waits_(context.budget, context.timers),
      output_(context.wake) {
  for (const TargetOptions& options : targets) {
    auto target = std::make_unique<Target>(Target{options, nullptr});
    if (const auto module = client::module_of_address(target->options.address)) {
      target->calls = std::make_unique<ModuleTarget>(local_, *module);
    }
    const std::string_view name = target->options.name;
    targets_.emplace(name, std::move(target));
  }
}

OutgoingCalls::~OutgoingCalls() = default;

std::vector<std::string_view> OutgoingCalls::modules() const {
  std::vector<std::string_view> modules;
  for (const auto& [name, target] : targets_) {
    if (const auto module = client::module_of_address(target->options.address)) modules.push_back(*module);
  }
  return modules;
}

void OutgoingCalls::serve(std::string_view module, std::span<const rpc::Method* const> methods) {
  accounts_.forget_gone();
  for (const auto& [name, target] : targets_) {
    if (client::module_of_address(target->options.address) != module) continue;
    static_cast<ModuleTarget&>(*target->calls).serve(methods);
  }
}

std::unique_ptr<rpc::CallTarget> OutgoingCalls::make_channel(const TargetOptions& options) {
  const auto log = [this](const std::string& text) {
    if (log_.admits()) log_.write(LogLevel::warn, "host", text);
  };
  const client::ChannelContext context{context_.io, context_.timers, output_, log};
  if (client::is_http_address(options.address)) {
    client::HttpTargetOptions http;
    http.name = options.name;
    http.tls = options.tls;
    http.authority = options.authority;
    http.version = options.http_version;
    http.connect_timeout = options.connect_timeout;
    http.max_waiting = options.max_waiting;
    auto address = client::parse_http_address(options.address);
    return std::make_unique<client::HttpTarget>(context, std::move(http), std::move(address).value());
  }
  client::TargetChannelOptions channel;
  channel.name = options.name;
  channel.tls = options.tls;
  channel.tls.enabled = client::has_tls(options.tls);
  channel.authority = options.authority;
  channel.policy = options.balancing;
  channel.connect_timeout = options.connect_timeout;
  channel.retry = options.retry;
  channel.hedging = options.hedging;
  channel.retry_throttling = options.retry_throttling;
  channel.outlier_ejection = options.outlier_ejection;
  channel.wait_for_ready = options.wait_for_ready;
  channel.max_waiting = options.max_waiting;
  auto address = client::parse_target_address(options.address);
  return std::make_unique<client::TargetChannel>(context, std::move(channel), std::move(address).value());
}

abi::client_1::MadeCall OutgoingCalls::begin(const abi::client_1::Grants& grants, std::string_view target,
                                             const rpc::OutgoingRequest& request) {
  const auto& of_module = static_cast<const ModuleGrants&>(grants);
  const auto denied = [&](const std::string& what) {
    return abi::client_1::MadeCall{rpc::ended_call(
        {rpc::StatusCode::permission_denied, "the module \"" + of_module.module() + "\" is not granted " + what})};
  };
  GrantedTarget* const granted = of_module.find(target);
  const auto found = targets_.find(target);
  if (granted == nullptr || found == targets_.end()) {
    return denied("the target \"" + wasm::printable(target, wasm::most_of_name) + "\"");
  }
  if (!granted->allows(request.path)) {
    return denied("the method " + std::string(request.path) + " of the target \"" + granted->name() + "\"");
  }
  Target& called = *found->second;
  if (called.calls == nullptr) {
    if (closed_) return {rpc::ended_call({rpc::StatusCode::unavailable, "the server stops"})};
    called.calls = make_channel(called.options);
  }
  // Lives until the call has read it.
  std::optional<rpc::Metadata> with_forwarded;
  if (request.parent != nullptr && !called.options.forward_metadata.empty()) {
    with_forwarded = request.metadata;
    forward(*request.parent, called.options.forward_metadata, *with_forwarded);
  }
  rpc::OutgoingRequest as_granted{.path = request.path,
                                  .kind = request.kind,
                                  .deadline = request.deadline,
                                  .metadata = with_forwarded ? *with_forwarded : request.metadata,
                                  .parent = request.parent,
                                  .served = request.served,
                                  .holds_instance = request.holds_instance,
                                  .caller = of_module.module()};
  if (granted->max_time().count() > 0) {
    as_granted.deadline = std::min(as_granted.deadline, rpc::later(rpc::Clock::now(), granted->max_time()));
  }
  if (granted->max_concurrent() > 0 && !granted->begin()) {
    return {rpc::ended_call({rpc::StatusCode::resource_exhausted, "the module \"" + of_module.module() + "\" has the " +
                                                                      std::to_string(granted->max_concurrent()) +
                                                                      " calls of the target \"" + granted->name() +
                                                                      "\" that it may have at once"})};
  }
  // Paths of HTTP have no end; what is asked for by them is counted together.
  const std::string_view counted = request.kind == rpc::MethodKind::http ? std::string_view() : request.path;
  return {called.calls->begin(as_granted), accounts_.begin(*granted, of_module.module(), counted, request.kind)};
}

void OutgoingCalls::flush() noexcept {
  local_.catch_up();
  output_.flush();
}

void OutgoingCalls::close() noexcept {
  local_.catch_up();
  closed_ = true;
  for (const auto& [name, target] : targets_) {
    if (auto* const channel = dynamic_cast<client::TargetChannel*>(target->calls.get())) channel->close();
    if (auto* const http = dynamic_cast<client::HttpTarget*>(target->calls.get())) http->close();
  }
}

}  // namespace wasm_grpc::runtime
