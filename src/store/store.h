// A store that answers later: one module's pairs and counters, where they outlive the process.
#pragma once

#include <memory>
#include <utility>

#include "store/operation.h"
#include "store/watches.h"
#include "wasm_grpc/completion.h"

namespace wasm_grpc::store {

/// Wakes those who were answered, once for all that are answered while it lives.
using Wakes = detail::ResultWakes;

/// An operation that somebody waits for. Made on any thread, answered on another.
class Request {
 public:
  explicit Request(Operation its_operation) : operation(std::move(its_operation)) {}
  virtual ~Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  /// False when nobody waits for it any more: then it is not begun.
  [[nodiscard]] virtual bool wanted() const noexcept = 0;
  /// Called once at most, on a thread of the store or in submit(). Must be quick: others wait for that thread. Whoever
  /// waits need not go on before `wakes` ends.
  virtual void answer(Answer answer, Wakes& wakes) noexcept = 0;
  /// The same, alone.
  void answer(Answer answer) noexcept {
    Wakes wakes;
    this->answer(std::move(answer), wakes);
  }

  Operation operation;
};

/// Thread-safe. What was submitted may be answered until the store is destroyed, which waits for what it has begun.
class Store {
 public:
  virtual ~Store() = default;

  /// Never blocks. Requests of one thread that change the same key are done in their order; one that is submitted when
  /// another was answered sees what that did. When there are too many, or the store is away, the answer is
  /// `unavailable`.
  virtual void submit(std::unique_ptr<Request> request) noexcept = 0;

  /// Told of each change of its pairs: before its request is answered, or, where a server tells of changes by all
  /// processes, as soon as that does. They may outlive it.
  [[nodiscard]] const std::shared_ptr<Watches>& watches() const noexcept { return watches_; }

 private:
  const std::shared_ptr<Watches> watches_ = std::make_shared<Watches>();
};

}  // namespace wasm_grpc::store
