// wasm_grpc_atomics_1: named counters, shared by the instances of a module. These are in memory.
#include "hostmodules/answers.h"
#include "hostmodules/atomics_arguments.h"
#include "hostmodules/modules.h"
#include "store/memory/counter_table.h"

namespace wasm_grpc::hostmodules {

namespace {

using store::CounterTable;
using Table = ModuleState<CounterTable>;
using Counter = CounterTable::Counter;

/// The counter of that number, or an error that traps the guest.
template <typename Use>
Result<std::uint64_t> with(Table table, std::uint32_t number, const Use& use) {
  Counter* const found = table->find(number);
  if (found == nullptr) return Error{no_counter(number)};
  return use(*found);
}

std::int32_t counter(Table table, std::string_view name) {
  if (!is_counter_name(name)) return INVALID;
  const auto number = table->number_of(name);
  return number ? static_cast<std::int32_t>(*number) : FULL;
}

}  // namespace

HostModule atomics() {
  using U32 = std::uint32_t;
  using U64 = std::uint64_t;
  HostModule module{std::string(atomics_module)};
  module
      .module_state<CounterTable>([](const ModuleOptions& options) {
        return std::make_shared<CounterTable>(options.shared_state.max_counters);
      })
      .function("counter", counter)
      .function("load",
                [](Table table, U32 number) { return with(table, number, [](Counter& c) { return c.load(); }); })
      .function("store",
                [](Table table, U32 number, U64 value) -> Result<> {
                  const auto stored = with(table, number, [&](Counter& c) {
                    c.store(value);
                    return value;
                  });
                  return stored.ok() ? success() : Result<>(stored.error());
                })
      .function("add", [](Table table, U32 number,
                          U64 by) { return with(table, number, [&](Counter& c) { return c.fetch_add(by) + by; }); })
      .function("exchange",
                [](Table table, U32 number, U64 value) {
                  return with(table, number, [&](Counter& c) { return c.exchange(value); });
                })
      .function("compare_exchange", [](Table table, U32 number, U64 expected, U64 desired) {
        return with(table, number, [&](Counter& c) {
          c.compare_exchange_strong(expected, desired);
          return expected;  // what it was
        });
      });
  return module;
}

}  // namespace wasm_grpc::hostmodules
