// How long the instances of a module live, and how many are kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace wasm_grpc {

/// Whether calls meet what earlier calls left in an instance's memory.
enum class InstanceMode : std::uint8_t {
  shared,  // an instance serves one call after the other; its guest keeps its globals and memory in between
  fresh,   // each call has a new instance, destroyed after it: nothing of one call can reach another
};

/// All numbers are for one module on one worker.
struct InstanceLife {
  InstanceMode mode = InstanceMode::shared;

  /// Instances that are started ahead and kept, so that calls find them ready. Made at the start, in the background,
  /// and again as they are used up or reclaimed.
  std::uint32_t warm = 1;

  /// An instance that has served this many calls is replaced. 0: never.
  std::uint64_t max_calls = 0;

  /// An instance this old is replaced before it serves another call. 0: never.
  std::chrono::milliseconds max_age{0};

  /// An instance whose memory has grown past this many bytes is replaced after the call: wasm memory never shrinks.
  /// It may always keep what it had when it was started. 0: never.
  std::size_t max_kept_memory = std::size_t{64} << 20;

  /// Instances beyond `warm` that were not needed for this long (up to twice as long) are destroyed, and their memory
  /// goes back to the system. 0: never.
  std::chrono::milliseconds idle_timeout{60'000};

  [[nodiscard]] bool operator==(const InstanceLife&) const = default;
};

}  // namespace wasm_grpc
