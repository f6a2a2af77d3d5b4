// How many instances a process has, and who may make the next.
//
// Each module on each worker has a claim. It is granted room for an instance when it asks, and keeps a little in
// reserve, so that instances that live for one call cost no lock. When a claim finds no room it is noted as wanting:
// reserves and idle instances of others are then called in, and what becomes free goes to the module that has fewest,
// then to the worker that has fewest of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "rpc/counter.h"
#include "wasm_grpc/rpc/client.h"

namespace wasm_grpc::runtime {

class InstanceClaim;

/// Thread-safe. Outlives its claims.
class InstanceBudget {
 public:
  /// `max_per_module`: how many one module may have; 0 for all but half of `max`, which is kept for the other modules
  /// in equal parts, one instance at least each where there are as many.
  explicit InstanceBudget(std::uint32_t max, std::uint32_t max_per_module = 0);
  InstanceBudget(const InstanceBudget&) = delete;
  InstanceBudget& operator=(const InstanceBudget&) = delete;

  [[nodiscard]] std::uint32_t max() const noexcept { return max_; }

  /// So many more instances are held by calls that wait for instances (InstanceWaits): how many there are now.
  std::uint32_t hold_up(std::uint32_t count) noexcept {
    return held_up_.fetch_add(count, std::memory_order_acq_rel) + count;
  }
  void let_go(std::uint32_t count) noexcept { held_up_.fetch_sub(count, std::memory_order_acq_rel); }

 private:
  friend class InstanceClaim;
  struct Module {
    const void* key = nullptr;
    std::uint32_t max = 0;  // of its own; 0 for that of all
    std::uint32_t granted = 0;
    std::uint32_t claims = 0;
  };

  // All with the mutex held.
  [[nodiscard]] std::uint32_t max_of(const Module& module) const noexcept;
  [[nodiscard]] bool may_grow(const InstanceClaim& claim) const noexcept;
  [[nodiscard]] Module& module_of(const InstanceClaim& claim) noexcept;
  [[nodiscard]] const Module& module_of(const InstanceClaim& claim) const noexcept;
  void grant(InstanceClaim& claim) noexcept;
  void free_one(InstanceClaim& claim) noexcept;
  /// Who is to have the next room, other than `but`; nullptr for nobody.
  [[nodiscard]] InstanceClaim* next(const InstanceClaim* but) noexcept;
  void serve_wanting();
  bool call_in(const InstanceClaim& wanting);
  void count_scarce() noexcept;
  void set_reserve() noexcept;

  std::mutex mutex_;
  const std::uint32_t max_;
  const std::uint32_t max_per_module_;
  std::uint32_t free_;
  std::vector<Module> modules_;
  std::vector<InstanceClaim*> claims_;
  std::uint64_t served_ = 0;
  std::atomic<std::uint32_t> reserve_ = 0;         // of one claim
  std::atomic<bool> scarce_ = false;               // somebody wants room for work
  std::atomic<std::uint32_t> silent_streams_ = 0;  // InstanceClaim::begin_silent()
  std::atomic<std::uint32_t> silent_streams_max_ = 0;
  std::atomic<std::uint32_t> held_up_ = 0;
};

/// How many instances a client has: its connection, and its host.
struct ClientInstances {
  std::uint32_t of_host = 0;
  std::uint32_t of_connection = 0;
  /// True for who has more than others would if it gave one up.
  [[nodiscard]] bool above(const ClientInstances& other) const noexcept {
    return of_host > other.of_host + 1 || (of_host >= other.of_host && of_connection > other.of_connection + 1);
  }
  auto operator<=>(const ClientInstances&) const = default;
};
[[nodiscard]] inline ClientInstances instances_of(const rpc::Client* client) noexcept {
  if (client == nullptr) return {};
  return {client->use.host == nullptr ? client->use.instances : client->use.host->instances, client->use.instances};
}

/// A stream that only waits for its client to say something. The larger one makes way first: before all those whose
/// clients have said nothing yet, then those of the client that has most.
struct IdleStream {
  bool silent = false;
  ClientInstances client;
  auto operator<=>(const IdleStream&) const = default;
};

/// Who asks for streams to make way.
struct Press {
  /// What the client of the call that waits has: streams of clients make way that are above it.
  ClientInstances they;
  /// Streams that are not larger than this stay.
  IdleStream than;
  /// How many calls wait: no more streams are of use.
  std::size_t waiting = 0;
  /// The module of the calls, and what it has.
  const void* module = nullptr;
  std::uint32_t granted = 0;
  /// Only its own streams help it: it has all the instances that it may have.
  bool of_module_only = false;
};

/// One module's part on one worker. Used on that worker's thread; what the budget asks of it comes by `post`.
class InstanceClaim {
 public:
  /// What the budget asks of its owner, on the worker's thread.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// There is room for an instance that it wants.
    virtual void on_room() noexcept = 0;
    /// Others want room: an instance that does nothing is to be destroyed.
    virtual void on_call_in() noexcept = 0;
    /// Others have waited long: a stream that says nothing is to be ended.
    virtual void on_press(const Press& press) noexcept = 0;
  };
  /// Runs a function on the worker's thread, later; called from any thread.
  using Post = std::function<void(std::function<void()>)>;

