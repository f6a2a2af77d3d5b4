// lock.Lock (lock.proto): unary calls that are answered when it is their turn. Who has a lock is in the key-value
// store, so that processes that share one never have two holders of it: the pair lives for the lease, is only made
// where there is none, and its version is the token.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <map>
#include <string>

#include "lock.guest.h"
#include "wasm_grpc/guest.h"
#include "wasm_grpc/guest/kv_async.h"

using namespace wasm_grpc::guest;
using namespace lock;

namespace {

constexpr std::size_t max_name_bytes = 256;
constexpr std::uint32_t usual_lease_seconds = 30;
constexpr std::uint32_t max_lease_seconds = 3600;
/// How often who is next looks whether a lease has ended, or another process has given the lock back.
constexpr std::chrono::milliseconds pause(50);

/// One that waits for a lock.
struct Waiter {
  Condition my_turn;
};

/// Those who wait for one lock in this process; the first one is next.
using Queue = std::list<Waiter*>;
using Queues = std::map<std::string, Queue>;

/// A place in the queue of a lock, from construction to destruction.
class Place {
 public:
  Place(Queues& queues, const std::string& name)
      : queues_(queues),
        queue_(queues.try_emplace(name).first),
        place_(queue_->second.insert(queue_->second.end(), &waiter_)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    Queue& queue = queue_->second;
    queue.erase(place_);
    if (queue.empty()) {
      queues_.erase(queue_);
    } else {
      queue.front()->my_turn.notify_all();  // to ask for the lock
    }
  }

  [[nodiscard]] bool is_first() const { return queue_->second.front() == &waiter_; }
  [[nodiscard]] Condition& my_turn() { return waiter_.my_turn; }

 private:
  Queues& queues_;
  Waiter waiter_;
  Queues::iterator queue_;
  Queue::iterator place_;
};

std::string key_of(const std::string& name) { return "lock/" + name; }

Status failed(kv::Outcome outcome) {
  if (outcome == kv::Outcome::full) return Status::resource_exhausted("there is no room for more locks");
  // Where it was taken all the same, its lease ends that.
  return Status::unavailable("the store does not answer");
}

class Locksmith : public Lock::Async {
 public:
  Task<Result<Acquired>> Acquire(Context& context, const AcquireRequest& request) override {
    if (request.name.empty() || request.name.size() > max_name_bytes) {
      co_return Status::invalid_argument("the name of a lock has 1 to 256 bytes");
    }
    if (request.lease_seconds > max_lease_seconds) {
      co_return Status::invalid_argument("a lease is 3600 seconds at most");
    }
    const std::string key = key_of(request.name);
    const kv::SetOptions if_free{
        .ttl = std::chrono::seconds(request.lease_seconds == 0 ? usual_lease_seconds : request.lease_seconds),
        .if_version = 0};
    // A client that is gone leaves the queue as its coroutine is destroyed.
    Place place(queues_, request.name);
    while (!place.is_first()) co_await place.my_turn().wait();
    while (true) {
      const kv::SetResult taken = co_await kv::set(context, key, "", if_free);
      if (taken) co_return Acquired{.token = taken.version};
      if (taken.outcome != kv::Outcome::conflict) co_return failed(taken.outcome);
      co_await select(place.my_turn().wait(), sleep(pause));
    }
  }

  Task<Result<Released>> Release(Context& context, const ReleaseRequest& request) override {
    // Version 0 would be a lock that nobody has.
    const bool possible = request.token > 0 && request.token <= std::numeric_limits<std::int64_t>::max();
    if (!possible || request.name.empty()) co_return not_yours();
    const kv::Outcome removed = co_await kv::remove(context, key_of(request.name), request.token);
    if (removed == kv::Outcome::unavailable || removed == kv::Outcome::full) co_return failed(removed);
    if (removed != kv::Outcome::ok) co_return not_yours();
    const auto waiting = queues_.find(request.name);
    if (waiting != queues_.end()) waiting->second.front()->my_turn.notify_all();
    co_return Released();
  }

 private:
  static Status not_yours() { return Status::not_found("it is not yours, or no longer"); }

  Queues queues_;
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.place_in_process();
  registry.serve<Locksmith>();
}
