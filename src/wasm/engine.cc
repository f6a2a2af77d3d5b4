#include "wasm/engine.h"

#include <sys/mman.h>
#include <wasmtime.h>

#include <string>

namespace wasm_grpc::wasm {

namespace {

// A linear memory's slot: 4 GiB that need no bounds checks, and the guard behind it.
constexpr std::size_t memory_reservation = std::size_t{4} << 30;
constexpr std::size_t memory_guard = std::size_t{32} << 20;
// A small table is cleared rather than given back to the system: it is cheaper than the page fault of the next one.
constexpr std::size_t kept_of_table = 4096;

/// Wasmtime aborts the process when it cannot reserve its slots, so ask the system first.
bool can_reserve(std::size_t bytes) {
  void* place = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) return false;
  munmap(place, bytes);
  return true;
}

}  // namespace

void Engine::Delete::operator()(wasm_engine_t* engine) const noexcept { wasm_engine_delete(engine); }

Result<Engine> Engine::create(const EngineOptions& options) {
  if (options.max_instances == 0) return Error{"the number of instances must be at least 1"};
  // A little more than the memories: tables and stacks come on top.
  if (!can_reserve((options.max_instances + 64) * (memory_reservation + memory_guard))) {
    return Error{"the system has no address space for " + std::to_string(options.max_instances) +
                 " instances (4 GiB each, addresses only); use fewer, or raise `ulimit -v`"};
  }

  wasm_config_t* config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, true);
  wasmtime_config_max_wasm_stack_set(config, options.wasm_stack_bytes);
  wasmtime_config_async_stack_size_set(config, 2 * options.wasm_stack_bytes);
  // What the toolchains of guests emit by default today, and nothing that needs more of the engine.
  wasmtime_config_wasm_simd_set(config, true);
  wasmtime_config_wasm_bulk_memory_set(config, true);
  wasmtime_config_wasm_multi_value_set(config, true);
  wasmtime_config_wasm_tail_call_set(config, true);
  wasmtime_config_wasm_memory64_set(config, false);
  wasmtime_config_wasm_multi_memory_set(config, false);
  // Registering unwind tables takes a global lock and time that grows with the number of modules; guest backtraces do
  // not need them.
  wasmtime_config_native_unwind_info_set(config, false);
  wasmtime_config_memory_init_cow_set(config, true);
  wasmtime_config_memory_reservation_set(config, memory_reservation);
  wasmtime_config_memory_guard_size_set(config, memory_guard);

  wasmtime_pooling_allocation_config_t* pool = wasmtime_pooling_allocation_config_new();
  wasmtime_pooling_allocation_config_total_core_instances_set(pool, options.max_instances);
  wasmtime_pooling_allocation_config_total_memories_set(pool, options.max_instances);
  wasmtime_pooling_allocation_config_total_tables_set(pool, options.max_instances);
  wasmtime_pooling_allocation_config_total_stacks_set(pool, options.max_instances);
  wasmtime_pooling_allocation_config_max_memory_size_set(pool, options.max_memory_bytes);
  wasmtime_pooling_allocation_config_table_elements_set(pool, options.max_table_elements);
  wasmtime_pooling_allocation_config_max_core_instance_size_set(pool, std::size_t{1} << 20);
  wasmtime_pooling_allocation_config_table_keep_resident_set(pool, kept_of_table);
  // Not by PAGEMAP_SCAN, which Wasmtime could use to find the pages an instance has written: pages that are swapped out
  // or being migrated are not present, so it would not find them, and the next instance would.
  wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, options.kept_memory_bytes);
  wasmtime_pooling_allocation_strategy_set(config, pool);
  wasmtime_pooling_allocation_config_delete(pool);

  return Engine(wasm_engine_new_with_config(config), options);
}

void Engine::tick() const noexcept { wasmtime_engine_increment_epoch(engine_.get()); }

}  // namespace wasm_grpc::wasm
