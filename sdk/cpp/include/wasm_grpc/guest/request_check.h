// What a request is refused for before a handler sees it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wasm_grpc/guest/status.h"

namespace wasm_grpc::guest::detail {

/// INTERNAL, as grpc-go and grpc++ answer to bytes that are no message.
[[nodiscard]] inline Status malformed_request(std::string_view type) {
  return Status::internal(std::string("the request is not a well-formed ").append(type));
}

/// What the message breaks of the rules in its .proto, where code that enforces them was generated (validation.h):
/// INVALID_ARGUMENT. Nothing where it keeps to them.
template <typename Message>
[[nodiscard]] std::optional<Status> broken_rules_of(const Message& message) {
  if constexpr (requires { broken_rules(message); }) return broken_rules(message);
  return std::nullopt;
}

}  // namespace wasm_grpc::guest::detail
