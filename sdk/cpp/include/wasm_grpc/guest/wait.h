// What coroutines wait for: co_await one of these, or select() among several.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/async_call.h"

namespace wasm_grpc::guest {

/// Something that other coroutines of the instance may bring about: a lock that is free, news in a room. It remembers
/// nothing: look whether what you wait for holds, then wait, then look again.
///
///   while (held) co_await released.wait();
///
/// It must outlive those that wait for it.
class Condition {
 public:
  /// Waits for a notify.
  class Wait;
  [[nodiscard]] Wait wait() noexcept;

  /// Lets the one go on that has waited longest, after the coroutine that runs now has come to wait or to its end.
  void notify_one() noexcept { waiting_.wake_one(); }
  /// Lets all go on that wait now.
  void notify_all() noexcept { waiting_.wake_all(); }

 private:
  detail::WaitList waiting_;
};

namespace detail {

/// Waits for the first of several sources. A source says whether it need not wait, where it is heard of, or after what
/// time.
template <typename... Sources>
class Select : private Waiting {
 public:
  explicit Select(Sources... sources) : sources_(std::move(sources)...) {
    for (std::size_t i = 0; i < count; ++i) places_[i].set(*this, i);
  }

  [[nodiscard]] bool await_ready() noexcept {
    return each([this](const auto& source, std::size_t index) {
      if (!source.ready()) return false;
      fired_ = index;
      return true;
    });
  }
  template <typename Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> coroutine) noexcept {
    AsyncCall& call = coroutine.promise().call();
    std::chrono::nanoseconds soonest = std::chrono::nanoseconds::max();
    std::size_t timer = count;
    each([&](const auto& source, std::size_t index) {
      if constexpr (requires { source.timeout(); }) {
        if (timer == count || source.timeout() < soonest) {
          soonest = source.timeout();
          timer = index;
        }
      } else {
        source.list().add(places_[index]);
      }
      return false;
    });
    if (timer != count) {
      // A call that has its status has no timer any more. One that is cancelled is about to be told.
      if (abi::wasm_grpc_1_timer(call.id(), soonest.count()) == abi::closed) {
        leave();
        fired_ = timer;
        return false;
      }
      call.timer().add(places_[timer]);
    }
    begin(call.loop(), coroutine);
    return true;
  }
  std::size_t await_resume() const noexcept { return fired_; }

 private:
  static constexpr std::size_t count = sizeof...(Sources);

  void leave() noexcept override {
    for (WaitPlace& place : places_) place.unlink();
  }
  void woken(std::size_t source) noexcept override { fired_ = source; }

  /// Calls `look` with each source and its index, until it answers true.
  template <typename Look>
  bool each(Look look) const {
    return [&]<std::size_t... index>(std::index_sequence<index...>) {
      return (look(std::get<index>(sources_), index) || ...);
    }(std::make_index_sequence<count>());
  }

  std::tuple<Sources...> sources_;
  WaitPlace places_[count];
  std::size_t fired_ = 0;
};

/// Waits for one source: what awaiting it alone does.
template <typename Source>
class WaitFor : public Select<Source> {
 public:
  using Select<Source>::Select;
  void await_resume() const noexcept {}
};

/// What sources have in common.
template <typename Source>
class Awaitable {
 public:
  [[nodiscard]] auto operator co_await() const noexcept { return WaitFor<Source>(static_cast<const Source&>(*this)); }
};

}  // namespace detail

class Condition::Wait : public detail::Awaitable<Condition::Wait> {
 public:
  explicit Wait(Condition& condition) noexcept : condition_(&condition) {}
  [[nodiscard]] bool ready() const noexcept { return false; }
  [[nodiscard]] detail::WaitList& list() const noexcept { return condition_->waiting_; }

 private:
  Condition* condition_;
};

inline Condition::Wait Condition::wait() noexcept { return Wait(*this); }

/// A time to wait: sleep().
class Sleep : public detail::Awaitable<Sleep> {
 public:
  explicit Sleep(std::chrono::nanoseconds timeout) noexcept : timeout_(timeout) {}
  [[nodiscard]] bool ready() const noexcept { return timeout_.count() <= 0; }
  [[nodiscard]] std::chrono::nanoseconds timeout() const noexcept { return timeout_; }

 private:
  std::chrono::nanoseconds timeout_;
};

/// Waits for some time, from when it is awaited: `co_await sleep(10ms)`.
[[nodiscard]] inline Sleep sleep(std::chrono::nanoseconds time) noexcept { return Sleep(time); }

/// The wait of Context::sleep_for(): a handler waits at once, a coroutine by co_await.
class SleepFor : private detail::Select<Sleep> {
 public:
  SleepFor(std::int32_t call, std::chrono::nanoseconds time) noexcept : Select(Sleep(time)), call_(call), time_(time) {}
  SleepFor(const SleepFor&) = delete;
  SleepFor& operator=(const SleepFor&) = delete;
  ~SleepFor() override { (void)slept(); }

  /// Of a handler: waits. False when the call was cancelled before the time was over.
  operator bool() const noexcept { return slept(); }

  /// Of a coroutine, which ends where it waits when its call is cancelled: always true.
  [[nodiscard]] bool await_ready() noexcept {
    is_over_ = true;
    return Select::await_ready();
  }
  using Select::await_suspend;
  bool await_resume() const noexcept { return true; }

 private:
  bool slept() const noexcept {
    if (!is_over_) result_ = abi::wasm_grpc_1_wait(call_, 0, time_.count() < 0 ? 0 : time_.count()) >= 0;
    is_over_ = true;
    return result_;
  }

  std::int32_t call_;
  std::chrono::nanoseconds time_;
  mutable bool is_over_ = false;
  mutable bool result_ = true;
};

/// Waits for the first of several: the readable() and writable() of streams, the wait() of conditions, sleep().
///
///   switch (co_await select(in.readable(), room.news.wait(), sleep(30s))) {
///     case 0: ...  // the index of the one that came; the first of them, when several hold already
///
/// The others are waited for no more. Being readable takes nothing from a stream: read() then does not wait.
template <typename... Sources>
[[nodiscard]] auto select(Sources... sources) {
  static_assert(sizeof...(Sources) > 0, "select() among at least one");
  return detail::Select<Sources...>(std::move(sources)...);
}

}  // namespace wasm_grpc::guest
