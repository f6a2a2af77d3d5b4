// Coroutines: methods that wait without holding up the other calls of their instance.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <utility>

#include "wasm_grpc/guest/async_call.h"

namespace wasm_grpc::guest {

namespace detail {

/// What the promises of all tasks have.
class TaskPromise {
 public:
  /// The call that the coroutine is part of; from its start on.
  [[nodiscard]] AsyncCall& call() const noexcept { return *call_; }

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] auto final_suspend() const noexcept {
    struct GoOn {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) const noexcept {
        if (!promise->in_start_) promise->call_->loop().runner().then(promise->awaiting_);
      }
      void await_resume() const noexcept {}
      const TaskPromise* promise;
    };
    return GoOn{this};
  }
  [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }

  /// Starts it for the coroutine that awaits it. False when it ran to its end at once.
  [[nodiscard]] bool start(std::coroutine_handle<> self, AsyncCall& call, std::coroutine_handle<> awaiting) {
    call_ = &call;
    awaiting_ = awaiting;
    in_start_ = true;
    self.resume();
    in_start_ = false;
    return !self.done();
  }

 private:
  AsyncCall* call_ = nullptr;
  std::coroutine_handle<> awaiting_;
  bool in_start_ = false;
};

template <typename Value>
class ValuePromise : public TaskPromise {
 public:
  template <typename From>
    requires std::is_constructible_v<Value, From&&>
  void return_value(From&& value) {
    value_.emplace(std::forward<From>(value));
  }
  [[nodiscard]] Value take() { return std::move(*value_); }

 private:
  std::optional<Value> value_;
};

template <>
class ValuePromise<void> : public TaskPromise {
 public:
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

/// A coroutine that gives a `Value`: what a method returns that waits by co_await, and what it may be made of.
///
///   Task<std::string> read_line(Stream<Line, Line>& stream);
///   const std::string line = co_await read_line(stream);
///
/// It begins when it is awaited, and is destroyed with the Task: when the call is cancelled, where it waits, so that
/// the destructors of its variables run. Await it once, in a coroutine. Its parameters are kept as they were given:
/// what they refer to must live as long as it does.
template <typename Value = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : detail::ValuePromise<Value> {
    [[nodiscard]] Task get_return_object() { return Task(Handle::from_promise(*this)); }
  };

  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  [[nodiscard]] auto operator co_await() const noexcept { return Awaiter{coroutine_}; }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  struct Awaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <typename Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> awaiting) const {
      return coroutine.promise().start(coroutine, awaiting.promise().call(), awaiting);
    }
    Value await_resume() const { return coroutine.promise().take(); }
    Handle coroutine;
  };
  explicit Task(Handle coroutine) noexcept : coroutine_(coroutine) {}

  Handle coroutine_;
};

}  // namespace wasm_grpc::guest
