// A module of a generation, with what a server keeps of it beside the code.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "json/types.h"
#include "openapi/part.h"
#include "runtime/instances/guest_counters.h"
#include "runtime/instances/guest_module.h"
#include "services/health_registry.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {

/// Immutable, shared by the generations that serve it.
struct ServedModule {
  std::shared_ptr<GuestModule> guest;
  /// As they were given, but for the name, which is there.
  ModuleOptions options;
  /// Says by a hash which bytes it came from (wasm::CodeCache::file_name()).
  std::string content;
  std::vector<MethodInfo> methods;
  /// The full names of the services of these methods.
  std::vector<std::string> services;
  /// nullptr where it has no descriptors.
  std::shared_ptr<const json::Types> types;
  /// What it adds to GET /openapi.json; nullptr where it has no descriptors, or there is no such document.
  std::shared_ptr<const openapi::Part> openapi;
  std::shared_ptr<services::HealthRegistry::Module> health;
  /// The worker, modulo their number, where the one instance of Placement::process is.
  unsigned home = 0;
  /// What modules whose place it took had counted that is not counted by workers.
  std::uint64_t growths_refused_before = 0;
  std::uint64_t instances_delayed_before = 0;
  std::uint64_t log_lines_over_limit_before = 0;

  [[nodiscard]] const std::string& name() const noexcept { return guest->name(); }
};

/// What is counted of a module but by its workers.
[[nodiscard]] inline ModuleCounters counters_of(const ServedModule& module) {
  ModuleCounters counters = counters_of(*module.guest);
  counters.growths_refused += module.growths_refused_before;
  counters.instances_delayed += module.instances_delayed_before;
  counters.log_lines_over_limit = module.log_lines_over_limit_before + module.guest->guests_log().over_limit();
  return counters;
}

}  // namespace wasm_grpc::runtime
