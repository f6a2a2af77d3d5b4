#include "runtime/sound_options.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "client/outgoing/targets.h"
#include "wasm_grpc/rpc/metadata.h"

namespace wasm_grpc::runtime {

namespace {

Result<> check(const GuestLimits& limits) {
  if (limits.time_slice < std::chrono::milliseconds(1) || limits.time_slice > std::chrono::seconds(1)) {
    return Error{"the time slice is " + std::to_string(limits.time_slice.count()) + " ms; expected 1 to 1000"};
  }
  constexpr std::size_t least_stack = std::size_t{16} << 10;
  constexpr std::size_t most_stack = std::size_t{64} << 20;
  if (limits.max_stack_bytes < least_stack || limits.max_stack_bytes > most_stack) {
    return Error{"the stack of guests is " + std::to_string(limits.max_stack_bytes) +
                 " bytes; expected 16 KiB to 64 MiB"};
  }
  return success();
}

constexpr std::chrono::milliseconds least_metrics_interval{100};

/// NaN is none.
Result<> check_part(std::string_view what, double part) {
  if (part >= 0 && part <= 1) return success();
  return Error{std::string(what) + " is " + std::to_string(part) + "; expected a part of all, 0 to 1"};
}

Result<> check_collector(std::string_view signal, const CollectorOptions& options) {
  for (const auto& [key, value] : options.metadata) {
    if (!rpc::is_valid_key(key) || (!rpc::is_binary_key(key) && !rpc::is_valid_ascii_value(value))) {
      return Error{"the metadata for the collector of " + std::string(signal) + " has " + key +
                   ", which with its value is no metadata of gRPC"};
    }
  }
  return success();
}

}  // namespace

Result<> check(const ConnectionOptions& options) {
  if (options.keepalive_timeout < std::chrono::milliseconds(1)) {
    return Error{"the keepalive timeout is " + std::to_string(options.keepalive_timeout.count()) +
                 " ms; expected at least 1, as every silent client would be dropped"};
  }
  const Protocols& spoken = options.protocols;
  if (spoken.grpc_web || spoken.connect || spoken.rest || spoken.http) return success();
  if (!spoken.grpc) return Error{"no protocol is spoken; expected one at least"};
  if (spoken.http1) {
    return Error{"HTTP/1.1 is to be spoken, and nothing that goes by it: gRPC needs HTTP/2"};
  }
  return success();
}

Result<> check(const ServerOptions& options) {
  if (auto sound = check_part("what is sampled of the calls for traces", options.trace.sample); !sound.ok()) {
    return sound;
  }
  if (auto sound = check_collector("traces", options.trace); !sound.ok()) return sound;
  if (auto sound = check_collector("metrics", options.metrics); !sound.ok()) return sound;
  if (options.metrics.interval < least_metrics_interval) {
    return Error{"the interval of the metrics is " + std::to_string(options.metrics.interval.count()) +
                 " ms; expected at least " + std::to_string(least_metrics_interval.count())};
  }
  if (auto sound = check_part("what is sampled for the access log", options.access_log.sample); !sound.ok()) {
    return sound;
  }
  if (auto sound = check(static_cast<const ConnectionOptions&>(options)); !sound.ok()) return sound;
  if (auto sound = client::check_targets(options.targets); !sound.ok()) return sound;
  return check(options.guests);
}

Result<GuestLimits> limits_of(const ModuleOptions& options, const GuestLimits& server) {
  if (!options.guests) return server;
  const GuestLimits& own = *options.guests;
  const auto too_much = [](std::string_view what, std::size_t asked, std::size_t most) {
    return Error{std::string(what) + " of the module's guests is " + std::to_string(asked) +
                 ", more than the server's " + std::to_string(most) + ", which bounds that of all modules"};
  };
  if (own.max_memory_bytes > server.max_memory_bytes) {
    return too_much("the memory", own.max_memory_bytes, server.max_memory_bytes);
  }
  if (own.max_table_elements > server.max_table_elements) {
    return too_much("the number of table elements", own.max_table_elements, server.max_table_elements);
  }
  if (own.max_stack_bytes > server.max_stack_bytes) {
    return too_much("the stack", own.max_stack_bytes, server.max_stack_bytes);
  }
  if (auto sound = check(own); !sound.ok()) return std::move(sound).error();
  return own;
}

}  // namespace wasm_grpc::runtime
