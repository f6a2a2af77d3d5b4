// What a handler with one response returns.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/status.h"

namespace wasm_grpc::guest {

/// Either the one response message, or the status the call failed with.
///
/// A message given as a string is owned. One given as Bytes is not: it must live until the handler has returned, as the
/// request, Context::scratch() and constants do; a view of a local variable does not.
class [[nodiscard]] Reply {
 public:
  Reply(Bytes message) : message_(message) {}
  Reply(const char* message) : message_(message) {}
  Reply(std::string message) : owned_(std::move(message)), is_owned_(true) {}
  /// A failure. An `ok` status says nothing of the message, and becomes an empty one.
  Reply(Status status) : status_(std::move(status)) {}

  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] Bytes message() const noexcept { return is_owned_ ? Bytes(owned_) : message_; }

 private:
  Status status_;
  Bytes message_;
  std::string owned_;
  bool is_owned_ = false;
};

}  // namespace wasm_grpc::guest
