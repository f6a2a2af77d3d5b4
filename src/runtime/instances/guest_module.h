// A module ready to be served: compiled, linked, its methods known.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "abi/abi.h"
#include "abi/client_1/binding.h"
#include "observe/log/instance_log.h"
#include "observe/log/log.h"
#include "observe/log/module_log.h"
#include "runtime/instances/call_times.h"
#include "runtime/instances/module_grants.h"
#include "services/described_files.h"
#include "services/health_registry.h"
#include "wasi/context.h"
#include "wasm/host_states.h"
#include "wasm/instance.h"
#include "wasm/linker.h"
#include "wasm/module.h"
#include "wasm_grpc/instance_life.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::runtime {

/// The health of one module: what its guests say, and whether it can start them. Thread-safe.
class ModuleHealth final : public abi::HealthSink {
 public:
  explicit ModuleHealth(std::shared_ptr<services::HealthRegistry::Module> health) : health_(std::move(health)) {}

  void set_serving(std::string_view service, bool serving) noexcept override { health_->set_serving(service, serving); }
  /// A worker has found that it cannot start instances of the module for now, or that it can again.
  void worker_failing(bool failing) noexcept { health_->change_failing_workers(failing ? 1 : -1); }

 private:
  std::shared_ptr<services::HealthRegistry::Module> health_;
};

/// Immutable after load() and set_health(), shared by all workers.
class GuestModule {
 public:
  /// Compiles the module, or takes it from the cache (which may be nullptr), links it, and runs its start once, on this
  /// thread, to learn what it declares. Guest code runs in slices meanwhile only if the engine is ticked. Of the
  /// options only `instances`, `guests`, `targets`, `may_lack_targets`, `log`, `max_call_time` and `methods` are looked
  /// at, and by the host modules it imports from what they like. `max_message_size` is that of requests, which guests
  /// are told. `memory` is the budget of all guests, which outlives the module; nullptr for none. `before`: the module
  /// whose place it takes, and with it what host modules keep for it; nullptr for none. The error is one line without
  /// the module's name.
  [[nodiscard]] static Result<std::shared_ptr<GuestModule>> load(
      const wasm::Engine& engine, const wasm::Linker& linker, std::string name, std::span<const std::byte> bytes,
      std::shared_ptr<const wasi::Sandbox> sandbox, const observe::Log& log, std::chrono::milliseconds start_timeout,
      const ModuleOptions& options = {}, const wasm::CodeCache* cache = nullptr, wasm::MemoryBudget* memory = nullptr,
      std::size_t max_message_size = ServerOptions().max_message_size, const GuestModule* before = nullptr);

  [[nodiscard]] const std::string& name() const noexcept { return linked_->module().name(); }
  [[nodiscard]] const wasm::LinkedModule& linked() const noexcept { return *linked_; }
  [[nodiscard]] const abi::Abi& abi() const noexcept { return *abi_; }
  [[nodiscard]] const abi::Declaration& declaration() const noexcept { return declaration_; }
  /// What describes its services; nullptr where it does not.
  [[nodiscard]] const std::shared_ptr<const services::DescribedFiles>& described() const noexcept { return described_; }
  /// Where its health is kept. Set before its first instance that serves is made.
  void set_health(std::shared_ptr<services::HealthRegistry::Module> health) { health_.emplace(std::move(health)); }
  [[nodiscard]] ModuleHealth* health() const noexcept { return health_ ? &*health_ : nullptr; }
  [[nodiscard]] const wasi::Sandbox& sandbox() const noexcept { return *sandbox_; }
  /// For what the host says of it.
  [[nodiscard]] const observe::Log& log() const noexcept { return log_; }
  /// For what its guests say.
  [[nodiscard]] observe::ModuleLog& guests_log() const noexcept { return guests_log_; }
  [[nodiscard]] const InstanceLife& life() const noexcept { return life_; }
  /// How many instances it must have for good in a server of so many workers: those in event style are kept, and
  /// without one a worker serves no call.
  [[nodiscard]] std::uint32_t kept_instances(std::size_t workers) const noexcept;
  /// What its guests may use.
  [[nodiscard]] const GuestLimits& limits() const noexcept { return limits_; }
  /// How long calls of its methods may take.
  [[nodiscard]] const CallTimes& call_times() const noexcept { return call_times_; }
  /// What its bindings need of the host.
  [[nodiscard]] abi::HostSide host_side() const noexcept { return {guests_log_, health(), told_limits_}; }
  /// Whom its guests may call; nullptr where they do not mean to.
  [[nodiscard]] const ModuleGrants* grants() const noexcept { return grants_ ? &*grants_ : nullptr; }
  /// Those that its start says it needs.
  [[nodiscard]] const std::vector<std::string>& needed_targets() const noexcept { return needed_targets_; }
  /// What the host modules it imports from keep for it.
  [[nodiscard]] const wasm::ModuleStates& states() const noexcept { return states_; }

