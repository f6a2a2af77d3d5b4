// What is counted of one module's guests on one worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rpc/counter.h"
#include "rpc/duration_meter.h"
#include "wasm_grpc/counters.h"

namespace wasm_grpc::runtime {

/// Why an instance was discarded in the middle of something.
enum class GuestFailure : std::uint8_t {
  trap,
  stack_overflow,
  out_of_memory,  // it trapped or exited after its memory or table did not grow
  exit,
  cpu_time,       // it used up GuestLimits::max_cpu_time
  start,          // of any kind, while it started
  past_deadline,  // its call had ended so, and it did not return in time
  cancelled,
  answered,
  event_time,  // it was not done with an event within GuestLimits::max_event_time
  made_way,    // its call only waited for its client, who had more than others that waited
};
inline constexpr std::size_t guest_failures = 11;
/// Its name in ModuleCounters::failures.
[[nodiscard]] std::string_view name(GuestFailure failure) noexcept;

class GuestModule;
struct GuestInstance;
/// Why poll() of its instance failed.
[[nodiscard]] GuestFailure classify(GuestInstance& guest) noexcept;

/// Counted on the worker's thread.
struct GuestCounters {
  rpc::Counter instances_made;
  rpc::Counter instances_discarded;
  rpc::Counter instances_idle;
  rpc::Counter instances_starting;
  rpc::Counter calls_waiting;
  rpc::Counter calls_waited;
  rpc::DurationMeter waits;   // of calls_waited, once they are over
  rpc::DurationMeter starts;  // of instances
  rpc::Counter calls_refused;
  rpc::Counter calls_unavailable;
  std::array<rpc::Counter, guest_failures> failures;

  /// Adds these to a total.
  void add_to(ModuleCounters& total) const;
  /// Counts besides what another has counted that is not used any more.
  void take_over(const GuestCounters& other) noexcept;
  void failed(GuestFailure failure) noexcept { ++failures[static_cast<std::size_t>(failure)]; }
};

/// What add_to() adds to: what is not counted by workers.
[[nodiscard]] ModuleCounters counters_of(const GuestModule& module);

}  // namespace wasm_grpc::runtime
