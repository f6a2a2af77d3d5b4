// lock.Lock (lock.proto): unary calls that are answered when it is their turn.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>

#include "lock.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace lock;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_name_bytes = 256;
constexpr std::size_t max_locks = 10'000;
constexpr std::chrono::seconds usual_lease(30);
constexpr std::uint32_t max_lease_seconds = 3600;

/// One that waits for a lock.
struct Waiter {
  Condition my_turn;
};

struct OneLock {
  [[nodiscard]] bool free(Clock::time_point now) const { return token == 0 || now >= lease_end; }

  std::uint64_t token = 0;  // of its holder; 0 when there is none
  Clock::time_point lease_end;
  std::list<Waiter*> queue;  // the first one is next
};

using Locks = std::map<std::string, OneLock>;

/// A place in the queue of a lock, from construction to destruction.
class Place {
 public:
  explicit Place(OneLock& lock) : lock_(lock), place_(lock.queue.insert(lock.queue.end(), &waiter_)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    lock_.queue.erase(place_);
    if (!lock_.queue.empty()) lock_.queue.front()->my_turn.notify_all();  // to look at the lock, or wait for its lease
  }

  [[nodiscard]] bool is_first() const { return lock_.queue.front() == &waiter_; }
  [[nodiscard]] Condition& my_turn() { return waiter_.my_turn; }

 private:
  OneLock& lock_;
  Waiter waiter_;
  std::list<Waiter*>::iterator place_;
};

class Locksmith : public Lock::Async {
 public:
  Task<Result<Acquired>> Acquire(Context&, const AcquireRequest& request) override {
    if (request.name.empty() || request.name.size() > max_name_bytes) {
      co_return Status::invalid_argument("the name of a lock has 1 to 256 bytes");
    }
    if (request.lease_seconds > max_lease_seconds) {
      co_return Status::invalid_argument("a lease is 3600 seconds at most");
    }
    if (locks_.size() >= max_locks && !locks_.contains(request.name)) {
      forget_free_locks();
      if (locks_.size() >= max_locks) co_return Status::resource_exhausted("there are 10000 locks already");
    }
    OneLock& lock = locks_[request.name];
    {
      Place place(lock);
      while (!place.is_first()) co_await place.my_turn().wait();
      // Only the first watches the lease. A client that is gone leaves the queue as its coroutine is destroyed.
      for (auto now = Clock::now(); !lock.free(now); now = Clock::now()) {
        co_await select(place.my_turn().wait(), sleep(lock.lease_end - now));
      }
      lock.token = ++last_token_;
      lock.lease_end =
          Clock::now() + (request.lease_seconds == 0 ? usual_lease : std::chrono::seconds(request.lease_seconds));
    }
    co_return Acquired{.token = lock.token};
  }

  Task<Result<Released>> Release(Context&, const ReleaseRequest& request) override {
    const auto found = locks_.find(request.name);
    if (found == locks_.end() || request.token == 0 || found->second.token != request.token ||
        found->second.free(Clock::now())) {
      co_return Status::not_found("it is not yours, or no longer");
    }
    OneLock& lock = found->second;
    lock.token = 0;
    if (lock.queue.empty()) {
      locks_.erase(found);
    } else {
      lock.queue.front()->my_turn.notify_all();
    }
    co_return Released();
  }

 private:
  /// Those whose lease has ended and that nobody waits for.
  void forget_free_locks() {
    const auto now = Clock::now();
    std::erase_if(locks_, [now](const auto& entry) { return entry.second.queue.empty() && entry.second.free(now); });
  }

  Locks locks_;
  std::uint64_t last_token_ = 0;
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.place_in_process();
  registry.serve<Locksmith>();
}
