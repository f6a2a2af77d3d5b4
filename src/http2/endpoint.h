// The HTTP/2 server of one worker.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "http2/host.h"
#include "http2/settings.h"
#include "rpc/method_table.h"
#include "rpc/timer_queue.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::http2 {

struct Core;
class Listener;
class TlsContext;

/// Listens, reads, starts handlers, writes. Everything happens on the thread that runs `io`; no function is
/// thread-safe, and none may be called from another thread. All that is given to the constructor outlives it.
///
/// Handlers are started while a connection is read; what they answer is sent by flush(), so that the answers to what
/// arrived together leave together. Every call that a handler has retained must be released before the endpoint is
/// destroyed.
class Endpoint {
 public:
  Endpoint(asio::io_context& io, const Settings& settings, const rpc::MethodTable& methods, rpc::TimerQueue& timers,
           Host& host);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Listens on "ADDR:PORT"; may be called for several addresses. With `reuse_port` other sockets may listen on the
  /// same port, each with its share of the connections. The error names the address and the reason.
  /// With `tls`, that is what is spoken there.
  [[nodiscard]] Result<> listen(const std::string& address, bool reuse_port, std::shared_ptr<TlsContext> tls = nullptr);
  /// Listens on a unix socket; its file is removed at the end, and a stale one before. Connections go in turn to this
  /// endpoint and the `others`, which run on other threads. Before any of these threads runs.
  [[nodiscard]] Result<> listen_unix(const std::string& path, std::span<Endpoint* const> others);
  /// Where the last successful listen() listens: the real port, when 0 was asked for.
  [[nodiscard]] asio::ip::tcp::endpoint local_address() const;

  /// Writes what connections have to say, each with one write as far as possible. Not from inside a handler's start()
  /// or a listener's function.
  void flush() noexcept;

  /// Ends gracefully: accepts no more connections, tells clients (GOAWAY), finishes the running calls. Host::drained()
  /// is called when the last connection is gone; at once, when there is none. There is no time limit: close() is one.
  void drain() noexcept;
  /// Ends at once: connections are closed, calls are cancelled. Nothing of it happens later.
  void close() noexcept;

  [[nodiscard]] const Counters& counters() const noexcept;
  /// Streams that are open, or closed and still held by a handler.
  [[nodiscard]] std::size_t live_streams() const noexcept;

 private:
  std::unique_ptr<Core> core_;
  std::vector<std::shared_ptr<Listener>> listeners_;
};

}  // namespace wasm_grpc::http2
