// How a call ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "wasm_grpc/guest/any.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/message.h"
#include "wasm_grpc/guest/wire_reader.h"
#include "wasm_grpc/guest/wire_writer.h"

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

  /// The same with one detail more, for programs: a message of wasm_grpc/guest/error_details.h (rpc::BadRequest,
  /// rpc::ErrorInfo, ...), or any that protoc-gen-wasm-grpc makes. Details travel in the trailer
  /// grpc-status-details-bin, and count towards the 16 KiB of metadata: more are left out, which the log says. An `ok`
  /// status has none.
  template <typename Detail>
  [[nodiscard]] Status with(const Detail& what) && {
    add_detail(Detail::full_name, encode(what));
    return std::move(*this);
  }
  template <typename Detail>
  [[nodiscard]] Status with(const Detail& what) const& {
    return Status(*this).with(what);
  }
  /// The first detail of this type, of a status made by with() or with_details(); nothing where there is none, or it is
  /// malformed.
  template <typename Detail>
  [[nodiscard]] std::optional<Detail> detail() const {
    std::optional<Detail> found;
    wire::Reader status{Bytes(details_)};
    while (!found && status.next()) {
      if (status.tag() != wire::bytes_tag(3)) continue;
      std::string_view type_url;
      Bytes value;
      wire::Reader any = status.message();
      while (any.next()) {
        if (any.tag() == wire::bytes_tag(1)) type_url = any.text();
        if (any.tag() == wire::bytes_tag(2)) value = any.bytes();
      }
      if (is_type(type_url, Detail::full_name) && !decode(value, found.emplace())) return std::nullopt;
    }
    return found;
  }

  /// The same with details in the place of those before: a serialized google.rpc.Status, whose code and message are to
  /// be those given here.
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
  /// Appends to the serialized google.rpc.Status: { int32 code = 1; string message = 2; repeated Any details = 3; }
  void add_detail(std::string_view full_name, const std::string& value) {
    wire::Writer status(details_);
    if (details_.empty()) status.int32(1, static_cast<std::int32_t>(code_)).text(2, message_);
    status.message(3, [&](wire::Writer& any) {
      any.text(1, std::string("type.googleapis.com/").append(full_name)).bytes(2, Bytes(value));
    });
  }

  StatusCode code_ = StatusCode::ok;
  std::string message_;
  std::string details_;
};

}  // namespace wasm_grpc::guest
