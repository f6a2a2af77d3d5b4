// The two directions of a streaming call that a coroutine makes.
#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include "wasm_grpc/guest/async_stream.h"
#include "wasm_grpc/guest/client/abi.h"
#include "wasm_grpc/guest/client/async_made_call.h"
#include "wasm_grpc/guest/client/made_call.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/metadata.h"
#include "wasm_grpc/guest/result.h"
#include "wasm_grpc/guest/status.h"

namespace wasm_grpc::guest {

namespace detail {

/// What the streaming calls that a coroutine makes have in common. It is let go of, and cancelled where it has not
/// ended, when the object goes, as it does with the coroutine.
class CallOfCoroutine {
 public:
  CallOfCoroutine(const Context& context, std::string_view target, std::string_view path, std::int32_t kind,
                  const CallOptions& options)
      : call_(context, target, path, kind, options) {}
  CallOfCoroutine(const CallOfCoroutine&) = delete;
  CallOfCoroutine& operator=(const CallOfCoroutine&) = delete;

  /// Gives it up: it ends with CANCELLED, unless it has ended.
  void cancel() const { call_.host().cancel(); }
  /// The response headers. They are there once a message was read, or finish() was awaited.
  [[nodiscard]] Metadata headers() const { return call_.host().metadata(abi::headers); }
  /// The trailers. They are there once finish() was awaited.
  [[nodiscard]] Metadata trailers() const { return call_.host().metadata(abi::trailers); }

 protected:
  [[nodiscard]] AsyncMadeCall& call() noexcept { return call_; }

 private:
  AsyncMadeCall call_;
};

/// The responses of a call, one after the other.
template <typename Reply>
class AwaitedReplies : public CallOfCoroutine {
 public:
  using CallOfCoroutine::CallOfCoroutine;

  /// `co_await in.read()` gives the next response, a `Reply*`. Null after the last one, which finish() tells more of.
  /// It lives until the next read, and may be moved from.
  [[nodiscard]] auto read() noexcept { return Retrying<Read>(call(), call().readable(), Read{this}); }
  /// For select(): a response has come, or the end.
  [[nodiscard]] MadeCallSource readable() noexcept { return {call(), abi::client_readable}; }
  /// `co_await in.finish()` gives the Status that the call ended with, and waits for that. Responses that were not read
  /// are dropped; to have no more of them made, cancel(). INTERNAL after a response that was malformed.
  [[nodiscard]] auto finish() noexcept { return Retrying<Finish>(call(), call().readable(), Finish{this}); }

 private:
  struct Read {
    [[nodiscard]] bool step() {
      received = replies->next();
      return received != Received::nothing_yet;
    }
    [[nodiscard]] Reply* result() const noexcept { return received == Received::message ? &replies->reply_ : nullptr; }
    AwaitedReplies* replies;
    Received received = Received::nothing_yet;
  };
  struct Finish {
    [[nodiscard]] bool step() {
      Received received = Received::message;
      while (received == Received::message) received = replies->next();
      return received != Received::nothing_yet;
    }
    [[nodiscard]] Status result() const {
      return replies->malformed_ ? MessageCodec<Reply>::malformed() : replies->call().host().status();
    }
    AwaitedReplies* replies;
  };

  [[nodiscard]] Received next() {
    if (malformed_) return Received::end;
    const Received received = call().host().receive(call().buffer(), reply_);
    if (received != Received::malformed) return received;
    malformed_ = true;
    call().host().cancel();
    return Received::end;
  }

  Reply reply_{};
  bool malformed_ = false;
};

/// `co_await out.write(request)`.
template <typename Request>
struct AwaitedSend {
  [[nodiscard]] bool step() {
    sent = call->host().send(MessageCodec<Request>::encode(*request, call->buffer()), false);
    return sent != Sent::not_yet;
  }
  [[nodiscard]] bool result() const noexcept { return sent == Sent::yes; }
  AsyncMadeCall* call;
  const Request* request;
  Sent sent = Sent::not_yet;
};

template <typename Request>
[[nodiscard]] auto awaited_send(AsyncMadeCall& call, const Request& request) noexcept {
  return Retrying<AwaitedSend<Request>>(call, call.writable(), AwaitedSend<Request>{&call, &request});
}

}  // namespace detail

/// A call with one request and many responses, of a coroutine. Responses are structs, or std::string for bytes.
///
///   while (const Feature* feature = co_await features.read()) ...
///   const Status status = co_await features.finish();
template <typename Reply>
class CallInStream : public detail::AwaitedReplies<Reply> {
 public:
  template <typename Request>
  CallInStream(const Context& context, std::string_view target, std::string_view path, const Request& request,
               const CallOptions& options)
      : detail::AwaitedReplies<Reply>(context, target, path, abi::server_stream, options) {
    this->call().send_last(detail::MessageCodec<Request>::encode(request, this->call().buffer()));
  }
};

/// A call with many requests and one response, of a coroutine.
template <typename Request, typename Reply>
class CallOutStream : public detail::CallOfCoroutine {
 public:
  CallOutStream(const Context& context, std::string_view target, std::string_view path, const CallOptions& options)
      : CallOfCoroutine(context, target, path, abi::client_stream, options) {}

  /// `co_await out.write(request)` sends one request, and waits while the target does not read fast enough. The request
  /// must live until then. False when the call has ended: finish() tells why.
  [[nodiscard]] auto write(const Request& request) noexcept { return detail::awaited_send(call(), request); }
  /// For select(): the target reads fast enough.
  [[nodiscard]] detail::MadeCallSource writable() noexcept { return {call(), abi::client_writable}; }
  /// `co_await out.finish()` says that these were all, and gives the Result<Reply>, the response or the status.
  [[nodiscard]] auto finish() noexcept {
    call().host().half_close();
    return detail::Retrying<Finish>(call(), call().ended_list(), Finish{&call()});
  }

 private:
  struct Finish {
    [[nodiscard]] bool step() const { return call->host().ended(); }
    [[nodiscard]] Result<Reply> result() const { return call->host().template reply<Reply>(call->buffer()); }
    detail::AsyncMadeCall* call;
  };
};

/// A call with many requests and many responses, in any order, of a coroutine.
template <typename Request, typename Reply>
class CallStream : public detail::AwaitedReplies<Reply> {
 public:
  CallStream(const Context& context, std::string_view target, std::string_view path, const CallOptions& options)
      : detail::AwaitedReplies<Reply>(context, target, path, abi::bidi_stream, options) {}

  /// `co_await stream.write(request)`, as CallOutStream's.
  [[nodiscard]] auto write(const Request& request) noexcept { return detail::awaited_send(this->call(), request); }
  /// For select(): the target reads fast enough.
  [[nodiscard]] detail::MadeCallSource writable() noexcept { return {this->call(), abi::client_writable}; }
  /// Says that these were all.
  void writes_done() { this->call().host().half_close(); }
  /// writes_done(), and the Status that the call ended with, as AwaitedReplies::finish().
  [[nodiscard]] auto finish() noexcept {
    writes_done();
    return detail::AwaitedReplies<Reply>::finish();
  }
};

}  // namespace wasm_grpc::guest
