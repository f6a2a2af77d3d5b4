// From the first event of a call to the coroutine that serves it, and to the call's status.
#pragma once

#include <coroutine>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/async_call.h"
#include "wasm_grpc/guest/async_stream.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/reply.h"
#include "wasm_grpc/guest/request_check.h"
#include "wasm_grpc/guest/result.h"
#include "wasm_grpc/guest/status.h"
#include "wasm_grpc/guest/task.h"

namespace wasm_grpc::guest::detail {

/// The outermost coroutine of a call: it begins at once, and its frame is the call, until the call's end.
struct CallCoroutine {
  struct promise_type final : AsyncCall {
    /// From the parameters of the coroutine.
    template <typename Handler>
    promise_type(AsyncLoop& loop, std::int32_t id, Handler&) : AsyncCall(loop, id) {}

    [[nodiscard]] AsyncCall& call() noexcept { return *this; }
    [[nodiscard]] CallCoroutine get_return_object() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }

   private:
    void destroy() noexcept override { std::coroutine_handle<promise_type>::from_promise(*this).destroy(); }
  };
};

/// `co_await ThisCall()` gives the coroutine its call.
class ThisCall {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <typename Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> coroutine) noexcept {
    call_ = &coroutine.promise().call();
    return false;
  }
  [[nodiscard]] AsyncCall& await_resume() const noexcept { return *call_; }

 private:
  AsyncCall* call_ = nullptr;
};

/// The one request of a call, which is there when it is opened.
template <typename Request>
class OneRequest {
 public:
  /// Takes it. False when there is none: the call then has its status.
  [[nodiscard]] bool receive(const AsyncCall& call, const Context& context) {
    const Received received = incoming_.take(call);
    if (received == Received::message) return true;
    (void)context.finish(status(received));
    return false;
  }
  [[nodiscard]] const Request& get() noexcept { return *(given_ = incoming_.get()); }

 private:
  [[nodiscard]] Status status(Received received) const {
    if (received == Received::malformed || received == Received::against_rules) return incoming_.refusal(received);
    if (received == Received::nothing_yet) return Status::cancelled();  // it is there, unless the call has ended
    return Status::invalid_argument("there is no request");
  }

  Incoming<Request> incoming_;
  typename Incoming<Request>::Given given_{};
};

/// What a coroutine with one response gives: a Reply, or the Result of a struct.
template <typename Response>
struct ResponseOf {
  using Outcome = Result<Response>;
  [[nodiscard]] static const Response& message(const Outcome& result) noexcept { return *result; }
  [[nodiscard]] static const Response& keep(const Outcome& result) noexcept { return *result; }
};
template <>
struct ResponseOf<Bytes> {
  using Outcome = Reply;
  [[nodiscard]] static Bytes message(const Outcome& reply) noexcept { return reply.message(); }
  // It may show memory that other calls use while this one waits.
  [[nodiscard]] static std::string keep(const Outcome& reply) { return reply.message().copy(); }
};
template <typename Response>
using OutcomeOf = typename ResponseOf<Response>::Outcome;

/// Sends the one response of a call when there is room for it.
template <typename Response>
[[nodiscard]] Task<> send_later(AsyncCall& call, const OutcomeOf<Response>& outcome) {
  const auto& message = ResponseOf<Response>::keep(outcome);
  (void)co_await OutStream<Response>(call).write(message);
}
template <typename Response>
[[nodiscard]] bool send_now(AsyncCall& call, const OutcomeOf<Response>& outcome) {
  return OutStream<Response>(call).try_write(ResponseOf<Response>::message(outcome));
}

// What serves a call of each kind, with messages that are structs, or Bytes. `handler` lives as long as the instance.

template <typename Request, typename Response, typename Handler>
CallCoroutine run_unary(AsyncLoop& loop, std::int32_t id, Handler& handler) {
  AsyncCall& call = co_await ThisCall();
  Context context(id, loop.instance());
  OneRequest<Request> request;
  if (!request.receive(call, context)) co_return;
  const OutcomeOf<Response> outcome = co_await handler(context, request.get());
  if (outcome.status().is_ok() && !send_now<Response>(call, outcome)) co_await send_later<Response>(call, outcome);
  (void)context.finish(outcome.status());
}

template <typename Request, typename Response, typename Handler>
CallCoroutine run_client_stream(AsyncLoop& loop, std::int32_t id, Handler& handler) {
  AsyncCall& call = co_await ThisCall();
  Context context(id, loop.instance());
  InStream<Request> in(call);
  const OutcomeOf<Response> outcome = co_await handler(context, in);
  if (in.malformed()) {
    (void)context.finish(in.refusal());
    co_return;
  }
  if (outcome.status().is_ok() && !send_now<Response>(call, outcome)) co_await send_later<Response>(call, outcome);
  (void)context.finish(outcome.status());
}

template <typename Request, typename Response, typename Handler>
CallCoroutine run_server_stream(AsyncLoop& loop, std::int32_t id, Handler& handler) {
  AsyncCall& call = co_await ThisCall();
  Context context(id, loop.instance());
  OneRequest<Request> request;
  if (!request.receive(call, context)) co_return;
  OutStream<Response> out(call);
  const Status status = co_await handler(context, request.get(), out);
  (void)context.finish(status);
}

template <typename Request, typename Response, typename Handler>
CallCoroutine run_bidi_stream(AsyncLoop& loop, std::int32_t id, Handler& handler) {
  AsyncCall& call = co_await ThisCall();
  Context context(id, loop.instance());
  Stream<Request, Response> stream(call);
  const Status status = co_await handler(context, stream);
  (void)context.finish(stream.malformed() ? stream.refusal() : status);
}

/// What a method of a generated service that waits by co_await takes and gives, and what serves it.
template <typename Method>
struct AsyncMethod;
template <typename Service, typename Response, typename Request>
struct AsyncMethod<Task<Result<Response>> (Service::*)(Context&, const Request&)> {
  using ServiceType = Service;
  static constexpr std::int32_t kind = abi::unary;
  template <typename Handler>
  static constexpr auto run = &run_unary<Request, Response, Handler>;
};
template <typename Service, typename Request, typename Response>
struct AsyncMethod<Task<Status> (Service::*)(Context&, const Request&, OutStream<Response>&)> {
  using ServiceType = Service;
  static constexpr std::int32_t kind = abi::server_stream;
  template <typename Handler>
  static constexpr auto run = &run_server_stream<Request, Response, Handler>;
};
template <typename Service, typename Response, typename Request>
struct AsyncMethod<Task<Result<Response>> (Service::*)(Context&, InStream<Request>&)> {
  using ServiceType = Service;
  static constexpr std::int32_t kind = abi::client_stream;
  template <typename Handler>
  static constexpr auto run = &run_client_stream<Request, Response, Handler>;
};
template <typename Service, typename Request, typename Response>
struct AsyncMethod<Task<Status> (Service::*)(Context&, Stream<Request, Response>&)> {
  using ServiceType = Service;
  static constexpr std::int32_t kind = abi::bidi_stream;
  template <typename Handler>
  static constexpr auto run = &run_bidi_stream<Request, Response, Handler>;
};

}  // namespace wasm_grpc::guest::detail
