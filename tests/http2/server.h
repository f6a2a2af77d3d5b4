// A real endpoint on 127.0.0.1, with handlers in C++, on a thread of its own.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "eventually.h"
#include "http2/endpoint.h"
#include "net/listener.h"

namespace wasm_grpc::http2 {

/// What the handlers saw, for tests to look at from their own thread.
struct Seen {
  std::atomic<int> started{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> again{0};  // send() answered so
  std::atomic<int> sent{0};   // messages sent
  std::atomic<bool> release_stall{false};
  std::atomic<int> late_finish{-1};  // the SendResult of finish() after the call was cancelled
};

/// Serves package "test", service "Test":
///   Unary: echoes. Metadata whose key begins with "echo-" comes back as headers and as trailers.
///   Collect (client streaming): answers with all messages joined.
///   Spread (server streaming): request "COUNT SIZE" is answered by COUNT messages of SIZE bytes.
///   Bidi: echoes each message.
///   Fail: NOT_FOUND, "no such thing: ü", trailer "reason: none".
///   Never (unary), NeverBidi: keep the call and never answer. Finish late, when cancelled.
///   Stall (bidi): takes nothing until Seen::release_stall, then echoes.
///   Early (bidi): answers "early" and OK at once, without reading.
///   Forget (unary): returns without an answer.
///   Abandon (bidi): echoes until the message "leave", then lets go of the call without a status.
///   Info (unary): answers "METHOD AUTHORITY PEER connection N host N deadline SECONDS"; those that are known.
/// By HTTP:
///   /http: the status of the header want-status, the header "request: METHOD TARGET", those that begin with "echo-",
///   and
///     the body as it comes.
///   /http/fail: NOT_FOUND, "no such page". /http/break: INTERNAL after "part".
class Server {
 public:
  /// `max_connections`: 0 for no limit. `facades`: what it speaks beside gRPC and HTTP; outlives it.
  explicit Server(const ConnectionOptions& settings = ConnectionOptions(), std::size_t max_connections = 0,
                  const facade::Facades* facades = nullptr);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Seen& seen() { return *seen_; }
  [[nodiscard]] bool drained() const { return drained_; }
  /// Runs it on the server's thread and waits until it has.
  void on_thread(const std::function<void(Endpoint&)>& action);
  /// Timers go off that are due within an hour; so many times.
  void let_hours_pass(int hours);
  /// Accepts no more connections, and drains the endpoint.
  void drain();
  [[nodiscard]] Counters counters();
  [[nodiscard]] std::size_t live_streams();
  /// How often the endpoint asked for a flush.
  [[nodiscard]] int flushes() const;
  /// Lets the Stall handlers go on.
  void release_stall();

 private:
  class Handlers;
  class Worker;

  void run_timers();

  std::unique_ptr<Seen> seen_;
  std::atomic<bool> drained_{false};
  net::Door door_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer timer_;
  std::unique_ptr<rpc::TimerQueue> timers_;
  rpc::MethodTable methods_;
  std::unique_ptr<Handlers> handlers_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Endpoint> endpoint_;
  std::shared_ptr<net::Listener> listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace wasm_grpc::http2
