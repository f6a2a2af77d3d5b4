// A call that the guest makes, as the host keeps it: what the classes of the other headers are made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/guest/async_stream.h"
#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/client/abi.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/message.h"
#include "wasm_grpc/guest/metadata.h"
#include "wasm_grpc/guest/pairs.h"
#include "wasm_grpc/guest/result.h"
#include "wasm_grpc/guest/status.h"

namespace wasm_grpc::guest {

/// What may be said of a call besides its request.
struct CallOptions {
  /// How long it may take. It ends by the deadline of the call that it is made for at the latest, with or without this.
  std::optional<std::chrono::nanoseconds> timeout = {};
  /// Request headers: keys of lower-case letters, digits, '_', '-' and '.', values of printable ASCII, or any bytes
  /// where the key ends in -bin; 16 KiB at most. They are read when the call begins, and need not live longer.
  std::vector<Metadata::Entry> metadata = {};
};

namespace detail {

/// How messages of calls become bytes, and back: structs; or bytes as they are.
template <typename Message>
struct MessageCodec {
  [[nodiscard]] static Bytes encode(const Message& message, Buffer& buffer) { return guest::encode(message, buffer); }
  [[nodiscard]] static bool decode(Bytes bytes, Message& message) { return guest::decode(bytes, message); }
  [[nodiscard]] static Status malformed() {
    return Status::internal(std::string("the response is not a well-formed ").append(Message::full_name));
  }
};
template <>
struct MessageCodec<Bytes> {
  [[nodiscard]] static Bytes encode(Bytes message, Buffer&) { return message; }
};
template <>
struct MessageCodec<std::string> {
  [[nodiscard]] static bool decode(Bytes bytes, std::string& message) {
    message.assign(bytes.data(), bytes.size());
    return true;
  }
  [[nodiscard]] static Status malformed() { return Status(); }  // bytes never are
};

/// The call, from its beginning until the host is told to let go of it, which cancels it where it has not ended.
class MadeCall {
 public:
  MadeCall(const Context& context, std::string_view target, std::string_view path, std::int32_t kind,
           const CallOptions& options)
      : id_(open(target, path, kind, context.id(), options)) {}
  MadeCall(const MadeCall&) = delete;
  MadeCall& operator=(const MadeCall&) = delete;
  ~MadeCall() {
    if (id_ > 0) (void)abi::wasm_grpc_client_1_close(id_);
  }

  /// Its number; when it is not greater than 0, why there is none.
  [[nodiscard]] std::int32_t id() const noexcept { return id_; }

  [[nodiscard]] Sent send(Bytes message, bool last) const {
    const std::int32_t result =
        abi::wasm_grpc_client_1_send(id_, message.data(), static_cast<std::uint32_t>(message.size()), last ? 1 : 0);
    return result == abi::ok ? Sent::yes : result == abi::again ? Sent::not_yet : Sent::never;
  }
  void half_close() const { (void)abi::wasm_grpc_client_1_half_close(id_); }
  void cancel() const { (void)abi::wasm_grpc_client_1_cancel(id_); }

  /// Takes the next message into `buffer`: message, nothing_yet or end.
  [[nodiscard]] Received receive(Buffer& buffer, Bytes& bytes) const {
    for (;;) {
      const std::int32_t length = abi::wasm_grpc_client_1_recv(id_, buffer.data(), buffer.capacity());
      if (length == abi::again) return Received::nothing_yet;
      if (length < 0) return Received::end;
      const auto size = static_cast<std::uint32_t>(length);
      if (size <= buffer.capacity()) {
        bytes = Bytes(buffer.data(), size);
        return Received::message;
      }
      buffer.reserve(size);
    }
  }
  /// The same as a Message: malformed too.
  template <typename Message>
  [[nodiscard]] Received receive(Buffer& buffer, Message& message) const {
    Bytes bytes;
    const Received received = receive(buffer, bytes);
    if (received != Received::message) return received;
    return MessageCodec<Message>::decode(bytes, message) ? received : Received::malformed;
  }

  /// Whether one of the interests holds.
  [[nodiscard]] bool holds(std::int32_t interests) const { return wait(interests, 0) != 0; }
  /// Suspends the guest until one of the interests holds, or the time has passed, which a negative one never does. What
  /// wait_any answers.
  [[nodiscard]] std::int32_t wait(std::int32_t interests, std::int64_t timeout_ns) const {
    if (id_ <= 0) return 1;
    wasm_grpc_wait_entry entry{id_, static_cast<std::uint32_t>(interests), 0};
    return abi::wasm_grpc_client_1_wait_any(&entry, 1, timeout_ns);
  }

