// The two directions of a streaming call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"

namespace wasm_grpc::guest {

/// The request messages of a call: `for (Bytes message : in)`, or read() one by one.
class Reader {
 public:
  Reader(std::int32_t call, Buffer& buffer) : call_(call), buffer_(&buffer) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The next message; waits until there is one. Nothing after the last one, or when the call was cancelled. The bytes
  /// live until the next read.
  [[nodiscard]] std::optional<Bytes> read() {
    for (;;) {
      const std::int32_t length = abi::wasm_grpc_1_recv(call_, buffer_->data(), buffer_->capacity());
      if (length >= 0) {
        const auto size = static_cast<std::uint32_t>(length);
        if (size <= buffer_->capacity()) return Bytes(buffer_->data(), size);
        buffer_->reserve(size);
        continue;
      }
      if (length == abi::again && abi::wasm_grpc_1_wait(call_, abi::readable, -1) > 0) continue;
      cancelled_ = length != abi::end;
      return std::nullopt;
    }
  }

  /// True when read() would not wait: a message is there, or the end, or the call was cancelled.
  [[nodiscard]] bool ready() const { return abi::wasm_grpc_1_wait(call_, abi::readable, 0) != 0; }
  /// After read() gave nothing: whether that was because the call was cancelled, not because the client was done.
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }

  class Iterator {
   public:
    using value_type = Bytes;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(Reader& reader) : reader_(&reader), message_(reader.read()) {}
    Bytes operator*() const { return *message_; }
    Iterator& operator++() {
      message_ = reader_->read();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !message_.has_value(); }

   private:
    Reader* reader_;
    std::optional<Bytes> message_;
  };
  /// Reads the first message.
  [[nodiscard]] Iterator begin() { return Iterator(*this); }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

 private:
  std::int32_t call_;
  Buffer* buffer_;
  bool cancelled_ = false;
};

/// The response messages of a call.
class Writer {
 public:
  explicit Writer(std::int32_t call) : call_(call) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Sends one message; waits while the client does not read fast enough. The host copies the bytes. False when it
  /// cannot be delivered any more, because the call was cancelled or has its status: stop and return.
  [[nodiscard]] bool write(Bytes message) {
    for (;;) {
      const std::int32_t result =
          abi::wasm_grpc_1_send(call_, message.data(), static_cast<std::uint32_t>(message.size()));
      if (result == abi::ok) return true;
      if (result != abi::again || abi::wasm_grpc_1_wait(call_, abi::writable, -1) <= 0) return false;
    }
  }

  /// True when write() would not wait: the client reads fast enough, or the call was cancelled.
  [[nodiscard]] bool ready() const { return abi::wasm_grpc_1_wait(call_, abi::writable, 0) != 0; }

 private:
  std::int32_t call_;
};

}  // namespace wasm_grpc::guest
