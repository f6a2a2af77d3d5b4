// What the modules over a store that answers later have in common: such a guest waits, and others run.
#pragma once

#include <chrono>
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
///
/// `Finish` makes of a `const store::Answer&` what the guest gets, a Result<R>: on its worker, where its memory may be
/// written.
template <typename R, typename Finish>
class GuestRequest final : public store::Request {
 public:
  GuestRequest(store::Operation its_operation, Completion<R> done, Finish finish)
      : Request(std::move(its_operation)), done_(std::move(done)), finish_(std::move(finish)) {}

  [[nodiscard]] bool wanted() const noexcept override { return done_.wanted(); }
  void answer(store::Answer answer, store::Wakes& wakes) noexcept override {
    const auto finish = [finish = std::move(finish_), answer = std::move(answer)](Caller& caller) -> R {
      const auto result = finish(answer);
      if (!result.ok()) caller.trap(result.error().message);
      if constexpr (!std::is_void_v<R>) return result.ok() ? result.value() : R{};
    };
    done_.complete_with(finish, &wakes);
  }

 private:
  const Completion<R> done_;
  Finish finish_;
};

template <typename R, typename Finish>
[[nodiscard]] std::unique_ptr<store::Request> request_of_guest(store::Operation operation, Completion<R> done,
                                                               Finish finish) {
  return std::make_unique<GuestRequest<R, Finish>>(std::move(operation), std::move(done), std::move(finish));
}

}  // namespace wasm_grpc::hostmodules