  /// What all its instances take together.
  [[nodiscard]] wasm::MemoryBudget& memory_budget() const noexcept { return memory_budget_; }
  /// What each of them may have, of that budget.
  [[nodiscard]] wasm::MemoryLimits memory_limits() const noexcept {
    return {limits_.max_memory_bytes, limits_.max_table_elements, &memory_budget_};
  }
  /// Bytes that an instance takes of it to start: as many as the first had when its start was done.
  [[nodiscard]] std::size_t start_memory() const noexcept { return start_memory_; }

 private:
  GuestModule(std::shared_ptr<const wasm::LinkedModule> linked, const abi::Abi& abi,
              std::shared_ptr<const wasi::Sandbox> sandbox, const observe::Log& log, const ModuleOptions& options,
              wasm::ModuleStates states, std::size_t max_message_size, wasm::MemoryBudget* memory);

  void tell_of_shortage() const noexcept;

  std::shared_ptr<const wasm::LinkedModule> linked_;
  const abi::Abi* abi_;
  std::shared_ptr<const wasi::Sandbox> sandbox_;
  const observe::Log& log_;
  mutable observe::ModuleLog guests_log_;
  InstanceLife life_;
  GuestLimits limits_;
  wasm::ModuleStates states_;
  std::optional<ModuleGrants> grants_;
  std::vector<std::string> needed_targets_;
  abi::Declaration declaration_;
  CallTimes call_times_;
  std::shared_ptr<const services::DescribedFiles> described_;
  mutable std::optional<ModuleHealth> health_;  // has its own lock
  mutable wasm::MemoryBudget memory_budget_;    // thread-safe
  std::size_t start_memory_ = 0;
  abi::Limits told_limits_;
};

/// The description of the custom section of a module; nullptr when it has none.
[[nodiscard]] Result<std::shared_ptr<const services::DescribedFiles>> described_by_section(const wasm::Module& module);

/// One sandbox of a module with all that belongs to it.
struct GuestInstance {
  /// `expected` is what the start must declare; null while the module is being loaded. `room`: what it has of the
  /// module's memory for its start, if that was reserved.
  GuestInstance(const GuestModule& module, const abi::Declaration* expected, wasm::MemoryReservation room = {});
  ~GuestInstance() { log.set_binding(nullptr); }  // what it has half printed is written when the binding is gone

  /// Runs its start on, step after step, until it is done, fails, uses up its slice or waits.
  [[nodiscard]] wasm::Progress poll_start() noexcept;

  observe::InstanceLog log;
  wasi::Context wasi;
  wasm::InstanceStates states;
  wasm::Instance instance;
  std::unique_ptr<abi::Binding> binding;
  std::unique_ptr<abi::client_1::InstanceBinding> client;  // nullptr: its guest calls nobody

  /// Why the host refused its start; empty when a start that failed did so in the guest.
  std::string start_refusal;
  /// Bytes of its memory when its start was done.
  std::size_t memory_at_start = 0;
  /// Calls it has served.
  std::uint64_t calls = 0;
  /// When it was made; kept only where instances have a greatest age.
  wasm::Clock::time_point born{};

 private:
  /// Makes the fiber of the next step of its start. False, and no fiber, when it is ready.
  [[nodiscard]] Result<bool> begin_next_start_step();
  /// Tells the host module what the start call that is done returned. The error says why it refused.
  [[nodiscard]] Result<> end_start_call();

  std::span<const wasm::ModuleStates::StartCall> start_calls;  // those that are left, when the ABI's start is done
  bool in_start_call = false;
};

/// Where what the calling guest says is logged, within the limits of its module.
[[nodiscard]] observe::InstanceLog& log_of(Caller& caller) noexcept;
/// Why a guest failed, for the log: the message with the guest's backtrace, or its exit code.
[[nodiscard]] std::string describe(const wasm::Failure& failure);
/// Why its start failed, likewise. Only after poll_start() said so.
[[nodiscard]] std::string describe_start_failure(const GuestInstance& guest);

}  // namespace wasm_grpc::runtime
