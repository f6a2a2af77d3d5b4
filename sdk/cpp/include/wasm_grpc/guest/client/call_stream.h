// The two directions of a streaming call that a handler makes, which waits in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "wasm_grpc/guest/async_stream.h"
#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/client/abi.h"
#include "wasm_grpc/guest/client/made_call.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/metadata.h"
#include "wasm_grpc/guest/result.h"
#include "wasm_grpc/guest/status.h"

namespace wasm_grpc::guest {

namespace detail {

/// What the calls that a handler makes have in common. It is let go of, and cancelled where it has not ended, when the
/// object goes.
class CallOfHandler {
 public:
  CallOfHandler(const Context& context, std::string_view target, std::string_view path, std::int32_t kind,
                const CallOptions& options)
      : call_(context, target, path, kind, options), buffer_(&instance_of(context).of_calls_made) {}
  CallOfHandler(const CallOfHandler&) = delete;
  CallOfHandler& operator=(const CallOfHandler&) = delete;

  /// Gives it up: it ends with CANCELLED, unless it has ended.
  void cancel() const { call_.cancel(); }
  /// The response headers. They are there once a message was read, or finish() returned.
  [[nodiscard]] Metadata headers() const { return call_.metadata(abi::headers); }
  /// The trailers. They are there once finish() has returned.
  [[nodiscard]] Metadata trailers() const { return call_.metadata(abi::trailers); }

  /// Sends a message; waits while the target does not read fast enough. False when the call has ended.
  template <typename Request>
  bool send(const Request& request, bool last) {
    const Bytes bytes = MessageCodec<Request>::encode(request, *buffer_);
    for (;;) {
      const Sent sent = call_.send(bytes, last);
      if (sent != Sent::not_yet) return sent == Sent::yes;
      if (call_.wait(abi::client_writable, -1) <= 0) return false;
    }
  }
  /// The response of a call that has one, after its last request; waits for it.
  template <typename Reply>
  [[nodiscard]] Result<Reply> reply() {
    return call_.await_reply<Reply>(*buffer_);
  }

 protected:
  [[nodiscard]] const MadeCall& call() const noexcept { return call_; }
  [[nodiscard]] Buffer& buffer() const noexcept { return *buffer_; }

 private:
  MadeCall call_;
  Buffer* buffer_;
};

/// The responses of a call, one after the other.
template <typename Reply>
class ReadingCall : public CallOfHandler {
 public:
  using CallOfHandler::CallOfHandler;

  /// The next response; waits until there is one. Null after the last one, which finish() tells more of. It lives until
  /// the next read, and may be moved from.
  [[nodiscard]] Reply* read() {
    while (!malformed_) {
      switch (call().receive(buffer(), reply_)) {
        case Received::message:
          return &reply_;
        case Received::nothing_yet:
          if (call().wait(abi::client_readable, -1) > 0) break;
          return nullptr;
        case Received::malformed:
          malformed_ = true;
          call().cancel();
          break;
        default:
          return nullptr;
      }
    }
    return nullptr;
  }
  /// True when read() would not wait.
  [[nodiscard]] bool ready() const { return malformed_ || call().holds(abi::client_readable); }

  /// How the call ended: waits for that. Responses that were not read are dropped; to have no more of them made,
  /// cancel(). INTERNAL after a response that was malformed.
  [[nodiscard]] Status finish() {
    while (read() != nullptr) {
    }
    return malformed_ ? MessageCodec<Reply>::malformed() : call().status();
  }

  class Iterator {
   public:
    using value_type = Reply;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(ReadingCall& call) : call_(&call), reply_(call.read()) {}
    Reply& operator*() const { return *reply_; }
    Iterator& operator++() {
      reply_ = call_->read();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return reply_ == nullptr; }

   private:
    ReadingCall* call_;
    Reply* reply_;
  };
  /// Reads the first response.
  [[nodiscard]] Iterator begin() { return Iterator(*this); }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

 private:
  Reply reply_{};
  bool malformed_ = false;
};

}  // namespace detail

/// A call with one request and many responses: `for (const HelloReply& reply : replies)`, or read() one by one; then
/// finish(). Responses are structs, or std::string for bytes.
template <typename Reply>
class CallReader : public detail::ReadingCall<Reply> {
 public:
  template <typename Request>
  CallReader(const Context& context, std::string_view target, std::string_view path, const Request& request,
             const CallOptions& options)
      : detail::ReadingCall<Reply>(context, target, path, abi::server_stream, options) {
    (void)detail::CallOfHandler::send(request, true);
  }

 private:
  using detail::CallOfHandler::reply;
  using detail::CallOfHandler::send;
};

/// A call with many requests and one response.
template <typename Request, typename Reply>
class CallWriter : public detail::CallOfHandler {
 public:
  CallWriter(const Context& context, std::string_view target, std::string_view path, const CallOptions& options)
      : CallOfHandler(context, target, path, abi::client_stream, options) {}

  /// Sends one request; waits while the target does not read fast enough. False when the call has ended: finish() tells
  /// why.
  [[nodiscard]] bool write(const Request& request) { return send(request, false); }
  /// True when write() would not wait.
  [[nodiscard]] bool ready() const { return call().holds(abi::client_writable); }
  /// Says that these were all, and waits for the response.
  [[nodiscard]] Result<Reply> finish() {
    call().half_close();
    return CallOfHandler::reply<Reply>();
  }

 private:
  using CallOfHandler::reply;
  using CallOfHandler::send;
};

/// A call with many requests and many responses, in any order.
template <typename Request, typename Reply>
class CallReaderWriter : public detail::ReadingCall<Reply> {
 public:
  CallReaderWriter(const Context& context, std::string_view target, std::string_view path, const CallOptions& options)
      : detail::ReadingCall<Reply>(context, target, path, abi::bidi_stream, options) {}

  /// Sends one request; waits while the target does not read fast enough. False when the call has ended.
  [[nodiscard]] bool write(const Request& request) { return send(request, false); }
  /// True when write() would not wait.
  [[nodiscard]] bool writable() const { return this->call().holds(abi::client_writable); }
  /// Says that these were all.
  void writes_done() const { this->call().half_close(); }
  /// writes_done(), and how the call ended: waits for that. Responses that were not read are dropped.
  [[nodiscard]] Status finish() {
    writes_done();
    return detail::ReadingCall<Reply>::finish();
  }

 private:
  using detail::CallOfHandler::reply;
  using detail::CallOfHandler::send;
};

}  // namespace wasm_grpc::guest
