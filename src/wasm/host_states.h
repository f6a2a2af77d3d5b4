// What host modules keep for a guest module and for its instances.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "wasm_grpc/host_module.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::wasm {

class Module;

using HostModules = std::vector<std::shared_ptr<const HostModule>>;

/// Whether a guest module with these options that imports from the name of the host module of this number gets its
/// functions, and not those of another of that name.
[[nodiscard]] bool is_chosen(const HostModules& host_modules, std::size_t number, const ModuleOptions& options);

/// The states of one guest module: of each host module it imports from. Immutable, shared by its instances.
class ModuleStates {
 public:
  /// Imports nothing.
  ModuleStates() = default;
  /// Makes the states; `host_modules` are those of the linker. Those that `kept` has, of a guest module whose place
  /// this one takes, are taken rather than made; nullptr: none. The error says which could not be made, or which export
  /// the guest module lacks.
  [[nodiscard]] static Result<ModuleStates> make(const HostModules& host_modules, const Module& module,
                                                 const ModuleOptions& options, const ModuleStates* kept = nullptr);

  struct Entry {
    std::shared_ptr<const HostModule> module;  // nullptr: the guest module imports nothing of it
    std::shared_ptr<void> state;
  };
  /// By the number that a host module has at its linker; empty when nothing is imported of any.
  [[nodiscard]] std::span<const Entry> entries() const noexcept { return entries_; }

  /// An export to be called at the end of each start, and what it is told to.
  struct StartCall {
    std::size_t host_module = 0;
    const HostModule::Named* function = nullptr;
  };
  [[nodiscard]] std::span<const StartCall> start_calls() const noexcept { return start_calls_; }

 private:
  std::vector<Entry> entries_;
  std::vector<StartCall> start_calls_;
};

/// The states of one instance. Attach them by instance.set_host_data(HostSlot::states, &states) before the guest runs;
/// they outlive the instance. Used by the thread that runs it.
class InstanceStates {
 public:
  /// `shared` outlives it.
  explicit InstanceStates(const ModuleStates& shared) : shared_(shared) {}

  [[nodiscard]] void* module_state(std::size_t host_module) const noexcept;
  /// Makes it at the first look. Throws what the host module's function throws.
  [[nodiscard]] void* instance_state(std::size_t host_module);

 private:
  const ModuleStates& shared_;
  std::vector<std::shared_ptr<void>> own_;
};

}  // namespace wasm_grpc::wasm
