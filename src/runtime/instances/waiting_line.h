// Those who wait for an instance of one module on one worker, and who of them is next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "runtime/instances/guest_module.h"
#include "runtime/instances/instance_budget.h"
#include "wasm_grpc/rpc/client.h"
#include "wasm_grpc/rpc/request.h"

namespace wasm_grpc::runtime {

/// Why somebody who waits gets no instance.
enum class NoInstance : std::uint8_t {
  failing,      // instances of the module fail to start
  crowded_out,  // too many wait, and most of them for the same client
};

/// Someone who waits for an instance. Linked into the line while it does.
class InstanceWaiter {
 public:
  InstanceWaiter(const InstanceWaiter&) = delete;
  InstanceWaiter& operator=(const InstanceWaiter&) = delete;

  /// It gets an instance: a started one, or a new one that it must start.
  virtual void take_instance(std::unique_ptr<GuestInstance> instance, bool started) noexcept = 0;
  /// It waits no longer.
  virtual void refuse_instance(NoInstance why) noexcept = 0;

 protected:
  InstanceWaiter() = default;
  virtual ~InstanceWaiter() = default;

  // Not changed by the waiter while it waits or has an instance.
  /// For whom: nullptr where that is not known, or is nobody's business.
  const rpc::Client* client_ = nullptr;
  /// Its client has said nothing yet: the guest might have nothing to do.
  bool silent_ = false;

 private:
  friend class InstancePool;
  friend class WaitingLine;
  InstanceWaiter* previous_ = nullptr;
  InstanceWaiter* next_ = nullptr;
  std::uint64_t order_ = 0;
  rpc::Clock::time_point waits_since_{};
  bool waiting_ = false;
  bool counted_ = false;  // it has an instance, which is counted to its client
};

/// First those of the host, then of the connection, that has the fewest instances; first come, first served among
/// equals.
class WaitingLine {
 public:
  WaitingLine() = default;
  WaitingLine(const WaitingLine&) = delete;
  WaitingLine& operator=(const WaitingLine&) = delete;

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void push(InstanceWaiter& waiter);
  void remove(InstanceWaiter& waiter) noexcept;
  /// Takes out who is next; nullptr when nobody waits.
  [[nodiscard]] InstanceWaiter* pop() noexcept;
  /// Who that would be.
  [[nodiscard]] const InstanceWaiter* next() const noexcept;
  /// Takes out the last one of the connection that has most in the line, if that is at least two more than this client
  /// has.
  [[nodiscard]] InstanceWaiter* crowd_out(const rpc::Client* client) noexcept;

 private:
  /// Of one connection.
  struct Part {
    const rpc::Client* client = nullptr;
    InstanceWaiter* first = nullptr;
    InstanceWaiter* last = nullptr;
    std::size_t size = 0;
  };
  using Parts = std::unordered_map<std::uint64_t, Part>;

  [[nodiscard]] static std::uint64_t key(const rpc::Client* client) noexcept {
    return client == nullptr ? 0 : client->connection;
  }
  [[nodiscard]] Parts::const_iterator best() const noexcept;

  Parts parts_;  // none is empty
  std::size_t size_ = 0;
  std::uint64_t pushed_ = 0;
};

}  // namespace wasm_grpc::runtime
