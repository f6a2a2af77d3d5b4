#include "runtime/instances/guest_counters.h"

#include "runtime/instances/guest_module.h"

namespace wasm_grpc::runtime {

std::string_view name(GuestFailure failure) noexcept {
  static constexpr auto names = std::to_array<std::string_view>({
      "trap",
      "stack overflow",
      "out of memory",
      "exit",
      "cpu time",
      "failed start",
      "past its deadline",
      "cancelled",
      "answered",
      "event time",
      "made way",
  });
  static_assert(names.size() == guest_failures);
  return names[static_cast<std::size_t>(failure)];
}

GuestFailure classify(GuestInstance& guest) noexcept {
  const wasm::Failure& failure = guest.instance.failure();
  if (failure.kind == wasm::Failure::Kind::stack_overflow) return GuestFailure::stack_overflow;
  // A guest learns that its memory does not grow, and decides itself what follows.
  if (guest.instance.growth_refused()) return GuestFailure::out_of_memory;
  return failure.kind == wasm::Failure::Kind::exit ? GuestFailure::exit : GuestFailure::trap;
}

void GuestCounters::add_to(ModuleCounters& total) const {
  // A reader may see a discard before the make of that instance.
  const std::uint64_t made = instances_made, discarded = instances_discarded;
  total.instances_made += made;
  total.instances_discarded += discarded;
  total.instances_alive += made > discarded ? made - discarded : 0;
  total.instances_idle += instances_idle;
  total.instances_starting += instances_starting;
  total.calls_waiting += calls_waiting;
  total.calls_waited += calls_waited;
  total.waits.add(waits.durations());
  total.starts.add(starts.durations());
  total.calls_refused += calls_refused;
  total.calls_unavailable += calls_unavailable;
  for (std::size_t i = 0; i < guest_failures; ++i) total.failures[i].count += failures[i];
}

void GuestCounters::take_over(const GuestCounters& other) noexcept {
  instances_made += other.instances_made;
  instances_discarded += other.instances_made;  // all of them
  calls_waited += other.calls_waited;
  calls_refused += other.calls_refused;
  calls_unavailable += other.calls_unavailable;
  waits.take_over(other.waits);
  starts.take_over(other.starts);
  for (std::size_t i = 0; i < guest_failures; ++i) failures[i] += other.failures[i];
}

ModuleCounters counters_of(const GuestModule& module) {
  ModuleCounters zero;
  zero.name = module.name();
  zero.memory_bytes = module.memory_budget().used();
  zero.growths_refused = module.memory_budget().refused_growths();
  zero.instances_delayed = module.memory_budget().delayed_instances();
  for (std::size_t i = 0; i < guest_failures; ++i) zero.failures.push_back({name(static_cast<GuestFailure>(i)), 0});
  return zero;
}

}  // namespace wasm_grpc::runtime
