// Request messages on their way from a source that may block.
#pragma once

#include <asio/io_context.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "rpc/outgoing_call.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

/// Gives the next request message; nothing when there are no more, an error to give up the call. May block, on a thread
/// of its own, but not for long once it is asked to stop: the call has ended.
using RequestSource = std::function<Result<std::optional<std::string>>(const std::stop_token& stop)>;

/// Asks the source, which outlives it, on a thread of its own, until there are no more messages or it is destroyed.
class RequestFeed {
 public:
  /// `io` is woken when there is something for the call. `one_request`: they are one message, which is sent when the
  /// source has said that there are no more: the end of the stream goes with its last byte.
  RequestFeed(asio::io_context& io, const RequestSource& source, bool one_request);
  /// Waits for the source.
  ~RequestFeed();
  RequestFeed(const RequestFeed&) = delete;
  RequestFeed& operator=(const RequestFeed&) = delete;

  /// Sends what there is, as far as the call takes it. The error is the source's. On the thread of `io`.
  [[nodiscard]] Result<> send_to(rpc::OutgoingCall& call);

 private:
  using Next = Result<std::optional<std::string>>;

  void ask(const std::stop_token& stop);

  asio::io_context& io_;
  const RequestSource& source_;
  const bool one_request_;
  std::optional<std::string> only_;  // the one request, until its end is known
  std::mutex mutex_;
  std::condition_variable_any room_;
  std::deque<Next> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::jthread thread_;  // the last: it uses all others
};

}  // namespace wasm_grpc::client
