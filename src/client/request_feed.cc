#include "client/request_feed.h"

#include <asio/post.hpp>
#include <utility>

namespace wasm_grpc::client {

namespace {

/// Bytes of messages that wait to be sent before the source is asked for more.
constexpr std::size_t most_waiting = std::size_t{1} << 20;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

RequestFeed::RequestFeed(asio::io_context& io, const RequestSource& source, bool one_request)
    : io_(io),
      source_(source),
      one_request_(one_request),
      thread_([this](const std::stop_token& stop) { ask(stop); }) {}

RequestFeed::~RequestFeed() {
  thread_.request_stop();
  thread_.join();
}

void RequestFeed::ask(const std::stop_token& stop) {
  for (bool more = true; more;) {
    Next next = source_(stop);
    more = next.ok() && next.value().has_value();
    std::unique_lock lock(mutex_);
    waiting_bytes_ += more ? next.value()->size() + 1 : 0;
    waiting_.push_back(std::move(next));
    asio::post(io_, [] {});
    if (!room_.wait(lock, stop, [this] { return waiting_bytes_ < most_waiting; })) return;
  }
}

Result<> RequestFeed::send_to(rpc::OutgoingCall& call) {
  while (!call.ended()) {
    Next next = std::optional<std::string>();
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return success();
      const bool has_message = waiting_.front().ok() && waiting_.front().value().has_value();
      if (has_message && !call.writable()) return success();
      next = std::move(waiting_.front());
      waiting_.pop_front();
      waiting_bytes_ -= has_message ? next.value()->size() + 1 : 0;
      room_.notify_all();
    }
    if (!next.ok()) return std::move(next).error();
    std::optional<std::string>& message = next.value();
    rpc::SendResult sent = rpc::SendResult::ok;
    if (message && one_request_) {
      only_ = std::move(message);
    } else if (message) {
      sent = call.send(bytes_of(*message), false);
    } else if (only_) {
      sent = call.send(bytes_of(*only_), true);
    } else {
      sent = call.half_close();
    }
    if (sent == rpc::SendResult::invalid) return Error{"the message is larger than gRPC can send"};
  }
  return success();
}

}  // namespace wasm_grpc::client
