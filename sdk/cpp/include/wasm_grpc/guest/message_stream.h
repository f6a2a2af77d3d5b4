// The two directions of a streaming call whose messages are structs (protoc-gen-wasm-grpc).
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>

#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/message.h"
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
  /// came is malformed: the call then ends with INTERNAL, whatever the handler returns. It lives until the next read,
  /// and may be moved from.
  [[nodiscard]] Message* read() {
    if (malformed_) return nullptr;
    const std::optional<Bytes> bytes = bytes_->read();
    if (!bytes) return nullptr;
    malformed_ = !decode(*bytes, message_);
    return malformed_ ? nullptr : &message_;
  }

  /// True when read() would not wait: a message is there, or the end, or the call was cancelled.
  [[nodiscard]] bool ready() const { return malformed_ || bytes_->ready(); }
  /// After read() gave null: whether that was because the call was cancelled, not because the client was done.
  [[nodiscard]] bool cancelled() const noexcept { return bytes_->cancelled(); }
  /// After read() gave null: whether that was because of a malformed message.
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }

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
  bool malformed_ = false;
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

  /// True when write() would not wait: the client reads fast enough, or the call was cancelled.
  [[nodiscard]] bool ready() const { return bytes_->ready(); }

 private:
  Writer* bytes_;
  Buffer* buffer_;
};

}  // namespace wasm_grpc::guest
