// wasm_grpc_atomics_1 over a store that outlives the process: its guests wait for the answers. Every i64 may be a
// value, so a store that is away can only be told by a trap.
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hostmodules/answers.h"
#include "hostmodules/atomics_arguments.h"
#include "hostmodules/modules.h"
#include "hostmodules/stored.h"

namespace wasm_grpc::hostmodules {

namespace {

constexpr const char* away = "the store of its counters does not answer";

/// The numbers by which guests know the counters of the store. As many as the store has, which bounds them.
class CounterNumbers {
 public:
  [[nodiscard]] std::optional<std::int32_t> find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto known = numbers_.find(name);
    return known == numbers_.end() ? std::nullopt : std::optional(known->second);
  }
  /// The number of the counter that the store knows as `stored`.
  [[nodiscard]] std::int32_t add(std::string_view name, std::int64_t stored) {
    const std::lock_guard lock(mutex_);
    const auto [known, added] = numbers_.emplace(name, static_cast<std::int32_t>(stored_.size()));
    if (added) stored_.push_back(stored);
    return known->second;
  }
  [[nodiscard]] std::optional<std::int64_t> stored(std::uint32_t number) const {
    const std::lock_guard lock(mutex_);
    return number < stored_.size() ? std::optional(stored_[number]) : std::nullopt;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::int32_t, std::less<>> numbers_;
  std::vector<std::int64_t> stored_;
};

struct StoredCounters : Stored {
  using Stored::Stored;
  CounterNumbers numbers;
};

using Counters = ModuleState<StoredCounters>;
using Kind = store::ChangeCounter::Kind;

void counter(Counters counters, Completion<std::int32_t> done, std::string_view name) {
  if (!is_counter_name(name)) {
    done.complete(INVALID);
    return;
  }
  if (const auto known = counters->numbers.find(name)) {
    done.complete(*known);
    return;
  }
  done.give_up_at(counters->limit(), UNAVAILABLE);
  counters->store->submit(request_of_guest(
      store::FindCounter{std::string(name)}, done,
      [&numbers = counters->numbers, kept = std::string(name)](const store::Answer& found) -> Result<std::int32_t> {
        if (found.outcome == store::Outcome::full) return FULL;
        if (found.outcome != store::Outcome::done) return UNAVAILABLE;
        return numbers.add(kept, static_cast<std::int64_t>(found.number));
      }));
}

/// Submits `operation` of the counter that the guest knows by that number.
template <typename R, typename Operation>
void submit(Counters counters, const Completion<R>& done, std::uint32_t number, Operation operation) {
  const auto stored = counters->numbers.stored(number);
  if (!stored) {
    done.fail(no_counter(number));
    return;
  }
  operation.counter = *stored;
  done.fail_at(counters->limit(), away);
  counters->store->submit(
      request_of_guest(operation, done, [](const store::Answer& answer) -> Result<typename Completion<R>::Value> {
        if (answer.outcome != store::Outcome::done) return Error{away};
        if constexpr (std::is_void_v<R>) {
          return success();
        } else {
          return answer.number;
        }
      }));
}

void load(Counters counters, Completion<std::uint64_t> done, std::uint32_t number) {
  submit(counters, done, number, store::LoadCounter{});
}

void store_value(Counters counters, Completion<> done, std::uint32_t number, std::uint64_t value) {
  submit(counters, done, number, store::ChangeCounter{.kind = Kind::store, .operand = value});
}

void add(Counters counters, Completion<std::uint64_t> done, std::uint32_t number, std::uint64_t by) {
  submit(counters, done, number, store::ChangeCounter{.kind = Kind::add, .operand = by});
}

void exchange(Counters counters, Completion<std::uint64_t> done, std::uint32_t number, std::uint64_t value) {
  submit(counters, done, number, store::ChangeCounter{.kind = Kind::exchange, .operand = value});
}

void compare_exchange(Counters counters, Completion<std::uint64_t> done, std::uint32_t number, std::uint64_t expected,
                      std::uint64_t desired) {
  submit(counters, done, number,
         store::ChangeCounter{.kind = Kind::compare_exchange, .operand = desired, .expected = expected});
}

}  // namespace

HostModule stored_atomics(std::shared_ptr<store::Stores> stores) {
  HostModule module{std::string(atomics_module)};
  module.instead_when(is_stored)
      .module_state<StoredCounters>([stores = std::move(stores)](const ModuleOptions& options) {
        return std::make_shared<StoredCounters>(*stores, options);
      })
      .function("counter", counter)
      .function("load", load)
      .function("store", store_value)
      .function("add", add)
      .function("exchange", exchange)
      .function("compare_exchange", compare_exchange);
  return module;
}

}  // namespace wasm_grpc::hostmodules
