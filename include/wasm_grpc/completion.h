// How a host function answers later: it takes a Completion, and the guest that called it is suspended until that is
// completed, from any thread. Its worker goes on with other calls meanwhile.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "wasm_grpc/caller.h"
#include "wasm_grpc/guest_number.h"

namespace wasm_grpc {

namespace detail {

/// Told that results have come, on the thread that gave them.
class ResultWaker {
 public:
  virtual ~ResultWaker() = default;
  /// The result has come which `token` stands for. True when wake_up() must follow; it may follow several of these.
  [[nodiscard]] virtual bool note(std::uint64_t token) noexcept = 0;
  /// Has whoever waits look at what was noted.
  virtual void wake_up() noexcept = 0;

  void wake(std::uint64_t token) noexcept {
    if (note(token)) wake_up();
  }
};

/// Whom to wake, once each, when this ends: for whoever gives many results in one go. A worker that was woken by the
/// first of them would take the core from whoever is about to give the others. Belongs to one thread.
class ResultWakes {
 public:
  ResultWakes() = default;
  ~ResultWakes() { wake_up(); }
  ResultWakes(const ResultWakes&) = delete;
  ResultWakes& operator=(const ResultWakes&) = delete;

  void add(const std::shared_ptr<ResultWaker>& waker);
  void wake_up() noexcept;

 private:
  std::vector<std::shared_ptr<ResultWaker>> wakers_;
};

/// What one call of a suspending function comes to: given once from any thread, taken where the guest runs. Every
/// function may be called on any thread.
class PendingResult {
 public:
  /// Writes the result, as the guest goes on.
  using Finish = std::function<void(Caller&, RawValue*)>;

  // ---- For whoever gives it ----

  /// False, and nothing happens, when it was given before or nobody waits for it. Whoever waits is woken at once, or
  /// by `wakes`.
  bool give(Finish finish, ResultWakes* wakes = nullptr);
  /// Gives a trap with this message instead.
  bool fail(std::string message);
  [[nodiscard]] bool wanted() const noexcept { return state_.load(std::memory_order_relaxed) == State::open; }

  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point never = Clock::time_point::max();
  /// At `limit` the guest goes on with `otherwise`, if nothing was given by then. Only by the function that the guest
  /// has called, before that returns.
  void set_limit(Clock::time_point limit, Finish otherwise);

  // ---- For whoever runs the guest ----

  [[nodiscard]] Clock::time_point limit() const noexcept { return limit_; }
  /// Gives what set_limit() said, when its time has come. False when it has not.
  bool expire(Clock::time_point now);

  [[nodiscard]] bool given() const noexcept { return state_.load(std::memory_order_acquire) == State::given; }
  /// Writes the result, or traps the guest. Only when it was given, and once.
  void take(Caller& caller, RawValue* values);
  /// `waker` is told when it is given. False, and it is told nothing, when it was given already.
  [[nodiscard]] bool notify(std::shared_ptr<ResultWaker> waker, std::uint64_t token);
  /// Nobody is told from here on, until the next notify().
  void stop_notifying();
  /// Nobody waits for it any more.
  void abandon() noexcept;

 private:
  enum class State : std::uint8_t { open, given, abandoned };

  std::mutex mutex_;
  std::atomic<State> state_ = State::open;  // changes with mutex_
  Finish finish_;                           // once it was given, of whoever takes it
  Clock::time_point limit_ = never;         // it and the next are set before anybody waits
  Finish otherwise_;
  std::shared_ptr<ResultWaker> waker_;
  std::uint64_t token_ = 0;
};

/// What the copies of one Completion share: as long as there is one, the result may come.
struct Promise {
  explicit Promise(std::shared_ptr<PendingResult> its_result) : pending(std::move(its_result)) {}
  ~Promise() { pending->fail("the host gave no answer"); }
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;

  std::shared_ptr<PendingResult> pending;
};

}  // namespace detail

/// The result that a suspending host function owes its guest: void, or one of the numbers. It is the embedder's to
/// keep, to copy, to give to other threads, and to complete: the first time counts. The guest may be gone by then (its
/// client cancelled, its deadline passed, the server stopped): completing does nothing then. When the last copy is
/// destroyed and none was completed, the guest traps. Its functions may be called on any thread, also at once on copies
/// of it.
template <typename R = void>
class Completion {
 public:
  using Value = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

  explicit Completion(std::shared_ptr<detail::PendingResult> pending)
      : promise_(std::make_shared<const detail::Promise>(std::move(pending))) {}

  /// Lets the guest go on. False when nobody waits for it any more.
  bool complete() const
    requires std::is_void_v<R>
  {
    return promise_->pending->give([](Caller&, RawValue*) {});
  }
  bool complete(Value value) const
    requires(!std::is_void_v<R>)
  {
    return promise_->pending->give(
        [value](Caller&, RawValue* values) { detail::GuestNumber<R>::write(values, value); });
  }
  /// Lets the guest go on with what `finish` returns. It runs on the guest's worker just before, and may write into the
  /// guest's memory: for results that are more than a number. It must be quick; what it throws traps the guest. It is
  /// not run, but destroyed on some thread, when the guest is gone.
  template <typename F>
    requires std::is_invocable_r_v<R, F&, Caller&>
  bool complete_with(F finish) const {
    return complete_with(std::move(finish), nullptr);
  }
  /// The same for one of several that are completed in one go: its worker is woken by `wakes`, at their end.
  template <typename F>
    requires std::is_invocable_r_v<R, F&, Caller&>
  bool complete_with(F finish, detail::ResultWakes* wakes) const {
    if constexpr (std::is_void_v<R>) {
      return promise_->pending->give(
          [finish = std::move(finish)](Caller& caller, RawValue*) mutable { finish(caller); }, wakes);
    } else {
      return promise_->pending->give(
          [finish = std::move(finish)](Caller& caller, RawValue* values) mutable {
            detail::GuestNumber<R>::write(values, finish(caller));
          },
          wakes);
    }
  }
  /// Traps the guest, with this message in the log. False when nobody waits for it any more.
  bool fail(std::string message) const { return promise_->pending->fail(std::move(message)); }

  /// When it was not completed by `limit`, the guest goes on with `value`, and completing does nothing any more. Only
  /// in the function that the guest has called, before that returns.
  void give_up_at(std::chrono::steady_clock::time_point limit, Value value) const
    requires(!std::is_void_v<R>)
  {
    promise_->pending->set_limit(limit,
                                 [value](Caller&, RawValue* values) { detail::GuestNumber<R>::write(values, value); });
  }
  /// The same, and the guest traps, with this message in the log.
  void fail_at(std::chrono::steady_clock::time_point limit, std::string message) const {
    promise_->pending->set_limit(limit,
                                 [message = std::move(message)](Caller& caller, RawValue*) { caller.trap(message); });
  }

  /// False once it was completed or the guest is gone: there is nothing left to do.
  [[nodiscard]] bool wanted() const { return promise_->pending->wanted(); }

 private:
  std::shared_ptr<const detail::Promise> promise_;
};

}  // namespace wasm_grpc
