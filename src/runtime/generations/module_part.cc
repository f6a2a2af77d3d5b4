#include "runtime/generations/module_part.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::runtime {

ModulePart::ModulePart(std::shared_ptr<const GuestModule> module, unsigned home, const PartContext& context)
    : context_(context), pool_(std::move(module), context.pools), starter_(pool_, context.guests) {
  context.calls.hold_for(pool_);
  const auto& methods = this->module().declaration().methods;
  const bool has_events = std::any_of(methods.begin(), methods.end(), [](const abi::DeclaredMethod& method) {
    return method.style == abi::Style::events;
  });
  if (has_events) {
    hubs_ = std::make_unique<EventHubs>(pool_, context.guests, context.worker, context.workers, home % context.workers);
    if (context.loans != nullptr) hubs_->share(*context.loans);
  }
  for (const abi::DeclaredMethod& method : methods) {
    if (method.style == abi::Style::events) {
      handlers_.push_back(std::make_unique<EventHandler>(*hubs_, method.tag));
    } else {
      handlers_.push_back(std::make_unique<GuestHandler>(context.calls, pool_, method.tag));
    }
    withdrawn_.push_back(std::make_unique<rpc::Method>(
        rpc::Method{method.path, method.kind, handlers_.back().get(), rpc::MessageFormats::any}));
    withdrawn_.back()->max_call_time = this->module().call_times().of(method.path);
    methods_.push_back(withdrawn_.back().get());
  }
}

void ModulePart::serve(rpc::MethodTable& methods) {
  if (context_.meters != nullptr) {
    for (const auto& method : withdrawn_) {
      method->meter = &context_.meters->open(context_.worker, method->path, method->kind, module().name());
    }
    has_meters_ = true;
  }
  for (std::unique_ptr<rpc::Method>& method : withdrawn_) static_cast<void>(methods.add(std::move(method)));
  withdrawn_.clear();
}

void ModulePart::withdraw(rpc::MethodTable& methods) {
  if (withdrawn_.empty()) {  // else it has never served
    for (const rpc::Method* method : methods_) withdrawn_.push_back(methods.remove(*method));
  }
  pool_.retire();
}

void ModulePart::close_meters() noexcept {
  if (!std::exchange(has_meters_, false)) return;
  for (const rpc::Method* method : methods_) context_.meters->close(method->path);
}

const rpc::Method* ModulePart::find(std::string_view path, bool is_http) const noexcept {
  const auto found = std::find_if(methods_.begin(), methods_.end(), [&](const rpc::Method* method) {
    return method->path == path && (method->kind == rpc::MethodKind::http) == is_http;
  });
  return found == methods_.end() ? nullptr : *found;
}

std::uint64_t ModulePart::calls() const noexcept {
  std::uint64_t calls = 0;
  for (const rpc::Method* method : methods_) calls += method->calls;
  return calls;
}

void ModulePart::end_calls() noexcept {
  for (const auto& handler : handlers_) handler->close();
  context_.calls.end_calls(pool_, module_gone());
  if (context_.loans != nullptr) context_.loans->end_calls(pool_, module_gone());
  if (hubs_ != nullptr) hubs_->end_calls(module_gone());
}

bool ModulePart::comes_to_rest() noexcept {
  const bool hubs_rest = hubs_ == nullptr || (hubs_->end_all() && hubs_->at_rest());
  return hubs_rest && starter_.at_rest() && pool_.idle() == 0 && pool_.waiting() == 0;
}

}  // namespace wasm_grpc::runtime
