// One module's hubs on one worker: which of them a call meets, there or on another worker.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/guests/event_hub.h"
#include "runtime/sharing/loan_handler.h"

namespace wasm_grpc::runtime {

class Loans;

/// Placement::worker and ::process have one hub, here or on the module's home worker; Placement::key has one for each
/// value of the header, on the worker that the value falls on. Used on its worker's thread.
class EventHubs final : private EventHubOwner, private InstanceHolder, private rpc::Timer {
 public:
  /// `worker` of `workers`; a module with Placement::process has its instance on worker `home`.
  EventHubs(InstancePool& instances, const GuestContext& context, unsigned worker, unsigned workers, unsigned home);
  ~EventHubs() override;

  /// Calls for other workers are lent to them from now on.
  void share(Loans& loans) noexcept { loans_ = &loans; }

  /// Serves a call that has come to this worker, here or elsewhere.
  void open(rpc::Call& call, std::int32_t tag) noexcept;
  /// Serves a call here.
  void open_here(rpc::Call& call, std::int32_t tag) noexcept;
  /// Ends all calls here with this status; the guests are told of each.
  void end_calls(const rpc::Status& status) noexcept;
  void abandon_all() noexcept;
  /// Tells the guests that want to know that their instances are given up. True when there are none left. Once no call
  /// comes any more.
  [[nodiscard]] bool end_all() noexcept;
  /// True when nothing is to be run any more, so that it may be destroyed: after end_all() or abandon_all().
  [[nodiscard]] bool at_rest() const noexcept;
  /// How many there are.
  [[nodiscard]] std::size_t size() const noexcept { return keyed_.size() + (only_ == nullptr ? 0 : 1); }

 private:
  /// The hub of one key. When it has been without calls for as long as an instance may be idle, or somebody else needs
  /// its instance, it ends, and what it knew is gone.
  struct KeyedHub final : EventHubOwner {
    KeyedHub(EventHubs& its_owner, std::string its_key)
        : owner(its_owner), key(std::move(its_key)), hub(owner.instances_, owner.context_, *this) {}
    void hub_idle() noexcept override;
    void hub_in_use() noexcept override;
    void instance_ended() noexcept override;
    /// It is idle no longer.
    void leave_list() noexcept;

    EventHubs& owner;
    std::string key;
    EventHub hub;
    rpc::Clock::time_point idle_since{};
    bool listed_idle = false;
    bool counted_idle = false;            // with an instance, which the pool knows of
    bool ending = false;                  // its guest is being told
    std::list<KeyedHub*>::iterator idle;  // its place in owner.idle_, when it is listed there
  };

  // Of the only one: it stays.
  void hub_idle() noexcept override {}
  void hub_in_use() noexcept override {}
  void on_timer() noexcept override;
  [[nodiscard]] GivenUp give_up_idle(InstancePool& pool) noexcept override;

  /// The value of the header that calls are placed by; empty when there is none.
  [[nodiscard]] std::string_view key_of(const rpc::Call& call) const noexcept;
  [[nodiscard]] unsigned worker_of(const rpc::Call& call) const noexcept;
  /// Ends an idle one, now or once its guest was told.
  [[nodiscard]] GivenUp end(KeyedHub& hub) noexcept;
  [[nodiscard]] bool many_are_ending() const noexcept;
  void arm() noexcept;

  InstancePool& instances_;
  GuestContext context_;
  unsigned worker_;
  unsigned workers_;
  unsigned home_;
  Loans* loans_ = nullptr;
  std::unique_ptr<EventHub> only_;
  std::size_t ending_ = 0;
  // Those without an instance first, which keep nothing; then the one that has been longest.
  std::list<KeyedHub*> idle_;
  std::unordered_map<std::string_view, std::unique_ptr<KeyedHub>> keyed_;
};

/// Serves the calls of one method in event style on one worker.
class EventHandler final : public LoanHandler {
 public:
  EventHandler(EventHubs& hubs, std::int32_t tag) : hubs_(hubs), tag_(tag) {}
  void start(rpc::Call& call) noexcept override {
    if (!refuses(call)) hubs_.open(call, tag_);
  }
  void start_loan(BorrowedCall& call, MovingGuest guest) noexcept override;
  void come_home(rpc::Call&, MovingGuest) noexcept override {}  // none is lent in the middle

 private:
  EventHubs& hubs_;
  std::int32_t tag_;
};

}  // namespace wasm_grpc::runtime
