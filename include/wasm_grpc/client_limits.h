// What a client may do before its connection, or its call, is ended. docs/security.md shows them together.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace wasm_grpc {

/// All but max_connections and max_window_growth are for one connection. The defaults are far from what gRPC clients
/// do.
struct ClientLimits {
  /// Client connections at once, over all workers. One more is closed right after it was accepted. 0: no limit but that
  /// of open files.
  std::size_t max_connections = 10'000;

  /// Request bytes a stream may hold that its handler has not taken (SETTINGS_INITIAL_WINDOW_SIZE), 64 KiB at least. A
  /// single message larger than this is let in whole. Larger windows help uploads of small messages over long distances
  /// and cost as much memory for every stream whose handler is slow.
  std::uint32_t stream_window = 64 * 1024;

  /// What the windows of all streams of the process may have together beyond that. Where more is on its way from a
  /// client within a round trip than a window allows, and the handler takes what comes, it grows, to 4 MiB at most, and
  /// until the stream ends. 0: windows stay as they are.
  std::size_t max_window_growth = std::size_t{64} << 20;

  /// Request bytes that messages larger than the stream window may take, all streams of the connection together;
  /// further large messages wait for their turn. One message is let in however large it is.
  std::size_t max_large_input = std::size_t{64} << 20;

  /// Bytes of the headers of one request: names, values and 32 for each. A larger list is answered RESOURCE_EXHAUSTED;
  /// one of more than four times as much ends the connection.
  std::uint32_t max_header_list_size = 16 * 1024;

  /// CONTINUATION frames that the headers of one request may take beyond their first frame (CVE-2024-27983).
  std::uint32_t max_continuations = 8;

  /// Streams a client may reset right after it has opened them (within some 20 ms), at once, and a second after that;
  /// the same again for errors of its own that reset one. Resets of older streams, and of those that were answered,
  /// count as overhead below: clients reset streams that the server has ended early, and cancel calls that they have
  /// waited for. Opening and resetting streams is cheap for a client and not for a server (CVE-2023-44487,
  /// CVE-2025-8671).
  std::uint32_t reset_burst = 1000;
  std::uint32_t resets_per_second = 200;

  /// Frames that carry no part of a call (PING, PRIORITY, WINDOW_UPDATE, empty DATA, late RST_STREAM, unknown types;
  /// SETTINGS counts as 100) a client may send at once, and a second after that. Each message frame sent to it allows
  /// for 20 more.
  std::uint32_t overhead_burst = 10'000;
  std::uint32_t overhead_per_second = 1000;

  /// How long a new connection may take to open: the TLS handshake, where there is one, the HTTP/2 preface and the
  /// client's SETTINGS. 0: for ever.
  std::chrono::milliseconds handshake_timeout{10'000};

  /// How long the headers of a request may take from their first byte to their last; 0: for ever.
  std::chrono::milliseconds header_timeout{10'000};

  /// How long a client may send nothing of a request that it has not ended, while the server would take more (up to a
  /// quarter longer). The call is then answered DEADLINE_EXCEEDED, or 408 where it is HTTP. 0: for ever; who opens a
  /// stream to listen is silent by right.
  std::chrono::milliseconds request_idle_timeout{0};

  /// How long a client may leave all answers that wait for it untaken; 0: for ever, while there is room
  /// (ServerOptions::max_unread_output). A client that pauses all its streams for longer is cut off too.
  std::chrono::milliseconds stall_timeout{0};

  [[nodiscard]] bool operator==(const ClientLimits&) const = default;
};

}  // namespace wasm_grpc
