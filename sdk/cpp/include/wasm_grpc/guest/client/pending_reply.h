// A call with one request and one response that goes on beside others.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "wasm_grpc/guest/async_stream.h"
#include "wasm_grpc/guest/client/abi.h"
#include "wasm_grpc/guest/client/async_made_call.h"
#include "wasm_grpc/guest/client/made_call.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/metadata.h"
#include "wasm_grpc/guest/result.h"
#include "wasm_grpc/guest/status.h"
#include "wasm_grpc/guest/task.h"
#include "wasm_grpc/guest/wait.h"

namespace wasm_grpc::guest {

/// A call that has begun, and its response, which is to come:
///
///   Result<HelloReply> reply = co_await greeter.SayHello(context, request);
///
///   PendingReply hello = greeter.SayHello(context, request);  // meanwhile, something else
///   Result<HelloReply> reply = co_await hello;
///
/// In a handler it is waited for by wait(). It is let go of, and cancelled where it has not ended, when the object
/// goes; it is not to outlive the call that it was made for. Once moved from it is of no use.
template <typename Reply>
class [[nodiscard]] PendingReply {
 public:
  template <typename Request>
  PendingReply(const Context& context, std::string_view target, std::string_view path, const Request& request,
               const CallOptions& options)
      : call_(std::make_unique<detail::AsyncMadeCall>(context, target, path, abi::unary, options)) {
    call_->send_last(detail::MessageCodec<Request>::encode(request, call_->buffer()));
  }

  /// `co_await pending` gives the response, or the status that the call failed with. Once.
  [[nodiscard]] auto operator co_await() const {
    return detail::Retrying<Await>(*call_, call_->ended_list(), Await{call_.get()});
  }
  /// The same in a handler: suspends the guest.
  [[nodiscard]] Result<Reply> wait() {
    call_->wait_ended(-1);
    return result();
  }
  /// Suspends the guest until it has ended, for so long at most. Whether it has.
  [[nodiscard]] bool wait_for(std::chrono::nanoseconds time) {
    call_->wait_ended(time.count() < 0 ? 0 : time.count());
    return ended();
  }

  /// Whether it has ended: then nothing waits for it.
  [[nodiscard]] bool ended() const { return call_->host().ended(); }
  /// For select(): it has ended.
  [[nodiscard]] detail::MadeCallSource arrival() const noexcept { return {*call_, abi::client_ended}; }
  /// What it ended with, once it has: the response or the status. Once.
  [[nodiscard]] Result<Reply> result() const { return call_->host().template reply<Reply>(call_->buffer()); }
  /// Gives it up: it ends with CANCELLED, unless it has ended.
  void cancel() const { call_->host().cancel(); }

  /// The response metadata, once it has ended.
  [[nodiscard]] Metadata headers() const { return call_->host().metadata(abi::headers); }
  [[nodiscard]] Metadata trailers() const { return call_->host().metadata(abi::trailers); }

 private:
  struct Await {
    [[nodiscard]] bool step() const { return call->host().ended(); }
    [[nodiscard]] Result<Reply> result() const { return call->host().template reply<Reply>(call->buffer()); }
    detail::AsyncMadeCall* call;
  };

  std::unique_ptr<detail::AsyncMadeCall> call_;
};

namespace detail {

using SteadyClock = std::chrono::steady_clock;

[[nodiscard]] inline SteadyClock::time_point after(std::chrono::nanoseconds time) {
  const auto now = SteadyClock::now();
  // A time past the end of the clock is no time.
  return time > SteadyClock::time_point::max() - now ? SteadyClock::time_point::max()
                                                     : now + std::chrono::duration_cast<SteadyClock::duration>(time);
}

template <typename Reply>
[[nodiscard]] Result<Reply> result_in_time(const PendingReply<Reply>& call) {
  if (call.ended()) return call.result();
  call.cancel();
  return Status::deadline_exceeded("there was no answer in the time that was given");
}

template <typename Reply>
[[nodiscard]] Task<> await_until(SteadyClock::time_point end, const PendingReply<Reply>& call) {
  // The calls go on together, whichever of them is waited for.
  while (!call.ended()) {
    auto either = select(call.arrival(), sleep(end - SteadyClock::now()));
    if (co_await either == 1) break;
  }
}

}  // namespace detail

/// Waits for calls that go on at once, until all have ended or `time` has passed; those that have not ended then are
/// given up, and their result is DEADLINE_EXCEEDED. So one that is slow or fails takes nothing from the others:
///
///   auto [hello, place] = co_await when_all(200ms, greeter.SayHello(context, name), guide.GetFeature(context, point));
template <typename... Reply>
[[nodiscard]] Task<std::tuple<Result<Reply>...>> when_all(std::chrono::nanoseconds time, PendingReply<Reply>... calls) {
  const auto end = detail::after(time);
  (co_await detail::await_until(end, calls), ...);
  co_return std::tuple<Result<Reply>...>{detail::result_in_time(calls)...};
}
/// The same for any number of calls with the same response, in their order.
template <typename Reply>
[[nodiscard]] Task<std::vector<Result<Reply>>> when_all(std::chrono::nanoseconds time,
                                                        std::vector<PendingReply<Reply>> calls) {
  const auto end = detail::after(time);
  for (const PendingReply<Reply>& call : calls) co_await detail::await_until(end, call);
  std::vector<Result<Reply>> results;
  results.reserve(calls.size());
  for (const PendingReply<Reply>& call : calls) results.push_back(detail::result_in_time(call));
  co_return results;
}

/// when_all() in a handler: suspends the guest.
template <typename... Reply>
[[nodiscard]] std::tuple<Result<Reply>...> wait_all(std::chrono::nanoseconds time, PendingReply<Reply>... calls) {
  const auto end = detail::after(time);
  ((void)calls.wait_for(end - detail::SteadyClock::now()), ...);
  return std::tuple<Result<Reply>...>{detail::result_in_time(calls)...};
}

}  // namespace wasm_grpc::guest
