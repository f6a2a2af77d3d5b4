// The completion queue of grpc++ that one worker waits in.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/async_generic_service.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "grpc_cpp/call.h"
#include "wasm_grpc/server.h"
#include "wasm_grpc/worker_events.h"

namespace wasm_grpc::grpcpp {

/// Its calls, from grpc++ to the worker and back, on the worker's thread. Outlives them, and the worker.
class Queue final : public WorkerEvents {
 public:
  Queue(Server& server, std::size_t worker, grpc::AsyncGenericService& service)
      : server_(server), worker_(worker), service_(service) {}
  /// After the worker and grpc++'s server have ended.
  ~Queue() override;
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Before the worker starts.
  void take_events(std::unique_ptr<grpc::ServerCompletionQueue> events) { events_ = std::move(events); }

  // ---- On any thread ----

  /// grpc++'s server has started: takes calls from now on.
  void open();
  /// grpc++'s server has shut down and goes away: returns when it is needed no more, for calls that have come or may.
  void let_server_go() noexcept;
  /// Ends the calls in progress, and returns when grpc++ has let go of them. None is taken after it.
  void shut_down();
  void wake() noexcept override;

  // ---- On the worker ----

  bool wait(rpc::Clock::time_point until) override;
  [[nodiscard]] grpc::ServerCompletionQueue& events() noexcept { return *events_; }
  [[nodiscard]] grpc::AsyncGenericService& service() noexcept { return service_; }
  [[nodiscard]] const rpc::Method* find_method(std::string_view path) const noexcept {
    return server_.find_method(worker_, path);
  }
  [[nodiscard]] std::optional<rpc::Refusal> refuse(rpc::Request& request, std::string_view path) {
    return server_.refuse(worker_, request, path);
  }
  [[nodiscard]] std::size_t max_message_size() const noexcept { return server_.options().max_message_size; }
  /// rpc::Request::number of the next call.
  [[nodiscard]] std::uint64_t next_call_number() noexcept {
    return worker_ + 1 + std::exchange(numbered_, numbered_ + 1) * server_.workers();
  }
  [[nodiscard]] rpc::CallObserver* observer() const noexcept { return server_.observer(worker_); }
  [[nodiscard]] bool shutting_down() const noexcept { return shutting_down_; }
  /// Asks for one more call.
  void request_call();
  void begun(Call& call) { calls_.insert(&call); }
  /// One call fewer, that was asked for or has come.
  void needs_server_no_more() noexcept;
  /// grpc++ has let go of the call.
  void done(Call& call) noexcept;
  /// Has the call flushed before the worker waits.
  void mark_dirty(Call& call) { dirty_.push_back(&call); }

 private:
  void flush();
  [[nodiscard]] bool take(void* tag, bool ok);
  void note_end();

  Server& server_;
  const std::size_t worker_;
  grpc::AsyncGenericService& service_;
  std::unique_ptr<grpc::ServerCompletionQueue> events_;
  std::unordered_set<Call*> calls_;  // in progress
  std::vector<Call*> dirty_;
  std::vector<Call*> flushed_;  // those that flush() is at
  bool shutting_down_ = false;
  std::uint64_t numbered_ = 0;  // calls

  std::atomic<std::uint32_t> calls_with_server_ = 0;  // in progress, or asked for
  std::atomic<bool> woken_ = false;                   // the alarm is on its way
  grpc::Alarm alarm_;

  std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;  // there is no call in progress, nor will there be
};

}  // namespace wasm_grpc::grpcpp
