#include "store/meter.h"

#include <memory>

namespace wasm_grpc::store {

void Meter::count(std::size_t thread, const Operation& operation, const Answer& answer,
                  std::chrono::nanoseconds time) noexcept {
  Place& place = places_[thread];
  place.times.record(time);
  if (answer.outcome == Outcome::unavailable) {
    ++place.failed;
  } else if (std::holds_alternative<Get>(operation)) {
    ++place.gets;
    place.read += answer.value.size();
  } else if (std::holds_alternative<List>(operation)) {
    ++place.gets;
  } else if (const auto* const many_keys = std::get_if<GetMany>(&operation)) {
    place.gets += many_keys->keys.size();
    for (const Answer& one : answer.each) place.read += one.value.size();
  } else if (const auto* const many = std::get_if<ChangeMany>(&operation)) {
    for (std::size_t i = 0; i < many->changes.size(); ++i) {
      const auto* const one = std::get_if<Set>(&many->changes[i]);
      ++(one != nullptr ? place.sets : place.removes);
      if (one != nullptr && i < answer.each.size() && answer.each[i].number != 0) place.written += one->value.size();
    }
  } else if (const auto* const set = std::get_if<Set>(&operation)) {
    ++place.sets;
    if (answer.outcome == Outcome::done) place.written += set->value.size();
  } else if (std::holds_alternative<Remove>(operation)) {
    ++place.removes;
  } else {
    ++place.counter_operations;
  }
}

StoreCounters Meter::counters() const {
  StoreCounters counters;
  counters.module = module_;
  const auto total = std::make_unique<rpc::DurationTotal>();
  for (const Place& place : places_) {
    counters.gets += place.gets;
    counters.sets += place.sets;
    counters.removes += place.removes;
    counters.counter_operations += place.counter_operations;
    counters.failed += place.failed;
    counters.given_up += place.given_up;
    counters.value_bytes_read += place.read;
    counters.value_bytes_written += place.written;
    place.times.add_to(*total);
  }
  counters.refused = refused_.load(std::memory_order_relaxed);
  counters.times = total->durations();
  return counters;
}

}  // namespace wasm_grpc::store
