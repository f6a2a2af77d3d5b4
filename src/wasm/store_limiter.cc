#include "wasm/store_limiter.h"

#include <wasmtime.h>

#include <algorithm>
#include <utility>

extern "C" void wasm_grpc_store_set_limiter(wasmtime_store_t* store, wasm_grpc::wasm::LimiterCallbacks* limiter);

namespace wasm_grpc::wasm {

namespace {

StoreLimiter& limiter_of(void* env) noexcept { return *static_cast<StoreLimiter*>(env); }

}  // namespace

StoreLimiter::StoreLimiter(const MemoryLimits& limits, MemoryReservation room)
    : limits_(limits),
      reservation_(std::move(room)),
      least_(reservation_.bytes()),
      callbacks_{
          .env = this,
          .memory_growing =
              [](void* env, std::size_t current, std::size_t desired, std::size_t maximum) {
                return limiter_of(env).memory_growing(current, desired, maximum);
              },
          .memory_grow_failed =
              [](void* env) {
                limiter_of(env).refused_ = true;
                limiter_of(env).in_doubt_ = true;
              },
          .table_growing = [](void* env, std::size_t current, std::size_t desired,
                              std::size_t maximum) { return limiter_of(env).table_growing(current, desired, maximum); },
          // Only where it was not asked: a table has its slot, which is there.
          .table_grow_failed = [](void* env) { limiter_of(env).refused_ = true; }} {}

void StoreLimiter::install(wasmtime_store* store) noexcept { wasm_grpc_store_set_limiter(store, &callbacks_); }

void StoreLimiter::set_memory(std::size_t bytes) noexcept {
  memory_ = bytes;
  in_doubt_ = false;
  reservation_.shrink_to(std::max(used(), least_));
}

bool StoreLimiter::memory_growing(std::size_t current, std::size_t desired, std::size_t maximum) noexcept {
  if (in_doubt_) set_memory(current);
  // A maximum that the module declares is refused here too: what is allowed here is to be what happens.
  refused_ = desired > std::min(maximum, limits_.max_memory_bytes) || !reserve(desired + table_);
  if (!refused_) memory_ = desired;
  return !refused_;
}

bool StoreLimiter::table_growing(std::size_t, std::size_t desired, std::size_t maximum) noexcept {
  const std::size_t most = std::min({maximum, limits_.max_table_elements, std::size_t{1} << 32});
  refused_ = desired > most || !reserve(memory_ + desired * table_element_bytes);
  if (!refused_) table_ = desired * table_element_bytes;
  return !refused_;
}

/// So that it has `bytes` in all.
bool StoreLimiter::reserve(std::size_t bytes) noexcept {
  if (limits_.budget == nullptr || bytes <= reservation_.bytes()) return true;
  if (!reservation_) static_cast<void>(limits_.budget->try_reserve(0, reservation_));
  if (reservation_.grow(bytes - reservation_.bytes())) return true;
  limits_.budget->count_refused_growth();
  return false;
}

}  // namespace wasm_grpc::wasm
