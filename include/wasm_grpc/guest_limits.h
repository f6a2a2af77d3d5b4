// What guests may use: those of a server, or of one module (ModuleOptions::guests). docs/operate.md shows all limits
// together: the flag, the default, what the caller gets.
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
  /// than a call should need, and bound what a guest that loops costs where the client set no deadline. In event style
  /// that is for one event, and for all events of a call together, which may have a tenth of a core besides: such a
  /// call ends with RESOURCE_EXHAUSTED, and the instance lives on.
  std::chrono::milliseconds max_cpu_time{10'000};

  /// In event style: how long its guest may take for one event, from the first time it does not go on at once, waits
  /// included. Past it the instance is destroyed, and the calls it knew end with UNAVAILABLE: an event that never ends
  /// keeps all of them waiting. 0: for ever.
  std::chrono::milliseconds max_event_time{60'000};

  /// Bytes one response message may have: the host copies it. With a larger one the call is answered
  /// RESOURCE_EXHAUSTED. (Of requests: ServerOptions::max_message_size.)
  std::size_t max_response_size = std::size_t{64} << 20;

  /// How long a guest runs before others have their turn: the end of a slice comes with a tick of this length. Shorter
  /// slices serve others sooner, longer ones spare switches. 1 ms to 1 s.
  std::chrono::milliseconds time_slice{1};

  // ---- Of one module ----

  /// Bytes of its file that are accepted for compilation, whose cost grows with them.
  std::size_t max_module_bytes = std::size_t{64} << 20;

  /// Instances it may have alive. 0: all of the process's (ServerOptions::max_instances), less half of them where there
  /// are other modules, which is kept for those in equal parts, one at least for each.
  std::uint32_t max_instances = 0;

  /// How much of one core an instance in event style may use over time, in percent; one second of it at once. Above it
  /// the instance is paused. 0: all, when nobody else wants it.
  unsigned max_instance_cpu_percent = 0;

  /// Most calls on one worker that wait for an instance. One more is answered RESOURCE_EXHAUSTED, or in its place one
  /// of the client that has most of them. As many streams again may wait whose clients have said nothing yet.
  std::size_t max_waiting_calls = 1024;

  [[nodiscard]] bool operator==(const GuestLimits&) const = default;
};

}  // namespace wasm_grpc
