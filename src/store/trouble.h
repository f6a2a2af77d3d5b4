// What the log says of a store that does not work: once, and not for each operation.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "wasm_grpc/log.h"

namespace wasm_grpc::store {

/// Takes a line for the log; called on any thread.
using Say = std::function<void(LogLevel level, const std::string& text)>;

/// Of one thread of a store.
class Trouble {
 public:
  /// `what` begins each line: "the store /var/lib/state".
  Trouble(std::string what, Say say) : what_(std::move(what)), say_(std::move(say)) {}

  /// Says why something failed, and what guests are answered, when that is news or ten seconds have passed.
  void at(const std::string& why, std::string_view answer = "UNAVAILABLE");
  /// Something succeeded: says so when trouble was told of.
  void over();
  /// Says that an operation of a module was slow, if it was, once in ten seconds, with how many more there were.
  void took(std::chrono::nanoseconds time, std::string_view module, std::string_view operation);

 private:
  static constexpr std::chrono::seconds pause{10};
  static constexpr std::chrono::seconds slow{1};

  const std::string what_;
  const Say say_;
  std::string why_;
  std::chrono::steady_clock::time_point said_{};
  std::chrono::steady_clock::time_point slow_said_{};
  std::uint64_t slow_ = 0;  // since then
};

}  // namespace wasm_grpc::store
