// Counters that all instances of this module share: docs/host-modules.md, wasm_grpc_atomics_1.
//
//   static const Counter visits = Counter::named("visits");
//   visits.add();
#pragma once

#include <cstdint>
#include <string_view>

#include "wasm_grpc/guest/abi.h"

#if defined(__wasm__)
#define WASM_GRPC_ATOMICS(name) __attribute__((import_module("wasm_grpc_atomics_1"), import_name(name)))
#else
#define WASM_GRPC_ATOMICS(name)
#endif

namespace wasm_grpc::guest {

namespace abi {
extern "C" {
WASM_GRPC_ATOMICS("counter") std::int32_t wasm_grpc_atomics_1_counter(const void* name, std::uint32_t name_len);
WASM_GRPC_ATOMICS("load") std::int64_t wasm_grpc_atomics_1_load(std::int32_t counter);
WASM_GRPC_ATOMICS("store") void wasm_grpc_atomics_1_store(std::int32_t counter, std::int64_t value);
WASM_GRPC_ATOMICS("add") std::int64_t wasm_grpc_atomics_1_add(std::int32_t counter, std::int64_t by);
WASM_GRPC_ATOMICS("exchange") std::int64_t wasm_grpc_atomics_1_exchange(std::int32_t counter, std::int64_t value);
WASM_GRPC_ATOMICS("compare_exchange")
std::int64_t wasm_grpc_atomics_1_compare_exchange(std::int32_t counter, std::int64_t expected, std::int64_t desired);
}
}  // namespace abi

/// A 64-bit integer that all instances of this module share, on all workers, for as long as the server runs. Every
/// function is one atomic step; sums wrap around. Cheap: find it once, by named(), and keep it.
class Counter {
 public:
  /// The counter of that name, 1 to 256 bytes; it is 0 at first. One that is not valid when the module has as many as
  /// it may (`--max-counters`), or the name is none.
  [[nodiscard]] static Counter named(std::string_view name) {
    return Counter(abi::wasm_grpc_atomics_1_counter(name.data(), static_cast<std::uint32_t>(name.size())));
  }
  /// Using one that is not valid ends the call with INTERNAL.
  [[nodiscard]] bool valid() const noexcept { return number_ >= 0; }

  [[nodiscard]] std::int64_t load() const { return abi::wasm_grpc_atomics_1_load(number_); }
  void store(std::int64_t value) const { abi::wasm_grpc_atomics_1_store(number_, value); }
  /// What it is after that.
  std::int64_t add(std::int64_t by = 1) const { return abi::wasm_grpc_atomics_1_add(number_, by); }
  /// What it was before.
  std::int64_t exchange(std::int64_t value) const { return abi::wasm_grpc_atomics_1_exchange(number_, value); }
  /// Stores `desired` if it is `expected`. What it was before: `expected` when it was stored.
  std::int64_t compare_exchange(std::int64_t expected, std::int64_t desired) const {
    return abi::wasm_grpc_atomics_1_compare_exchange(number_, expected, desired);
  }

 private:
  explicit Counter(std::int32_t number) : number_(number) {}
  std::int32_t number_;
};

}  // namespace wasm_grpc::guest

#undef WASM_GRPC_ATOMICS
