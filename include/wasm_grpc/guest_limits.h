// What the guests of a server may use. docs/operate.md shows all limits together: the flag, the default, what the
// caller gets.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace wasm_grpc {

struct GuestLimits {
  // ---- Of one instance ----

  /// Bytes its linear memory may have; a guest that wants more sees memory.grow fail.
  std::size_t max_memory_bytes = std::size_t{128} << 20;

  /// Elements each of its tables may have; a guest that wants more sees table.grow fail.
  std::uint32_t max_table_elements = 20'000;

  /// Bytes of stack its code may use; deeper recursion traps. What a guest in C keeps in its linear memory as its stack
  /// is not this. At most 64 MiB. As much again is reserved for host functions; memory is used as guests use it.
  std::size_t max_stack_bytes = std::size_t{512} << 10;

  /// How long it may take to start. A call that waits for that is answered UNAVAILABLE.
  std::chrono::milliseconds start_timeout{10'000};

  // ---- Of one call ----

  /// How long its guest may compute: only the time it runs counts, not what it waits. Past it (by up to two slices) the
  /// call is answered RESOURCE_EXHAUSTED and its instance destroyed. 0: for ever. Ten seconds of computing are far more
  /// than a call should need, and bound what a guest that loops costs where the client set no deadline.
  std::chrono::milliseconds max_cpu_time{10'000};

  /// Bytes one response message may have: the host copies it. With a larger one the call is answered
  /// RESOURCE_EXHAUSTED. (Of requests: ServerOptions::max_message_size.)
  std::size_t max_response_size = std::size_t{64} << 20;

  /// How long a guest runs before others have their turn: the end of a slice comes with a tick of this length. Shorter
  /// slices serve others sooner, longer ones spare switches. 1 ms to 1 s.
  std::chrono::milliseconds time_slice{1};

  // ---- Of one module ----

  /// Bytes of its file that are accepted for compilation, whose cost grows with them.
  std::size_t max_module_bytes = std::size_t{64} << 20;

  /// Instances it may have alive on one worker. 0: all of the worker's (ServerOptions::max_instances, divided among the
  /// workers), less half of them where there are other modules, which is kept for those in equal parts.
  std::uint32_t max_instances = 0;

  /// Most calls on one worker that wait for an instance. One more is answered RESOURCE_EXHAUSTED.
  std::size_t max_waiting_calls = 1024;
};

}  // namespace wasm_grpc
