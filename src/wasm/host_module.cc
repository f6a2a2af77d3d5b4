#include "wasm_grpc/host_module.h"

namespace wasm_grpc {

namespace {

Error wrong(const std::string& module, const HostModule::Named& named, const std::string& why) {
  return {"the host function \"" + module + "." + named.name + "\" " + why};
}

bool is_kept(const std::type_info* wanted, const std::type_info* kept) {
  return wanted == nullptr || (kept != nullptr && *wanted == *kept);
}

}  // namespace

Result<> HostModule::check() const {
  for (const auto* const list : {&functions_, &at_start_}) {
    for (const Named& named : *list) {
      if (!is_kept(named.function.module_state, module_state_type_)) {
        return wrong(name_, named, "takes a ModuleState of another type than its module_state()");
      }
      if (!is_kept(named.function.instance_state, instance_state_type_)) {
        return wrong(name_, named, "takes an InstanceState of another type than its instance_state()");
      }
    }
  }
  for (const Named& named : at_start_) {
    const HostFunction& function = named.function;
    if (function.suspends || !function.results.empty() || function.parameters != std::vector{ValueType::i32}) {
      return wrong(name_, named, "is called at the start: it takes one i32 and returns nothing, at once");
    }
  }
  return success();
}

std::shared_ptr<void> HostModule::make_module_state(const ModuleOptions& module) const {
  return make_module_state_ ? make_module_state_(module) : nullptr;
}

std::shared_ptr<void> HostModule::make_instance_state() const {
  return make_instance_state_ ? make_instance_state_() : nullptr;
}

}  // namespace wasm_grpc