  /// Whether it has ended.
  [[nodiscard]] bool ended() const { return abi::wasm_grpc_client_1_status(id_) != abi::again; }
  /// How it has ended, with its text and details.
  [[nodiscard]] Status status() const {
    if (id_ <= 0) return not_made();
    return status_of(abi::wasm_grpc_client_1_status(id_));
  }
  /// The one response of a call that has ended, or its status.
  template <typename Reply>
  [[nodiscard]] Result<Reply> reply(Buffer& buffer) const {
    return reply_with<Reply>(buffer, status());
  }
  /// The same of one that is waited for where it has not ended: one that calls a module has often ended by now.
  template <typename Reply>
  [[nodiscard]] Result<Reply> await_reply(Buffer& buffer) const {
    if (id_ <= 0) return not_made();
    const std::int32_t code = abi::wasm_grpc_client_1_status(id_);
    if (code == abi::again) {
      (void)wait(abi::client_ended, -1);
      return reply<Reply>(buffer);
    }
    return reply_with<Reply>(buffer, status_of(code));
  }

  /// The response metadata: abi::headers, or abi::trailers. None while it is not there.
  [[nodiscard]] Metadata metadata(std::int32_t where) const {
    return Metadata([this, where](void* list, std::uint32_t cap) {
      return abi::wasm_grpc_client_1_metadata_list(id_, where, list, cap);
    });
  }

 private:
  [[nodiscard]] Status status_of(std::int32_t code) const {
    if (code == 0) return Status::ok();
    if (code < 0) return not_waited_for(code);
    Status status(static_cast<StatusCode>(code > 16 ? 2 : code), info(abi::client_status_message));
    if (std::string details = info(abi::client_status_details); !details.empty()) {
      return std::move(status).with_details(std::move(details));
    }
    return status;
  }
  template <typename Reply>
  [[nodiscard]] Result<Reply> reply_with(Buffer& buffer, Status status) const {
    if (!status.is_ok()) return status;
    Reply reply;
    switch (receive(buffer, reply)) {
      case Received::message:
        return reply;
      case Received::malformed:
        return MessageCodec<Reply>::malformed();
      default:
        return Status::internal("the call ended well, but without a response");
    }
  }
  [[nodiscard]] static std::int32_t open(std::string_view target, std::string_view path, std::int32_t kind,
                                         std::int32_t parent, const CallOptions& options) {
    std::string metadata;
    for (const auto& [key, value] : options.metadata) append_pair(metadata, key, value);
    std::int64_t timeout = abi::no_timeout;
    if (options.timeout) timeout = options.timeout->count() < 0 ? 0 : options.timeout->count();
    return abi::wasm_grpc_client_1_open(target.data(), static_cast<std::uint32_t>(target.size()), path.data(),
                                        static_cast<std::uint32_t>(path.size()), kind, timeout, parent, metadata.data(),
                                        static_cast<std::uint32_t>(metadata.size()));
  }
  [[nodiscard]] Status not_made() const {
    switch (id_) {
      case abi::full:
        return Status::resource_exhausted("the instance has as many calls open as it may; let go of some");
      case abi::closed:
        return Status::cancelled("the call that this one was to be made for is over");
      case abi::unsupported:
        return Status::unimplemented("the host makes no calls for this module");
      default:
        return Status::internal(
            "the host refuses the call: its path, or a key or a value of its metadata, is not "
            "allowed, or there is more than 16 KiB of that");
    }
  }
  /// The status of a call that has none, for those who cannot wait for it.
  [[nodiscard]] static Status not_waited_for(std::int32_t code) {
    if (code != abi::again) return Status::cancelled();
    return Status::cancelled(
        "the call was not waited for, as the one that it was made for is over, or is served by a "
        "coroutine, where a Stub of Async is to be used");
  }
  [[nodiscard]] std::string info(std::int32_t what) const {
    return read_string(
               [&](void* value, std::uint32_t cap) { return abi::wasm_grpc_client_1_info(id_, what, value, cap); })
        .value_or(std::string());
  }

  std::int32_t id_;
};

}  // namespace detail
}  // namespace wasm_grpc::guest
