// The outcome of a gRPC call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wasm_grpc::rpc {

/// The canonical codes of gRPC (grpc/doc/statuscodes.md). The numbers are on the wire.
enum class StatusCode : std::uint8_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

inline constexpr int max_status_code = 16;

/// The code's name as the specification writes it, such as "NOT_FOUND".
[[nodiscard]] std::string_view name(StatusCode code) noexcept;

/// A code and a text for people. An `ok` status has no message.
struct Status {
  StatusCode code = StatusCode::ok;
  std::string message;

  [[nodiscard]] bool ok() const noexcept { return code == StatusCode::ok; }
};

}  // namespace wasm_grpc::rpc
