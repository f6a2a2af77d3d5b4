// An operation for whoever can wait where it stands: no thread of a worker.
#pragma once

#include <future>
#include <memory>
#include <utility>

#include "store/store.h"

namespace wasm_grpc::store {

/// Asks, and returns the answer to come.
[[nodiscard]] inline std::future<Answer> ask_later(Store& store, Operation operation) {
  class Waited final : public Request {
   public:
    using Request::Request;
    [[nodiscard]] bool wanted() const noexcept override { return true; }
    void answer(Answer answer, Wakes&) noexcept override { promise.set_value(std::move(answer)); }
    std::promise<Answer> promise;
  };
  auto request = std::make_unique<Waited>(std::move(operation));
  auto answer = request->promise.get_future();
  store.submit(std::move(request));
  return answer;
}

/// Asks, and waits for the answer.
[[nodiscard]] inline Answer ask_now(Store& store, Operation operation) {
  return ask_later(store, std::move(operation)).get();
}

}  // namespace wasm_grpc::store
