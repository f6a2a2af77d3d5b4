// How a server deals with its clients' connections, and with the calls on each.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "wasm_grpc/client_limits.h"
#include "wasm_grpc/protocols.h"

namespace wasm_grpc {

/// The part of ServerOptions that is of connections.
struct ConnectionOptions {
  /// What is spoken with clients.
  Protocols protocols;

  /// Bytes one request message may have, as it comes and decompressed; a larger one is answered RESOURCE_EXHAUSTED.
  /// 4 MiB is what gRPC clients and servers use when not told otherwise. Responses are not limited here.
  std::size_t max_message_size = std::size_t{4} << 20;

  /// How long a call may take, from its headers to its answer; its client may set it a shorter deadline. One that takes
  /// longer is answered DEADLINE_EXCEEDED, or 504 where it is HTTP. Holds for calls on the server's own connections,
  /// but for those of modules and methods that have a time of their own (ModuleOptions::max_call_time). 0: for ever.
  std::chrono::milliseconds max_call_time{0};

  /// Streams one client connection may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS). A client keeps further
  /// calls back until one ends; those it opens all the same are reset with REFUSED_STREAM, and the others go on.
  std::uint32_t max_concurrent_streams = 1000;

  /// What a client may do before its connection is ended.
  ClientLimits clients;

  /// After this much time without a byte from a client (up to twice as much) it is sent a PING, and its connection is
  /// closed when nothing comes back within the timeout (at least 1 ms): so dead clients are found. A time of 0: never.
  /// gRPC's usual values.
  std::chrono::milliseconds keepalive_time{7'200'000};
  std::chrono::milliseconds keepalive_timeout{20'000};

  /// How often a client may ping while it has a call open; every two hours without one. With more than two pings too
  /// many between answers its connection ends with ENHANCE_YOUR_CALM, "too_many_pings". 0: as often as it likes.
  std::chrono::milliseconds min_ping_interval{300'000};

  /// Whether that interval holds for clients without a call too, rather than two hours: gRPC's "permit keepalive
  /// without calls".
  bool pings_without_calls = false;

  /// A connection without calls for this long is told to go (GOAWAY). 0: never.
  std::chrono::milliseconds max_connection_idle{0};

  /// A connection this old, give or take a tenth, is told to go, so that clients spread anew over the servers behind a
  /// name or balancer. Its calls may end within the grace, then it is closed. 0: never; a grace of 0: no limit.
  std::chrono::milliseconds max_connection_age{0};
  std::chrono::milliseconds max_connection_age_grace{0};

  [[nodiscard]] bool operator==(const ConnectionOptions&) const = default;
};

}  // namespace wasm_grpc
