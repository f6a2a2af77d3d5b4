// The calls of modules by each other on one worker, and what they share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rpc/buffer_pool.h"
#include "rpc/timer_queue.h"
#include "runtime/outgoing/local_call.h"
#include "wasm_grpc/rpc/call_observer.h"
#include "wasm_grpc/rpc/gate.h"

namespace wasm_grpc::runtime {

/// Used on the worker's thread.
class LocalCalls {
 public:
  /// `wake`: called when there is something for catch_up(). The timers outlive it.
  LocalCalls(rpc::TimerQueue& timers, std::size_t max_message_size, std::function<void()> wake);
  ~LocalCalls();
  LocalCalls(const LocalCalls&) = delete;
  LocalCalls& operator=(const LocalCalls&) = delete;

  // ---- Before the first call; all outlive it ----

  void use_gate(rpc::Gate* gate) noexcept { gate_ = gate; }
  void use_observer(rpc::CallObserver& observer) noexcept { observer_ = &observer; }
  /// By which the time is read when one begins to be served, and when one ends: for a clock that is read besides.
  void use_clock(std::function<rpc::Clock::time_point()> read) noexcept { read_clock_ = std::move(read); }
  void use_call_numbers(std::function<std::uint64_t()> next) { next_call_number_ = std::move(next); }

  /// Begins a call of a method, which a module serves.
  [[nodiscard]] rpc::OutgoingCallPtr begin(const rpc::OutgoingRequest& request, const rpc::Method& method,
                                           std::string_view module);
  /// The same of somebody who is no module.
  [[nodiscard]] rpc::OutgoingCallPtr begin(const rpc::OutgoingRequest& request, const rpc::Method& method,
                                           std::shared_ptr<const rpc::Client> client, std::string_view authority);
  /// Does what could not be done in the midst of a guest. Not from inside one.
  void catch_up() noexcept;

  // ---- For its calls ----

  [[nodiscard]] rpc::TimerQueue& timers() noexcept { return timers_; }
  [[nodiscard]] rpc::BufferPool& buffers() noexcept { return buffers_; }
  [[nodiscard]] rpc::Gate* gate() const noexcept { return gate_; }
  [[nodiscard]] rpc::CallObserver* observer() const noexcept { return observer_; }
  [[nodiscard]] std::uint64_t next_call_number() { return next_call_number_ ? next_call_number_() : 0; }
  [[nodiscard]] rpc::Clock::time_point now() const { return read_clock_ ? read_clock_() : rpc::Clock::now(); }
  [[nodiscard]] std::size_t max_message_size() const noexcept { return max_message_size_; }
  void add_late(LocalCall& call);
  void give_back(LocalCall& call) noexcept { free_.push_back(&call); }

 private:
  /// As whom a module calls: one for each chain of modules, with its name at the end.
  [[nodiscard]] const std::shared_ptr<const rpc::Client>& client_of(std::string_view chain, std::string_view caller);

  rpc::TimerQueue& timers_;
  const std::size_t max_message_size_;
  std::function<void()> wake_;
  rpc::Gate* gate_ = nullptr;
  rpc::CallObserver* observer_ = nullptr;
  std::function<rpc::Clock::time_point()> read_clock_;
  std::function<std::uint64_t()> next_call_number_;
  rpc::BufferPool buffers_;
  std::vector<std::unique_ptr<LocalCall>> all_;
  std::vector<LocalCall*> free_;
  std::vector<LocalCall*> late_;
  std::unordered_map<std::string, std::shared_ptr<const rpc::Client>> clients_;
  std::string key_;  // of the one that is looked for
  // What was looked for last, which the next call mostly asks for again.
  std::string recent_chain_;
  std::string recent_caller_;
  const std::shared_ptr<const rpc::Client>* recent_client_ = nullptr;
};

}  // namespace wasm_grpc::runtime
