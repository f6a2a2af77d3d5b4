// All that one worker has of modules: of those that are served, those that are about to be, and those that were.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rpc/timer_queue.h"
#include "runtime/generations/module_part.h"
#include "runtime/generations/retirement.h"
#include "wasm_grpc/counters.h"

namespace wasm_grpc::runtime {

/// Used on its worker's thread, but for add_counters(). A part that has retired is looked at every few milliseconds,
/// and destroyed once no worker has a call of its module.
class ModuleParts final : public LoanMethods, private rpc::Timer {
 public:
  /// `methods` is the worker's table; it and what the context has outlive this.
  ModuleParts(rpc::MethodTable& methods, const PartContext& context) : methods_(methods), context_(context) {}
  ~ModuleParts() override;

  /// Calls are lent to other workers from now on, before the first part is made.
  void share(Loans& loans) noexcept { context_.loans = &loans; }
  /// Counts calls by their method from now on, likewise.
  void use_meters(observe::MethodMeters& meters) noexcept { context_.meters = &meters; }

  /// Makes a part, which is known for loans and serves nothing yet; its warm instances start.
  ModulePart& add(std::shared_ptr<const GuestModule> module, unsigned home);
  /// The part of a module that the worker knows.
  [[nodiscard]] ModulePart& of(const GuestModule& module) noexcept { return *parts_.at(&module); }

  /// From here on the modules that have retired serve no new call, be it that they never have, and those of `served`
  /// do.
  void exchange(std::span<const std::shared_ptr<Retirement>> retired,
                std::span<const std::shared_ptr<const GuestModule>> served);

  [[nodiscard]] const rpc::Method* find(const GuestModule& module, std::string_view path,
                                        bool is_http) const noexcept override;

  /// Has the guests of all hubs told that want to know of their end. True when there are none left.
  [[nodiscard]] bool end_all_hubs() noexcept;
  void abandon_hubs() noexcept;
  void top_up() noexcept;

  /// Adds what was counted of the guests of a module of that name, also by parts that are gone. From any thread.
  using Totals = std::unordered_map<std::string_view, ModuleCounters*>;
  void add_counters(const Totals& totals) const;

 private:
  struct Retiring {
    std::shared_ptr<Retirement> retirement;
    bool counted_idle = false;
    bool ended_calls = false;
    bool abandoned_hubs = false;
  };

  void on_timer() noexcept override;
  /// True when its part is gone.
  [[nodiscard]] bool look_at(Retiring& retiring, rpc::Clock::time_point now) noexcept;
  void destroy(const GuestModule& module) noexcept;

  rpc::MethodTable& methods_;
  PartContext context_;
  std::vector<Retiring> retiring_;
  mutable std::mutex mutex_;  // of what follows, where it changes or another thread reads it
  std::unordered_map<const GuestModule*, std::unique_ptr<ModulePart>> parts_;
  std::unordered_map<std::string, GuestCounters> past_;  // by parts that are gone, by the names of their modules
};

}  // namespace wasm_grpc::runtime
