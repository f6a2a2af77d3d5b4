// What an instance whose methods are coroutines is told of without a call: its alarm, and its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "wasm_grpc/guest/abi.h"

namespace wasm_grpc::guest {

/// Sets the instance's one alarm: what Registry::on_alarm() has been given runs after `time`, whether there are calls
/// or not, instead of when it was to before. False where it cannot be: while the services are declared, in plain
/// handlers, and on a host that is too old. An instance with an alarm is kept though it has no calls, as long as nobody
/// else needs its room.
inline bool set_alarm(std::chrono::nanoseconds time) {
  return abi::wasm_grpc_1_alarm(time.count() < 0 ? 0 : time.count()) == abi::ok;
}
/// Takes it back.
inline void cancel_alarm() { (void)abi::wasm_grpc_1_alarm(-1); }

/// Whether what Registry::on_ending() has been given runs before the instance is given up; it does at first. An
/// instance that has nothing to save goes sooner without. False in plain handlers, and on a host that is too old.
inline bool tell_of_ending(bool wanted) { return abi::wasm_grpc_1_ending(wanted ? 1 : 0) == abi::ok; }

namespace detail {

/// The functions of an instance's events. They must not throw.
struct InstanceEvents {
  std::function<void()> alarm;
  std::function<void()> ending;

  void take(std::int32_t event) const {
    const std::function<void()>* const handler = event == abi::event_alarm    ? &alarm
                                                 : event == abi::event_ending ? &ending
                                                                              : nullptr;
    if (handler != nullptr && *handler) (*handler)();
  }
};

}  // namespace detail
}  // namespace wasm_grpc::guest
