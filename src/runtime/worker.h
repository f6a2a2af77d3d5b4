// One worker: a thread with an event loop, its own connections and instances. Workers share nothing that a
// call touches; but one with too much to do may lend calls that take long to one that is idle (sharing/loans.h).
//
// A turn of the loop is: I/O (Asio runs the handlers of sockets that are ready; requests that are complete become tasks
// of the scheduler), then run_turn(): timers that are due, guests that are ready, and one write for each connection
// that has something to say; large messages are compressed and decompressed for a part of a slice. While there is more
// to run, the next turn follows at once, after another look at the sockets.
#pragma once

#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "http2/endpoint.h"
#include "net/door.h"
#include "net/listener.h"
#include "observe/log/limited_log.h"
#include "observe/log/log.h"
#include "rpc/codec_queue.h"
#include "rpc/method_table.h"
#include "rpc/timer_queue.h"
#include "runtime/generations/generation.h"
#include "runtime/generations/module_parts.h"
#include "runtime/generations/retirement.h"
#include "runtime/guests/guest_calls.h"
#include "runtime/outgoing/outgoing_calls.h"
#include "runtime/scheduler.h"
#include "runtime/sharing/loans.h"
#include "wasm/epoch.h"
#include "wasm_grpc/counters.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/worker_events.h"

namespace wasm_grpc::runtime {

class Worker final : private http2::EndpointOwner, private net::ListenerWatch {
 public:
  /// `exchange`: where it meets the other workers, as number `index`; nullptr for no work to be shared.
  Worker(const ServerOptions& options, InstanceBudget& budget, wasm::EpochTicker& ticker, const observe::Log& log,
         LoanExchange* exchange, unsigned index);
  ~Worker() override;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // ---- Before start() ----

  [[nodiscard]] Result<> add_method(std::string_view path, rpc::MethodKind kind, std::unique_ptr<rpc::Handler> handler,
                                    rpc::MessageFormats formats);
  /// Runs a function on the worker's thread, after some time, unless it stops before. From any thread.
  void post(std::chrono::milliseconds after, std::function<void()> function);
  /// Who serves the connections that a door gives to this worker.
  [[nodiscard]] net::Receiver& receiver() noexcept { return endpoint_; }
  void use_certificate_forwarders(net::Networks networks) { endpoint_.use_certificate_forwarders(std::move(networks)); }
  void use_window_budget(std::shared_ptr<http2::WindowBudget> budget) {
    endpoint_.use_window_budget(std::move(budget));
  }
  /// Who is told of its calls; it outlives the worker.
  void use_observer(rpc::CallObserver& observer) noexcept {
    endpoint_.use_observer(observer);
    outgoing_.local().use_observer(observer);
  }
  void use_output_budget(std::shared_ptr<http2::OutputBudget> budget) {
    endpoint_.use_output_budget(std::move(budget),
                                [this](std::function<void()> function) { post({}, std::move(function)); });
  }
  /// A listener that accepts on this worker's thread. From start() on it may be used there only.
  [[nodiscard]] std::shared_ptr<net::Listener> make_listener(net::Door& door, const net::Networks& proxies);
  /// Waits there rather than for sockets; `events` outlives it.
  void wait_in(WorkerEvents& events) noexcept { events_ = &events; }
  /// What counts the calls of methods that are added from now on; it outlives the worker.
  void use_meters(observe::MethodMeters& meters) noexcept {
    meters_ = &meters;
    parts_.use_meters(meters);
  }
  /// What counts the calls that its guests make; likewise.
  void use_client_meters(observe::ClientMeters& meters) noexcept { outgoing_.use_meters(meters, index_); }
  void start();

  // ---- On its thread, or before start() ----

  [[nodiscard]] unsigned index() const noexcept { return index_; }
  /// Who decides from now on whether calls may begin; nullptr: all may. It lives until another is used.
  void use_gate(rpc::Gate* gate) noexcept {
    endpoint_.use_gate(gate);
    outgoing_.local().use_gate(gate);
  }
  [[nodiscard]] rpc::Gate* gate() noexcept { return outgoing_.local().gate(); }
  /// What it has of modules.
  [[nodiscard]] ModuleParts& parts() noexcept { return parts_; }
  /// Serves this generation from here on. `retired` are the modules it no longer has, `served` those that it did not
  /// have before, and of which there are parts already.
  void serve(const Generation& generation, std::span<const std::shared_ptr<Retirement>> retired,
             std::span<const std::shared_ptr<const GuestModule>> served);
  /// What reflection tells, and GET /openapi.json; of the generation that is served.
  [[nodiscard]] const std::shared_ptr<const services::Catalog>& catalog() const noexcept { return catalog_; }
  [[nodiscard]] const std::shared_ptr<const std::string>& openapi() const noexcept { return openapi_; }
  /// The gRPC method of that path; nullptr for none. It lives while a call has it, and until the next turn.
  [[nodiscard]] const rpc::Method* find_method(std::string_view path) const noexcept { return methods_.find(path); }

