// The thread of the admin address.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http2/endpoint.h"
#include "net/address.h"
#include "net/door.h"
#include "net/listener.h"
#include "observe/log/limited_log.h"
#include "rpc/method_table.h"
#include "rpc/timer_queue.h"

namespace wasm_grpc::admin {

/// Serves HTTP/1.1, HTTP/2 and gRPC as a worker does, by the same endpoint, but no guests: what is slow here, and who
/// asks too much, is in nobody's way. Bounded by settings of its own.
class Loop final : private http2::EndpointOwner, private net::ListenerWatch {
 public:
  /// Connections at once.
  static constexpr std::size_t max_connections = 64;

  /// The log outlives it.
  explicit Loop(const observe::Log& log);
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // ---- Before start() ----

  [[nodiscard]] Result<> add(std::string_view path, rpc::MethodKind kind, std::unique_ptr<rpc::Handler> handler);
  /// Listens there; where it turned out to be.
  [[nodiscard]] Result<std::vector<std::string>> listen(const net::ListenAddress& address);
  /// To resolve names with.
  [[nodiscard]] asio::io_context& io() noexcept { return io_; }
  void start();

  // ---- From any thread ----

  /// Runs a function on its thread, after some time, unless it stops before.
  void post(std::chrono::milliseconds after, std::function<void()> function);
  /// Closes everything, and returns when that is done.
  void stop() noexcept;

 private:
  // http2::EndpointOwner
  void wake() noexcept override;
  void drained() noexcept override {}

  // net::ListenerWatch
  void refused(const std::string& peer) noexcept override;
  void accept_failed(std::error_code error) noexcept override;

  void turn() noexcept;
  void arm_timer();

  observe::LimitedLog lines_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer timer_;
  rpc::TimerQueue timers_;
  rpc::MethodTable methods_;
  std::vector<std::unique_ptr<rpc::Handler>> handlers_;
  net::Door door_{max_connections};
  http2::Endpoint endpoint_;
  std::vector<std::shared_ptr<net::Listener>> listeners_;
  bool turn_posted_ = false;
  bool in_turn_ = false;
  rpc::Clock::time_point timer_time_ = rpc::Clock::time_point::max();
  std::thread thread_;
};

}  // namespace wasm_grpc::admin
