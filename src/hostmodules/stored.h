// What the modules over a store that answers later have in common: such a guest waits, and others run.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "store/store.h"
#include "store/stores.h"
#include "wasm_grpc/completion.h"
#include "wasm_grpc/options.h"

namespace wasm_grpc::hostmodules {

/// Whether the guest module's shared state is elsewhere than in memory.
[[nodiscard]] inline bool is_stored(const ModuleOptions& options) {
  return options.store.backend != StoreBackend::memory;
}

/// What the module's instances share: its store, and how long they wait for it.
struct Stored {
  /// Throws when it cannot be opened.
  Stored(store::Stores& stores, const ModuleOptions& options) : timeout(options.store.timeout) {
    auto opened = stores.open(options);
    if (!opened.ok()) throw std::runtime_error(opened.error().message);
    store = std::move(opened).value();
  }

  [[nodiscard]] std::chrono::steady_clock::time_point limit() const {
    return std::chrono::steady_clock::now() + timeout;
  }

  std::shared_ptr<store::Store> store;
  const std::chrono::milliseconds timeout;
};

/// An operation that a guest waits for.
template <typename R>
class GuestRequest final : public store::Request {
 public:
  /// Makes of the answer what the guest gets, on its worker, where its memory may be written.
  using Value = typename Completion<R>::Value;
  using Finish = std::function<Result<Value>(Caller&, const store::Answer&)>;

  GuestRequest(store::Operation its_operation, Completion<R> done, Finish finish)
      : Request(std::move(its_operation)), done_(std::move(done)), finish_(std::move(finish)) {}

  [[nodiscard]] bool wanted() const noexcept override { return done_.wanted(); }
  void answer(store::Answer answer) noexcept override {
    done_.complete_with([finish = std::move(finish_), answer = std::move(answer)](Caller& caller) -> R {
      const Result<Value> result = finish(caller, answer);
      if (!result.ok()) caller.trap(result.error().message);
      if constexpr (!std::is_void_v<R>) return result.ok() ? result.value() : R{};
    });
  }

 private:
  const Completion<R> done_;
  Finish finish_;
};

}  // namespace wasm_grpc::hostmodules
