// What the admin address is told of the server.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/trials.h"
#include "observe/log/recent_lines.h"
#include "wasm_grpc/counters.h"

namespace wasm_grpc::admin {

/// A limit of the server, and how much of it is in use.
struct LimitUse {
  std::string name;
  std::uint64_t used = 0;
  std::uint64_t most = 0;  // 0: it has none
  bool in_bytes = false;
};

/// Whether the server takes calls.
enum class Readiness : std::uint8_t {
  ready,
  unhealthy,  // no module can start instances, or has the store that it needs
  stopping,
};

/// Called on the admin's thread; what they name is thread-safe and outlives it.
struct View {
  std::function<ServerCounters()> counters;
  std::function<Readiness()> readiness;
  std::function<std::vector<observe::RecentLine>()> recent_lines;
  /// Of these counters.
  std::function<std::vector<LimitUse>(const ServerCounters& counters)> limits;
  std::shared_ptr<Trials> trials;      // nullptr: methods are not to be tried from there
  std::vector<std::string> addresses;  // where clients are served
  std::size_t workers = 0;
  std::chrono::system_clock::time_point started;
};

}  // namespace wasm_grpc::admin
