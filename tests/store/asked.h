// A request of a test, and its answer.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include "store/store.h"

namespace wasm_grpc::store {

/// What was asked of a store by a test. Waits 20 s for the answer.
class Asked {
 public:
  Asked(Store& store, Operation operation) {
    auto request = std::make_unique<Waiting>(std::move(operation), state_);
    store.submit(std::move(request));
  }

  [[nodiscard]] bool answered_within(std::chrono::milliseconds time) {
    return answer_.wait_for(time) == std::future_status::ready;
  }
  [[nodiscard]] Answer answer() {
    EXPECT_TRUE(answered_within(std::chrono::seconds(20)));
    return answer_.get();
  }
  /// Nobody waits any more.
  void give_up() { state_->wanted = false; }

 private:
  struct State {
    std::promise<Answer> promise;
    std::atomic<bool> wanted = true;
  };
  struct Waiting final : Request {
    Waiting(Operation its_operation, std::shared_ptr<State> its_state)
        : Request(std::move(its_operation)), state(std::move(its_state)) {}
    bool wanted() const noexcept override { return state->wanted; }
    void answer(Answer answer, Wakes&) noexcept override { state->promise.set_value(std::move(answer)); }
    std::shared_ptr<State> state;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::future<Answer> answer_ = state_->promise.get_future();
};

/// The answer to one operation.
[[nodiscard]] inline Answer ask(Store& store, Operation operation) {
  return Asked(store, std::move(operation)).answer();
}

}  // namespace wasm_grpc::store
