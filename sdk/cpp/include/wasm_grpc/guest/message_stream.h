// The two directions of a streaming call whose messages are structs (protoc-gen-wasm-grpc).
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>

#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/message.h"
#include "wasm_grpc/guest/request_check.h"
#include "wasm_grpc/guest/status.h"
#include "wasm_grpc/guest/stream.h"

namespace wasm_grpc::guest {

/// The request messages of a call: `for (const Point& point : in)`, or read() one by one.
template <typename Message>
class MessageReader {
 public:
  explicit MessageReader(Reader& bytes) : bytes_(&bytes) {}
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  /// The next message; waits until there is one. Null after the last one, when the call was cancelled, and when what
  /// came is malformed: the call then ends with INTERNAL, whatever the handler returns; or, where rules are enforced
  /// (docs/guest-protobuf.md), against them: INVALID_ARGUMENT. It lives until the next read, and may be moved from.
  [[nodiscard]] Message* read() {
    if (refusal_) return nullptr;
    const std::optional<Bytes> bytes = bytes_->read();
    if (!bytes) return nullptr;
    if (!decode(*bytes, message_)) {
      refusal_ = detail::malformed_request(Message::full_name);
    } else {
      refusal_ = detail::broken_rules_of(message_);
    }
    return refusal_ ? nullptr : &message_;
  }

  /// True when read() would not wait: a message is there, or the end, or the call was cancelled.
  [[nodiscard]] bool ready() const { return refusal_ || bytes_->ready(); }
  /// After read() gave null: whether that was because the call was cancelled, not because the client was done.
  [[nodiscard]] bool cancelled() const noexcept { return bytes_->cancelled(); }
  /// After read() gave null: whether that was because of a malformed message, or one against rules.
  [[nodiscard]] bool malformed() const noexcept { return refusal_.has_value(); }
  /// What the call ends with then.
  [[nodiscard]] const Status& refusal() const noexcept { return *refusal_; }

  class Iterator {
   public:
    using value_type = Message;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(MessageReader& reader) : reader_(&reader), message_(reader.read()) {}
    Message& operator*() const { return *message_; }
    Iterator& operator++() {
      message_ = reader_->read();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return message_ == nullptr; }

   private:
    MessageReader* reader_;
    Message* message_;
  };
  /// Reads the first message.
  [[nodiscard]] Iterator begin() { return Iterator(*this); }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

 private:
  Reader* bytes_;
  Message message_{};
  std::optional<Status> refusal_;
};

/// The response messages of a call.
template <typename Message>
class MessageWriter {
 public:
  /// Messages are encoded in `buffer`.
  MessageWriter(Writer& bytes, Buffer& buffer) : bytes_(&bytes), buffer_(&buffer) {}
  MessageWriter(const MessageWriter&) = delete;
  MessageWriter& operator=(const MessageWriter&) = delete;

  /// Sends one message; waits while the client does not read fast enough. False when it cannot be delivered any more,
  /// because the call was cancelled or has its status: stop and return.
  [[nodiscard]] bool write(const Message& message) { return bytes_->write(encode(message, *buffer_)); }

  /// Sends one message if that takes no waiting. False when it was not sent: the client does not read fast enough, or
  /// the call is over.
  [[nodiscard]] bool try_write(const Message& message) { return ready() && write(message); }

  /// Sends one after the other: `return out.write_all(entries);`, or what a view makes of them. `cancelled` when they
  /// cannot be delivered any more.
  template <typename Messages>
  [[nodiscard]] Status write_all(Messages&& messages) {
    for (const Message& message : messages) {
      if (!write(message)) return Status::cancelled();
    }
    return Status::ok();
  }

  /// True when write() would not wait: the client reads fast enough, or the call was cancelled.
  [[nodiscard]] bool ready() const { return bytes_->ready(); }

 private:
  Writer* bytes_;
  Buffer* buffer_;
};

}  // namespace wasm_grpc::guest