  /// `module`: the same for all claims of one module; `module_max`: how many it may have, 0 for what the budget says.
  InstanceClaim(InstanceBudget& budget, const void* module, std::uint32_t module_max, Owner& owner, Post post);
  ~InstanceClaim();
  InstanceClaim(const InstanceClaim&) = delete;
  InstanceClaim& operator=(const InstanceClaim&) = delete;

  /// Says by any address on which worker it is. Without, it is as on one of its own.
  void set_worker(const void* worker) noexcept { worker_ = worker; }
  /// Takes room for one instance; false when there is none.
  [[nodiscard]] bool take() noexcept;
  /// Gives back the room of an instance that is no more.
  void put_back() noexcept;
  enum class Want : std::uint8_t { nothing, silent, work };
  /// For what somebody here waits: on_room() then says that there is room. Streams whose clients have said nothing get
  /// what nobody else wants.
  void want(Want want);
  /// Gives back what on_room() told of and was not taken.
  void settle() noexcept;
  /// True when somebody wants room, here or elsewhere.
  [[nodiscard]] bool scarce() const noexcept { return budget_.scarce_.load(std::memory_order_relaxed); }
  /// True when the room of an instance that is about to serve another call here is rather for somebody else.
  [[nodiscard]] bool yields() noexcept;
  /// How many instances could be destroyed at once; for the budget to know whom to ask.
  void set_idle(std::size_t idle) noexcept { idle_.set(idle); }
  /// Gives back the reserve, when others want it.
  void give_up_reserve() noexcept;
  /// Has an instance elsewhere that does nothing destroyed, for the room that it wants; false where there is none.
  bool call_in();
  /// For calls here that wait, the first of them for a client that has `they`.
  [[nodiscard]] Press press_for(ClientInstances they, std::size_t waiting);
  /// True when the room of a stream of this module would be for those who press, not for calls of its own that wait.
  [[nodiscard]] bool yields_to(const Press& press);
  /// Has those of other workers pressed for room (Owner::on_press()). False when there are none.
  bool press_others(const Press& press);

  // ---- Streams whose client has said nothing yet ----

  /// True when another may begin: they leave a quarter of the instances that there may be, together.
  [[nodiscard]] bool may_begin_silent() const noexcept {
    return budget_.silent_streams_.load(std::memory_order_relaxed) <
           budget_.silent_streams_max_.load(std::memory_order_relaxed);
  }
  void begin_silent() noexcept { budget_.silent_streams_.fetch_add(1, std::memory_order_relaxed); }
  void end_silent() noexcept { budget_.silent_streams_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  friend class InstanceBudget;

  InstanceBudget& budget_;
  Owner& owner_;
  Post post_;
  const void* worker_ = this;
  rpc::Counter reserve_;  // granted and not taken
  rpc::Counter idle_;
  Want asked_ = Want::nothing;  // wanted_, when it was said last

  // Under the budget's mutex.
  const void* module_;
  std::uint32_t granted_ = 0;
  std::uint32_t arrived_ = 0;  // granted since it wanted, and not looked at yet
  Want wanted_ = Want::nothing;
  std::uint64_t served_at_ = 0;
};

}  // namespace wasm_grpc::runtime
