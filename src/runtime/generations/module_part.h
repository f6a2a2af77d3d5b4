// What one worker has of one module.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "observe/metrics/method_meters.h"
#include "rpc/method_table.h"
#include "runtime/guests/background_start.h"
#include "runtime/guests/event_hubs.h"
#include "runtime/guests/guest_calls.h"
#include "runtime/instances/instance_pool.h"
#include "runtime/sharing/loans.h"

namespace wasm_grpc::runtime {

/// What the parts on one worker share. All outlive them.
struct PartContext {
  PoolContext pools;
  GuestContext guests;
  GuestCalls& calls;
  Loans* loans = nullptr;  // nullptr: no work is shared
  unsigned worker = 0;     // of so many
  unsigned workers = 1;
  observe::MethodMeters* meters = nullptr;  // nullptr: calls are not counted by their method
};

/// The instances of a module on one worker, and what begins its calls. It serves its methods from serve() to
/// withdraw(); calls that have begun go on after that, and calls that other workers lend are served before and after
/// it. Used on its worker's thread.
class ModulePart {
 public:
  /// `home`: the worker, modulo their number, where the one instance of a module with Placement::process is.
  ModulePart(std::shared_ptr<const GuestModule> module, unsigned home, const PartContext& context);
  ModulePart(const ModulePart&) = delete;
  ModulePart& operator=(const ModulePart&) = delete;

  [[nodiscard]] const GuestModule& module() const noexcept { return pool_.module(); }
  [[nodiscard]] InstancePool& pool() noexcept { return pool_; }
  [[nodiscard]] const InstancePool& pool() const noexcept { return pool_; }
  /// nullptr where none of its methods is in event style.
  [[nodiscard]] EventHubs* hubs() noexcept { return hubs_.get(); }

  /// Puts its methods into the table, where their paths must be free.
  void serve(rpc::MethodTable& methods);
  /// Takes them out again. Idle instances are given up.
  void withdraw(rpc::MethodTable& methods);
  /// After withdraw(), and once others serve what they take over of it: its methods are none of those that are counted.
  void close_meters() noexcept;

  [[nodiscard]] std::span<const rpc::Method* const> methods() const noexcept { return methods_; }
  /// nullptr for none.
  [[nodiscard]] const rpc::Method* find(std::string_view path, bool is_http) const noexcept;
  /// Calls in progress: of this worker's connections, and those that others have lent it.
  [[nodiscard]] std::uint64_t calls() const noexcept;
  /// Ends those that this worker's guests serve, or that it has lent; those that have not begun are refused when they
  /// do.
  void end_calls() noexcept;
  /// Has guests told that want to know of their end. True when nothing is left to be run, and it may be destroyed. Once
  /// no call can come any more.
  [[nodiscard]] bool comes_to_rest() noexcept;

 private:
  PartContext context_;
  InstancePool pool_;
  BackgroundStart starter_;
  std::unique_ptr<EventHubs> hubs_;
  std::vector<std::unique_ptr<LoanHandler>> handlers_;
  std::vector<const rpc::Method*> methods_;
  std::vector<std::unique_ptr<rpc::Method>> withdrawn_;  // while they are in no table
  bool has_meters_ = false;
};

}  // namespace wasm_grpc::runtime
