// What an operator may tune about HTTP/2.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::http2 {

struct Settings {
  /// The largest request message in bytes; a larger one is refused with RESOURCE_EXHAUSTED before it is read.
  /// 4 MiB is what gRPC clients and servers use when not told otherwise. Responses are not limited.
  std::size_t max_message_size = 4 * 1024 * 1024;

  /// How long a call may take, from its headers to its answer: then DEADLINE_EXCEEDED. 0: for ever.
  std::chrono::milliseconds max_call_time{0};
  /// For calls of this method.
  [[nodiscard]] std::chrono::milliseconds max_call_time_of(const rpc::Method&) const noexcept { return max_call_time; }

  /// How long a client may send nothing of a request that it has not ended, while we would take more; looked at four
  /// times in that time. Then DEADLINE_EXCEEDED, in HTTP 408. 0: for ever.
  std::chrono::milliseconds request_idle_timeout{0};

  /// Streams one client connection may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS). A client keeps further
  /// calls back until one ends; those it opens all the same are reset with REFUSED_STREAM, and the others go on.
  std::uint32_t max_concurrent_streams = 1000;

  /// All header fields of one request, counted as names + values + 32 bytes each (SETTINGS_MAX_HEADER_LIST_SIZE).
  /// A request above it is answered with RESOURCE_EXHAUSTED; above four times of it the connection is ended, since a
  /// few compressed bytes can stand for many.
  std::uint32_t max_header_list_size = 16 * 1024;

  /// Request bytes a stream may hold that its handler has not taken (SETTINGS_INITIAL_WINDOW_SIZE). A single message
  /// larger than this is let in whole. Larger windows help uploads of small messages over long distances and cost as
  /// much memory for every stream whose handler is slow.
  std::uint32_t stream_window = 64 * 1024;

  /// Bytes on their way to us per connection. Costs no memory here: bytes leave this window as they arrive.
  std::uint32_t connection_window = 4 * 1024 * 1024;

  /// Request bytes that messages larger than the stream window may take in per connection, all together; further large
  /// messages of that connection wait for their turn. One message is let in however large it is.
  std::size_t max_large_input = 64 * 1024 * 1024;

  /// How many streams a client may reset in a burst, and how many a second after that, before its connection is ended
  /// with GOAWAY. The same figures hold for resets its errors force on us. Opening and resetting streams is cheap for a
  /// client and not for a server (CVE-2023-44487, CVE-2025-8671); ordinary cancellation stays far below.
  std::uint32_t reset_burst = 1000;
  std::uint32_t resets_per_second = 200;

  /// How many frames that carry no part of a call a client may send in a burst, and how many a second after that,
  /// before its connection is ended with GOAWAY: PING, PRIORITY, WINDOW_UPDATE, DATA that is empty or little but
  /// padding, frames of unknown types; SETTINGS counts as 100. Each message frame we send allows for 20 more. Clients
  /// send some such frames a second at most; a much lower burst ends those that read large answers in small pieces.
  std::uint32_t overhead_burst = 10'000;
  std::uint32_t overhead_per_second = 1000;

  /// CONTINUATION frames of one header block; one more ends the connection (CVE-2024-27983). A client needs none for
  /// headers below the limit above, which fit into one frame.
  std::uint32_t max_continuations = 8;

  /// How long a new connection may take to open: the TLS handshake, where there is one, the HTTP/2 preface and the
  /// client's SETTINGS. 0: for ever.
  std::chrono::milliseconds handshake_timeout{10'000};

  /// After this much time without a byte from a client (up to twice as much) it is sent a PING, and its connection is
  /// closed when nothing comes back within the timeout: so dead clients are found. 0: never. gRPC's usual values.
  std::chrono::milliseconds keepalive_time{7'200'000};
  std::chrono::milliseconds keepalive_timeout{20'000};

  /// How often a client may ping while it has a call open; every two hours without one. With more than two pings too
  /// many between answers its connection ends with ENHANCE_YOUR_CALM, "too_many_pings". 0: as often as it likes.
  std::chrono::milliseconds min_ping_interval{300'000};
  bool pings_without_calls = false;

  /// A connection without calls for this long is told to go (GOAWAY). 0: never.
  std::chrono::milliseconds max_connection_idle{0};

  /// A connection this old, give or take a tenth, is told to go, so that clients spread anew over the servers behind a
  /// name or balancer. Its calls may end within the grace, then it is closed. 0: never; a grace of 0: no limit.
  std::chrono::milliseconds max_connection_age{0};
  std::chrono::milliseconds max_connection_age_grace{0};

  /// How long the header block of a request, or another frame without data, may take from its first byte to its last,
  /// before the connection is ended; looked at four times in that time. 0: for ever. How long a request body may take
  /// is for the call's deadline to say.
  std::chrono::milliseconds header_timeout{10'000};

  /// How long a connection may have answers to send without its client taking any of them (by its flow-control windows
  /// or its socket), before it is ended. 0: for ever; such a client then holds the answers of all its streams in
  /// memory. A client that pauses all its streams for longer is cut off too.
  std::chrono::milliseconds stall_timeout{120'000};
};

}  // namespace wasm_grpc::http2
