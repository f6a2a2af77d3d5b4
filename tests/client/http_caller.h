// Who asks by plain HTTP in the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "calling_servers.h"
#include "client/outgoing/http/http_target.h"

namespace wasm_grpc::client {

/// What has come of a request.
struct HttpAnswer {
  rpc::Status status;
  std::string http_status;
  std::string body;
  rpc::Metadata headers;
};

class HttpCaller {
 public:
  explicit HttpCaller(const std::string& address, HttpTargetOptions options = {}) {
    options.name = "there";
    auto parsed = parse_http_address(address);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    target_.emplace(ChannelContext{io_, timers_, output_, nullptr}, std::move(options), std::move(parsed).value());
  }
  rpc::OutgoingCallPtr begin(std::string_view method, std::string_view where,
                             std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    metadata.set(":method", method);
    return target_->begin({where, MethodKind::http, rpc::Clock::now() + timeout, metadata, nullptr});
  }
  bool run_until(const std::function<bool()>& holds, std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    const auto give_up = rpc::Clock::now() + limit;
    while (!holds() && rpc::Clock::now() < give_up) {
      output_.flush();
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(5));
      timers_.run_due(rpc::Clock::now());
    }
    output_.flush();
    return holds();
  }
  HttpAnswer finish(rpc::OutgoingCall& call) {
    HttpAnswer answer;
    const auto take = [&] {
      while (const auto piece = call.message()) {
        answer.body += text_of(*piece);
        call.pop_message();
      }
      return call.ended();
    };
    EXPECT_TRUE(run_until(take));
    take();
    answer.status = call.ended() ? call.status() : rpc::Status{StatusCode::unknown, "it has not ended"};
    answer.headers = call.headers();
    answer.http_status = answer.headers.get(":status").value_or("");
    return answer;
  }
  HttpAnswer ask(std::string_view method, std::string_view where, std::string_view body = {},
                 std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    auto call = begin(method, where, timeout);
    EXPECT_TRUE(call->ended() || call->send(bytes_of(body), true) == rpc::SendResult::ok);
    return finish(*call);
  }
  void close() { target_->close(); }
  [[nodiscard]] std::size_t connections() const { return target_->connections(); }

  rpc::Metadata metadata;

 private:
  asio::io_context io_{1};
  rpc::TimerQueue timers_;
  OutputQueue output_{[] {}};
  std::optional<HttpTarget> target_;
};

}  // namespace wasm_grpc::client
