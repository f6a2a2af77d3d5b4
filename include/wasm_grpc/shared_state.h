// What the instances of one module may share through the host's own modules, wasm_grpc_atomics_1 and wasm_grpc_kv_1:
// docs/host-modules.md. It is memory of the host, so it is bounded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wasm_grpc {

/// Of one guest module, over all its instances and workers. Nothing is taken before a guest uses it.
struct SharedStateLimits {
  /// Counters it may have: some 200 bytes each, and its name. One more is answered FULL. 0: none.
  std::uint32_t max_counters = 10'000;

  /// Bytes its key-value store may hold, keys and values and 320 for each pair. What does not fit is answered FULL. 0:
  /// none.
  std::size_t max_kv_bytes = std::size_t{64} << 20;

  /// Bytes one value may have: the host copies it while nothing else runs on that worker. A larger one is answered
  /// TOO_LARGE.
  std::size_t max_kv_value = std::size_t{1} << 20;

  [[nodiscard]] bool operator==(const SharedStateLimits&) const = default;
};

}  // namespace wasm_grpc