  /// By which calls of its methods are made without a connection.
  [[nodiscard]] LocalCalls& local_calls() noexcept { return outgoing_.local(); }

  /// What calls of gRPC have in their trailers from now on: services::load_trailer.
  void set_load_trailer(std::string_view report) { endpoint_.set_load_trailer(report); }

  // ---- From any thread ----

  /// Adds what this worker has counted, to the modules of these names.
  void add_counters(ServerCounters& total) const;
  /// True when it runs nothing any more that is posted.
  [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
  /// True on its thread.
  [[nodiscard]] bool is_this_thread() const noexcept {
    return id_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  /// By rpc::StatusCode.
  [[nodiscard]] std::array<std::uint64_t, rpc::max_status_code + 1> calls_ended() const noexcept;
  /// Finishes what runs, then stops; what still runs after `timeout` is cut off.
  void drain(std::chrono::milliseconds timeout);
  /// Cuts off what runs and stops.
  void stop_now();
  void join();

 private:
  // http2::EndpointOwner
  void wake() noexcept override;
  void drained() noexcept override;
  void connection_ended(http2::EndReason reason, std::string_view peer, std::string_view detail) noexcept override;
  void call_ended(const rpc::Method& method, std::string_view peer, std::string_view why) noexcept override;

  // net::ListenerWatch
  void refused(const std::string& peer) noexcept override;
  void accept_failed(std::error_code error) noexcept override;

  void run_loop();
  void run_with_events();
  void forget_past_times();
  void note_time(rpc::Clock::time_point time);
  template <typename Function>
  void post_from_anywhere(Function function);
  void wake_turn() noexcept;
  void run_turn() noexcept;
  void run_codecs() noexcept;
  void wake_after_io() noexcept;
  void finish_unless_taken() noexcept;
  void arm_timer();
  [[nodiscard]] GuestContext guest_context() noexcept { return {scheduler_, timers_, host_waits_, clock_, &outgoing_}; }
  void abandon_calls() noexcept;
  void run_last_slices() noexcept;
  void finish() noexcept;

  unsigned index_;
  unsigned workers_;
  observe::LimitedLog ended_lines_;      // clients decide how many connections there are to be ended
  observe::LimitedLog timed_out_lines_;  // and how many calls

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer timer_;  // wakes for the earliest of timers_
  asio::steady_timer drain_timer_;
  rpc::TimerQueue timers_;
  rpc::Clock::time_point timer_time_ = rpc::Clock::time_point::max();  // when timer_ goes off
  WorkerEvents* events_ = nullptr;                                     // where it waits; nullptr: in io_
  std::priority_queue<rpc::Clock::time_point, std::vector<rpc::Clock::time_point>, std::greater<>>
      other_times_;          // with events_: when Asio's other timers go off
  std::uint64_t turns_ = 0;  // begun
  bool turn_posted_ = false;
  bool in_turn_ = false;
  bool woken_in_turn_ = false;
  wasm::EpochTicker::Activity activity_;
  Scheduler scheduler_;
  HostWaits host_waits_;
  GuestClock clock_;
  observe::MethodMeters* meters_ = nullptr;  // nullptr: calls are not counted by their method
  ClientHosts hosts_;
  const InstanceClaim::Post post_;
  rpc::MethodTable methods_;
  std::shared_ptr<const services::Catalog> catalog_;
  std::shared_ptr<const std::string> openapi_;
  const rpc::Clock::duration slice_;
  rpc::CodecQueue codecs_;
  OutgoingCalls outgoing_;
  GuestCalls calls_;
  ModuleParts parts_;
  std::vector<std::unique_ptr<rpc::Handler>> handlers_;
  http2::Endpoint endpoint_;
  std::unique_ptr<Loans> loans_;  // nullptr: none
  bool drained_ = false;
  std::atomic<bool> ended_ = false;
  std::atomic<std::thread::id> id_{};  // of thread_, from its beginning
  std::thread thread_;
};

}  // namespace wasm_grpc::runtime
