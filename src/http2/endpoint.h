// The HTTP/2 server of one worker.
#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "facade/facades.h"
#include "http2/endpoint_owner.h"
#include "http2/session/bandwidth.h"
#include "http2/session/counters.h"
#include "http2/session/output_budget.h"
#include "net/door.h"
#include "net/networks.h"
#include "rpc/codec_queue.h"
#include "rpc/method_table.h"
#include "rpc/timer_queue.h"
#include "wasm_grpc/connection_options.h"
#include "wasm_grpc/rpc/call_observer.h"
#include "wasm_grpc/rpc/gate.h"

namespace wasm_grpc::http2 {

struct Core;
class Connection;

/// Gets connections, reads, starts handlers, writes. Everything happens on the thread that runs `io`; no function is
/// thread-safe, and none may be called from another thread. All that is given to the constructor outlives it;
/// `settings` hold for connections that come without terms of their own.
///
/// Handlers are started while a connection is read; what they answer is sent by flush(), so that the answers to what
/// arrived together leave together. Large messages are compressed and decompressed in `codecs`, or at once without one.
/// Every call that a handler has retained must be released before the endpoint is destroyed.
class Endpoint final : public net::Receiver {
 public:
  Endpoint(asio::io_context& io, const ConnectionOptions& settings, const rpc::MethodTable& methods,
           rpc::TimerQueue& timers, EndpointOwner& owner, rpc::CodecQueue* codecs = nullptr);
  ~Endpoint() override;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// What is spoken beside gRPC and HTTP, from the next request on. Its count is of this endpoint only.
  void use_facades(std::shared_ptr<const facade::Facades> facades);
  /// From where clients are believed whose their calls are: ServerOptions::certificate_forwarders. Before the first
  /// connection.
  void use_certificate_forwarders(net::Networks networks);

  /// Its calls have the numbers `first`, `first + step` and so on (rpc::Request::number). Likewise.
  void use_call_numbers(std::uint64_t first, std::uint64_t step) noexcept;
  /// The next of these numbers, for a call that comes by another way.
  [[nodiscard]] std::uint64_t take_call_number() noexcept;
  /// Who is told of its calls; it outlives the endpoint. Likewise.
  void use_observer(rpc::CallObserver& observer) noexcept;
  /// Who decides from now on whether calls may begin; nullptr: all may. It lives as long as it is used.
  void use_gate(rpc::Gate* gate) noexcept;

  /// What the windows of streams may grow by, shared with others. Likewise.
  void use_window_budget(std::shared_ptr<WindowBudget> budget);

  /// What calls of gRPC have in their trailer "endpoint-load-metrics-bin" from now on; nothing: none.
  void set_load_trailer(std::string_view report);

  /// Before the first connection. `post` runs a function on the endpoint's thread, from any.
  void use_output_budget(std::shared_ptr<OutputBudget> budget, std::function<void(std::function<void()>)> post);

  [[nodiscard]] asio::io_context& io() noexcept override;
  /// Serves the connection; once the endpoint drains its client is told to go after what it asked for, once it is
  /// closed the connection is closed too.
  void receive(net::Incoming&& connection) noexcept override;
  /// A connection was closed right after it was accepted: counts and reports it, with `detail` as the reason.
  void note_refused(std::string_view peer, std::string_view detail) noexcept;

  /// Writes what connections have to say, each with one write as far as possible. Not from inside a handler's start()
  /// or a listener's function.
  void flush() noexcept;

  /// Ends gracefully: tells clients (GOAWAY), finishes the running calls. It is to get no more connections.
  /// EndpointOwner::drained() is called when the last connection is gone; at once, when there is none. There is no time
  /// limit: close() is one.
  void drain() noexcept;
  /// Ends at once: connections are closed, calls are cancelled. Nothing of it happens later.
  void close() noexcept;

  [[nodiscard]] const Counters& counters() const noexcept;
  /// Streams that are open, or closed and still held by a handler.
  [[nodiscard]] std::size_t live_streams() const noexcept;

 private:
  [[nodiscard]] Connection* largest_unread() const noexcept;

  std::unique_ptr<Core> core_;
  bool closed_ = false;
};

}  // namespace wasm_grpc::http2
