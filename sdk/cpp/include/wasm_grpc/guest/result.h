// What a typed handler with one response returns.
#pragma once

#include <utility>

#include "wasm_grpc/guest/status.h"

namespace wasm_grpc::guest {

/// Either the one response, or the status the call failed with.
template <typename Message>
class [[nodiscard]] Result {
 public:
  Result(Message message) : message_(std::move(message)) {}
  /// A failure. An `ok` status says nothing of the response, which is then an empty one.
  Result(Status status) : status_(std::move(status)) {}

  [[nodiscard]] bool is_ok() const noexcept { return status_.is_ok(); }
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  // The response; an empty one after a failure.
  [[nodiscard]] Message& operator*() noexcept { return message_; }
  [[nodiscard]] const Message& operator*() const noexcept { return message_; }
  [[nodiscard]] Message* operator->() noexcept { return &message_; }
  [[nodiscard]] const Message* operator->() const noexcept { return &message_; }

 private:
  Status status_;
  Message message_{};
};

}  // namespace wasm_grpc::guest
