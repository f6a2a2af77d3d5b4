// The calls of an instance whose methods are coroutines, and how these are woken by the events the host tells of.
//
// A coroutine that has to wait leaves a WaitPlace, which is part of its own frame, in each list where it would hear of
// what it waits for: a call's of messages that have come, of room for more, of its timer; a Condition's. Waking takes
// it out of all of them and puts it in a queue, and when the coroutine that runs has come to wait or to its end, the
// next one goes on. So nothing is allocated for an event, no coroutine runs inside another, and one that is destroyed
// while it waits, as its call is cancelled, takes its places along.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/instance.h"

namespace wasm_grpc::guest::detail {

class AsyncLoop;

/// A place in a list, which is a ring with the list itself in it.
class Link {
 public:
  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { unlink(); }

  [[nodiscard]] bool linked() const noexcept { return next_ != this; }
  [[nodiscard]] Link& next() const noexcept { return *next_; }
  void unlink() noexcept {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }
  /// Moves `other` before this one: to the end of the list, when this is the list.
  void insert(Link& other) noexcept {
    other.unlink();
    other.previous_ = previous_;
    other.next_ = this;
    previous_->next_ = &other;
    previous_ = &other;
  }

 private:
  Link* previous_ = this;
  Link* next_ = this;
};

/// A coroutine that waits, as part of its frame.
class Waiting : private Link {
 public:
  Waiting() = default;
  virtual ~Waiting() = default;
  /// It was heard of: it waits no more, and goes on when it is its turn.
  void wake(std::size_t source) noexcept;

 protected:
  void begin(AsyncLoop& loop, std::coroutine_handle<> coroutine) noexcept {
    loop_ = &loop;
    coroutine_ = coroutine;
  }

 private:
  friend class AsyncLoop;
  /// Takes its places out of their lists.
  virtual void leave() noexcept = 0;
  virtual void woken(std::size_t source) noexcept = 0;
  /// Whether it can go on. If not, it has left a place in a list again.
  [[nodiscard]] virtual bool attempt() noexcept { return true; }

  AsyncLoop* loop_ = nullptr;
  std::coroutine_handle<> coroutine_;
};

/// Where a coroutine hears of one thing it waits for.
class WaitPlace : public Link {
 public:
  void set(Waiting& waiting, std::size_t source) noexcept {
    waiting_ = &waiting;
    source_ = source;
  }
  void wake() noexcept { waiting_->wake(source_); }

 private:
  Waiting* waiting_ = nullptr;
  std::size_t source_ = 0;
};

/// Those who wait for the same thing, the one that has waited longest first.
class WaitList {
 public:
  void add(WaitPlace& place) noexcept { ring_.insert(place); }
  void wake_one() noexcept {
    if (ring_.linked()) first().wake();
  }
  void wake_all() noexcept {
    while (ring_.linked()) first().wake();
  }

 private:
  [[nodiscard]] WaitPlace& first() noexcept { return static_cast<WaitPlace&>(ring_.next()); }
  Link ring_;
};

/// A call of the instance, whose events wake coroutines: one that it serves, or one that it made.
class LoopCall {
 public:
  LoopCall(AsyncLoop& loop, std::int32_t id);
  LoopCall(const LoopCall&) = delete;
  LoopCall& operator=(const LoopCall&) = delete;

  [[nodiscard]] std::int32_t id() const noexcept { return id_; }
  [[nodiscard]] AsyncLoop& loop() const noexcept { return *loop_; }
  [[nodiscard]] WaitList& readable() noexcept { return readable_; }
  [[nodiscard]] WaitList& writable() noexcept { return writable_; }

 protected:
  virtual ~LoopCall();
  /// Takes it out of the loop before its own end; nothing is heard of it any more.
  void leave_loop() noexcept;

 private:
  friend class AsyncLoop;
  /// Takes an event of it, but for the first.
  virtual void take(std::int32_t event, std::int32_t value) noexcept = 0;
  /// Takes it out of the loop, which is about to end: a call that is served ends its coroutines where they wait.
  virtual void destroy() noexcept = 0;

  AsyncLoop* loop_;
  std::int32_t id_;
  bool in_loop_ = true;
  LoopCall* next_ = nullptr;  // in its bucket
  WaitList readable_;
  WaitList writable_;
};

/// A call that a coroutine serves: the promise of the outermost one.
class AsyncCall : public LoopCall {
 public:
  using LoopCall::LoopCall;

