#include "wasm/host_states.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string>

#include "wasm/module.h"

namespace wasm_grpc::wasm {

namespace {

/// Also by the name from where guests import what a host may not have.
bool imports_from(const Module& module, const std::string& name) {
  const std::string optional = name + "_optional";
  const auto& imports = module.imports();
  return std::any_of(imports.begin(), imports.end(),
                     [&](const ImportInfo& import) { return import.module == name || import.module == optional; });
}

}  // namespace

bool is_chosen(const HostModules& host_modules, std::size_t number, const ModuleOptions& options) {
  const HostModule& candidate = *host_modules[number];
  if (candidate.stands_in()) return candidate.stands_in_for(options);
  return std::none_of(host_modules.begin(), host_modules.end(), [&](const auto& other) {
    return other->name() == candidate.name() && other->stands_in_for(options);
  });
}

Result<ModuleStates> ModuleStates::make(const HostModules& host_modules, const Module& module,
                                        const ModuleOptions& options, const ModuleStates* kept) {
  ModuleStates states;
  for (std::size_t i = 0; i < host_modules.size(); ++i) {
    const HostModule& host_module = *host_modules[i];
    if (!imports_from(module, host_module.name()) || !is_chosen(host_modules, i, options)) continue;
    for (const HostModule::Named& named : host_module.start_functions()) {
      const ExportInfo* const found = module.find_export(named.name);
      if (found == nullptr || found->kind != ExternKind::function || found->type != "() -> i32") {
        return Error{"it imports from \"" + host_module.name() + "\", so it must export the function \"" + named.name +
                     "\" of type () -> i32"};
      }
      states.start_calls_.push_back({i, &named});
    }
    states.entries_.resize(host_modules.size());
    if (kept != nullptr && i < kept->entries_.size() && kept->entries_[i].state != nullptr) {
      states.entries_[i] = kept->entries_[i];
      continue;
    }
    try {
      states.entries_[i] = {host_modules[i], host_module.make_module_state(options)};
    } catch (const std::exception& error) {
      return Error{"the host module \"" + host_module.name() + "\" could not make its state: " + error.what()};
    }
  }
  return states;
}

void* InstanceStates::module_state(std::size_t host_module) const noexcept {
  return shared_.entries()[host_module].state.get();
}

void* InstanceStates::instance_state(std::size_t host_module) {
  if (own_.empty()) own_.resize(shared_.entries().size());
  std::shared_ptr<void>& state = own_[host_module];
  if (state == nullptr) state = shared_.entries()[host_module].module->make_instance_state();
  if (state == nullptr) throw std::runtime_error("its host module made no state for the instance");
  return state.get();
}

}  // namespace wasm_grpc::wasm
