// How a call ended.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace wasm_grpc::guest {

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

/// A code, and for errors a message for people, in UTF-8, of which the client is sent 8 KiB at most; and, where there
/// is more to say, details for programs.
class [[nodiscard]] Status {
 public:
  /// The good end.
  Status() = default;
  /// A number outside 0 to 16 cannot be a code; it becomes `unknown`.
  explicit Status(StatusCode code, std::string message = {})
      : code_(static_cast<int>(code) <= 16 ? code : StatusCode::unknown), message_(std::move(message)) {}

  [[nodiscard]] bool is_ok() const noexcept { return code_ == StatusCode::ok; }
  [[nodiscard]] StatusCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  /// The same with details: a serialized google.rpc.Status, whose code and message are to be those given here. They
  /// travel in the trailer grpc-status-details-bin, and count towards the 16 KiB of metadata: too large ones are left
  /// out.
  [[nodiscard]] Status with_details(std::string details) && {
    details_ = std::move(details);
    return std::move(*this);
  }
  [[nodiscard]] Status with_details(std::string details) const& {
    return Status(*this).with_details(std::move(details));
  }
  [[nodiscard]] const std::string& details() const noexcept { return details_; }

  static Status ok() { return Status(); }
  /// The caller, or whoever asked for the call, gave it up.
  static Status cancelled(std::string message = {}) { return Status(StatusCode::cancelled, std::move(message)); }
  static Status unknown(std::string message = {}) { return Status(StatusCode::unknown, std::move(message)); }
  /// The request is wrong whatever the state of the system.
  static Status invalid_argument(std::string message = {}) {
    return Status(StatusCode::invalid_argument, std::move(message));
  }
  static Status deadline_exceeded(std::string message = {}) {
    return Status(StatusCode::deadline_exceeded, std::move(message));
  }
  static Status not_found(std::string message = {}) { return Status(StatusCode::not_found, std::move(message)); }
  static Status already_exists(std::string message = {}) {
    return Status(StatusCode::already_exists, std::move(message));
  }
  /// The caller is known, and may not do this.
  static Status permission_denied(std::string message = {}) {
    return Status(StatusCode::permission_denied, std::move(message));
  }
  static Status resource_exhausted(std::string message = {}) {
    return Status(StatusCode::resource_exhausted, std::move(message));
  }
  /// The request is fine, the system's state is not: do not retry before that is mended.
  static Status failed_precondition(std::string message = {}) {
    return Status(StatusCode::failed_precondition, std::move(message));
  }
  static Status aborted(std::string message = {}) { return Status(StatusCode::aborted, std::move(message)); }
  static Status out_of_range(std::string message = {}) { return Status(StatusCode::out_of_range, std::move(message)); }
  static Status unimplemented(std::string message = {}) {
    return Status(StatusCode::unimplemented, std::move(message));
  }
  static Status internal(std::string message = {}) { return Status(StatusCode::internal, std::move(message)); }
  /// Not now: the client may retry as it is.
  static Status unavailable(std::string message = {}) { return Status(StatusCode::unavailable, std::move(message)); }
  static Status data_loss(std::string message = {}) { return Status(StatusCode::data_loss, std::move(message)); }
  /// The caller is not known.
  static Status unauthenticated(std::string message = {}) {
    return Status(StatusCode::unauthenticated, std::move(message));
  }

 private:
  StatusCode code_ = StatusCode::ok;
  std::string message_;
  std::string details_;
};

}  // namespace wasm_grpc::guest