  [[nodiscard]] WaitList& timer() noexcept { return timer_; }

 private:
  void take(std::int32_t event, std::int32_t) noexcept final {
    switch (event) {
      case abi::event_message:
      case abi::event_half_close:
        readable().wake_all();
        break;
      case abi::event_writable:
        writable().wake_all();
        break;
      case abi::event_timer:
        timer_.wake_all();
        break;
      case abi::event_cancelled:
        destroy();
        break;
      default:
        break;
    }
  }

  void destroy() noexcept override = 0;

  WaitList timer_;
};

/// Runs the coroutines of an instance. One that ends does not resume the one that awaits it, whose frames would then
/// pile up on a stack of 64 KiB: it says who is next, and returns here.
class Runner {
 public:
  /// Runs it, and those that go on because of its end, until one has to wait.
  void resume(std::coroutine_handle<> coroutine) {
    while (coroutine) {
      next_ = nullptr;
      coroutine.resume();
      coroutine = std::exchange(next_, nullptr);
    }
  }
  void then(std::coroutine_handle<> next) noexcept { next_ = next; }

 private:
  std::coroutine_handle<> next_;
};

/// The calls of the instance and the coroutines that can go on.
class AsyncLoop {
 public:
  explicit AsyncLoop(Instance& instance) : instance_(&instance) { instance.loop = this; }
  ~AsyncLoop() {
    for (LoopCall*& bucket : buckets_) {
      while (bucket != nullptr) bucket->destroy();
    }
    instance_->loop = nullptr;
  }
  AsyncLoop(const AsyncLoop&) = delete;
  AsyncLoop& operator=(const AsyncLoop&) = delete;

  [[nodiscard]] Instance& instance() const noexcept { return *instance_; }
  [[nodiscard]] Runner& runner() noexcept { return runner_; }
  /// The call of that number, or null.
  [[nodiscard]] LoopCall* find(std::int32_t id) noexcept {
    if (buckets_.empty()) return nullptr;
    LoopCall* call = bucket(id);
    while (call != nullptr && call->id_ != id) call = call->next_;
    return call;
  }

  /// Takes an event of a call, but for its first. Those of calls that are over for the guest are none.
  void take(std::int32_t id, std::int32_t event, std::int32_t value) noexcept {
    LoopCall* const call = find(id);
    if (call == nullptr) return;
    call->take(event, value);
    run();
  }
  /// Runs coroutines until all wait.
  void run() {
    while (woken_.linked()) {
      auto& waiting = static_cast<Waiting&>(woken_.next());
      waiting.unlink();
      if (waiting.attempt()) runner_.resume(waiting.coroutine_);
    }
  }

 private:
  friend class LoopCall;
  friend class Waiting;

  [[nodiscard]] LoopCall*& bucket(std::int32_t id) noexcept {
    return buckets_[static_cast<std::uint32_t>(id) & (buckets_.size() - 1)];
  }
  void add(LoopCall& call) {
    if (calls_ == buckets_.size()) grow();
    ++calls_;
    call.next_ = std::exchange(bucket(call.id_), &call);
  }
  void remove(LoopCall& call) noexcept {
    LoopCall** at = &bucket(call.id_);
    while (*at != &call) at = &(*at)->next_;
    *at = call.next_;
    --calls_;
  }
  void grow() {
    std::vector<LoopCall*> old(buckets_.empty() ? 16 : buckets_.size() * 2);
    old.swap(buckets_);
    for (LoopCall* call : old) {
      while (call != nullptr) {
        LoopCall* const next = call->next_;
        call->next_ = std::exchange(bucket(call->id_), call);
        call = next;
      }
    }
  }

  Instance* instance_;
  Runner runner_;
  Link woken_;
  std::vector<LoopCall*> buckets_;  // none, or a power of two
  std::size_t calls_ = 0;
};

inline LoopCall::LoopCall(AsyncLoop& loop, std::int32_t id) : loop_(&loop), id_(id) { loop.add(*this); }
inline void LoopCall::leave_loop() noexcept {
  if (in_loop_) loop_->remove(*this);
  in_loop_ = false;
}
inline LoopCall::~LoopCall() {
  leave_loop();
  // Those of other calls find that it is gone.
  readable_.wake_all();
  writable_.wake_all();
}

inline void Waiting::wake(std::size_t source) noexcept {
  leave();
  woken(source);
  loop_->woken_.insert(*this);
}

}  // namespace wasm_grpc::guest::detail
