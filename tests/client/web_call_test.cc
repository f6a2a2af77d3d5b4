// Calls by gRPC-Web and by Connect, over exchanges of plain HTTP that the tests make up.

#include "client/web/web_call.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "calling_servers.h"
#include "client/web/connect_end.h"
#include "client/web/web_target.h"

namespace wasm_grpc::client {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// What is asked, and what is answered, of one exchange.
struct Exchange {
  Fields asked;  // its header fields
  std::string path;
  std::string body;
  bool asked_all = false;
  bool cancelled = false;

  rpc::Metadata fields;  // of the answer; empty: it has none yet
  std::deque<std::string> pieces;
  std::optional<rpc::Status> status;
};

class MadeUpHttp final : public rpc::OutgoingCall {
 public:
  explicit MadeUpHttp(Exchange& exchange) : exchange_(exchange) {}

  rpc::SendResult send(std::span<const std::byte> piece, bool last) override {
    exchange_.body += text_of(piece);
    exchange_.asked_all = last;
    return rpc::SendResult::ok;
  }
  rpc::SendResult half_close() override {
    exchange_.asked_all = true;
    return rpc::SendResult::ok;
  }
  [[nodiscard]] bool writable() const noexcept override { return true; }
  std::optional<std::span<const std::byte>> message() noexcept override {
    if (exchange_.pieces.empty()) return std::nullopt;
    return bytes_of(exchange_.pieces.front());
  }
  void pop_message() noexcept override { exchange_.pieces.pop_front(); }
  [[nodiscard]] bool has_headers() const noexcept override { return !exchange_.fields.empty(); }
  [[nodiscard]] const rpc::Metadata& headers() const noexcept override { return exchange_.fields; }
  [[nodiscard]] bool ended() const noexcept override { return exchange_.status.has_value(); }
  [[nodiscard]] const rpc::Status& status() const noexcept override { return *exchange_.status; }
  [[nodiscard]] const rpc::Metadata& trailers() const noexcept override { return none_; }
  void cancel(rpc::Status why) noexcept override {
    exchange_.cancelled = true;
    exchange_.status = std::move(why);
  }
  void go_on() { tell(); }

 private:
  void let_go() noexcept override { delete this; }

  Exchange& exchange_;
  rpc::Metadata none_;
};

class MadeUpTarget final : public rpc::CallTarget {
 public:
  explicit MadeUpTarget(Exchange& exchange) : exchange_(exchange) {}
  rpc::OutgoingCallPtr begin(const rpc::OutgoingRequest& request) override {
    EXPECT_EQ(request.kind, MethodKind::http);
    exchange_.path = request.path;
    for (const auto [key, value] : request.metadata) exchange_.asked.emplace_back(key, value);
    return rpc::OutgoingCallPtr(new MadeUpHttp(exchange_));
  }

 private:
  Exchange& exchange_;
};

rpc::Metadata answer(std::string_view status, std::string_view type, const Fields& more = {}) {
  rpc::Metadata fields;
  fields.add(":status", status);
  fields.add("content-type", type);
  for (const auto& [name, value] : more) fields.add(name, value);
  return fields;
}

std::string framed(char flags, std::string_view text) {
  return std::string(1, flags) + std::string("\0\0\0", 3) + static_cast<char>(text.size()) + std::string(text);
}

struct Came {
  rpc::Status status;
  std::vector<std::string> messages;
  Metadata trailers;
};

/// A call of that kind, answered so.
Came call(Exchange& exchange, WebProtocol protocol, MethodKind kind = MethodKind::unary) {
  WebTarget target(std::make_unique<MadeUpTarget>(exchange), protocol, 100);
  rpc::Metadata metadata;
  metadata.add("x-key", "value");
  metadata.add("x-bin", "\x01\xff");
  auto made = target.begin({path, kind, rpc::Clock::now() + std::chrono::seconds(30), metadata});
  EXPECT_EQ(made->send(bytes_of("hi"), true), rpc::SendResult::ok);
  Came came{{StatusCode::unknown, "it has not ended"}, {}, {}};
  // Each look may be the first after something has come.
  for (int i = 0; i < 100 && (!made->ended() || made->message()); ++i) {
    if (const auto message = made->message()) {
      came.messages.push_back(text_of(*message));
      made->pop_message();
    }
  }
  if (made->ended()) came.status = made->status();
  if (made->ended()) {
    for (const auto [key, value] : made->trailers()) came.trailers.emplace_back(key, value);
  }
  return came;
}

Came answered(WebProtocol protocol, rpc::Metadata fields, std::deque<std::string> pieces,
              MethodKind kind = MethodKind::unary) {
  Exchange exchange;
  exchange.fields = std::move(fields);
  exchange.pieces = std::move(pieces);
  exchange.status.emplace();
  return call(exchange, protocol, kind);
}

constexpr auto grpc_web = WebProtocol::grpc_web;
constexpr auto by_connect = WebProtocol::connect;

TEST(WebCall, HasPassedItsDeadlineWhereTheServerThenSaysCancelled) {
  for (const bool in_time : {false, true}) {
    for (const auto protocol : {grpc_web, by_connect}) {
      Exchange exchange;
      exchange.fields =
          answer("200", protocol == grpc_web ? "application/grpc-web+proto" : "application/connect+proto");
      exchange.pieces = {protocol == grpc_web ? framed('\x80', "grpc-status: 1\r\n")
                                              : framed('\2', R"({"error":{"code":"canceled"}})")};
      exchange.status.emplace();
      WebTarget target(std::make_unique<MadeUpTarget>(exchange), protocol, 100);
      const auto deadline = rpc::Clock::now() + (in_time ? std::chrono::seconds(60) : std::chrono::seconds(0));
      const auto call = target.begin({path, MethodKind::server_stream, deadline, {}});
      ASSERT_TRUE(call->ended());
      EXPECT_EQ(call->status().code, in_time ? StatusCode::cancelled : StatusCode::deadline_exceeded);
    }
  }
}

TEST(WebCall, AsksAsTheProtocolWantsIt) {
  const auto field = [](const Exchange& exchange, std::string_view name) {
    for (const auto& [key, value] : exchange.asked) {
      if (key == name) return value;
    }
    return std::string();
  };
  Exchange web;
  web.status.emplace();
  static_cast<void>(call(web, grpc_web));
  EXPECT_EQ(web.path, path);
  EXPECT_EQ(field(web, ":method"), "POST");
  EXPECT_EQ(field(web, "content-type"), "application/grpc-web+proto");
  EXPECT_TRUE(field(web, "grpc-timeout").ends_with("m"));
  EXPECT_EQ(field(web, "x-key"), "value");
  EXPECT_EQ(field(web, "x-bin"), "Af8");
  EXPECT_EQ(web.body, framed(0, "hi"));
  EXPECT_TRUE(web.asked_all);
  Exchange unary;
  unary.status.emplace();
  static_cast<void>(call(unary, by_connect));
  EXPECT_EQ(field(unary, "content-type"), "application/proto");
  EXPECT_EQ(field(unary, "connect-protocol-version"), "1");
  EXPECT_FALSE(field(unary, "connect-timeout-ms").empty());
  EXPECT_EQ(unary.body, "hi");
  Exchange stream;
  stream.status.emplace();
  static_cast<void>(call(stream, by_connect, MethodKind::server_stream));
  EXPECT_EQ(field(stream, "content-type"), "application/connect+proto");
  EXPECT_EQ(stream.body, framed(0, "hi"));
}

TEST(GrpcWeb, BringsMessagesAndTheStatusInAnyPieces) {
  const std::string body = framed(0, "one") + framed(0, "") +
                           framed('\x80', "grpc-status: 5\r\nGrpc-Message:not h%20ere\r\nx-end: yes\r\nx-bin: Af8\r\n");
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, body.size()}) {
    std::deque<std::string> pieces;
    for (std::size_t at = 0; at < body.size(); at += size) pieces.push_back(body.substr(at, size));
    const Came came =
        answered(grpc_web, answer("200", "application/grpc-web+proto"), pieces, MethodKind::server_stream);
    EXPECT_EQ(came.messages, (std::vector<std::string>{"one", ""}));
    EXPECT_EQ(came.status.code, StatusCode::not_found);
    EXPECT_EQ(came.status.message, "not h ere");
    EXPECT_EQ(came.trailers, (Metadata{{"x-end", "yes"}, {"x-bin", "\x01\xff"}}));
  }
}

TEST(GrpcWeb, MayHaveItsStatusAmongTheHeaders) {
  const Came came =
      answered(grpc_web, answer("200", "application/grpc-web", {{"grpc-status", "7"}, {"grpc-message", "no"}}), {});
  EXPECT_EQ(came.status.code, StatusCode::permission_denied);
  EXPECT_EQ(came.status.message, "no");
}

TEST(Connect, BringsAUnaryAnswerOrItsError) {
  const Came well =
      answered(by_connect, answer("200", "application/proto", {{"trailer-x-end", "yes"}}), {"an", "swer"});
  EXPECT_TRUE(well.status.ok()) << well.status.message;
  EXPECT_EQ(well.messages, std::vector<std::string>{"answer"});
  EXPECT_EQ(well.trailers, (Metadata{{"x-end", "yes"}}));
  const Came empty = answered(by_connect, answer("200", "application/proto"), {});
  EXPECT_EQ(empty.messages, std::vector<std::string>{""});
  const Came failed =
      answered(by_connect, answer("404", "application/json"), {R"({"code":"not_found","message":"no)", R"( such"})"});
  EXPECT_EQ(failed.status.code, StatusCode::not_found);
  EXPECT_EQ(failed.status.message, "no such");
  EXPECT_TRUE(failed.messages.empty());
  const Came page = answered(by_connect, answer("503", "text/html"), {"<html>"});
  EXPECT_EQ(page.status.code, StatusCode::unavailable);
}

TEST(Connect, BringsAStreamAndItsEnd) {
  const auto stream = [](std::string_view end) {
    return answered(by_connect, answer("200", "application/connect+proto"), {framed(0, "a") + framed(2, end)},
                    MethodKind::server_stream);
  };
  const Came well = stream(R"({"metadata":{"x-end":["yes"]}})");
  EXPECT_TRUE(well.status.ok()) << well.status.message;
  EXPECT_EQ(well.messages, std::vector<std::string>{"a"});
  EXPECT_EQ(well.trailers, (Metadata{{"x-end", "yes"}}));
  EXPECT_EQ(stream(R"({"error":{"code":"canceled"}})").status.code, StatusCode::cancelled);
  EXPECT_EQ(stream(R"({"error":{"code":"ok"}})").status.code, StatusCode::unknown);
  EXPECT_EQ(stream(R"({"error":[]})").status.code, StatusCode::internal);
  EXPECT_EQ(stream("no JSON").status.code, StatusCode::internal);
}

TEST(Connect, HasTheDetailsOfAnErrorAsGrpcHasThem) {
  rpc::Metadata trailers;
  const auto status = read_connect_error(
      R"({"code":"aborted","message":"m","details":[{"type":"a.B","value":"AQ"},{"type":"c.D","value":"?"},7]})",
      trailers);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code, StatusCode::aborted);
  // code 10, message "m", one Any.
  EXPECT_EQ(trailers.get("grpc-status-details-bin"),
            std::string("\x08\x0a\x12\x01m\x1a\x1c\x0a\x17type.googleapis.com/a.B\x12\x01\x01"));
}

TEST(WebCall, EndsInternalWhereAnswersMakeNoSense) {
  const auto web = [](const std::string& body, MethodKind kind = MethodKind::server_stream) {
    return answered(grpc_web, answer("200", "application/grpc-web"), {body}, kind).status;
  };
  const std::string well = framed('\x80', "grpc-status: 0\r\n");
  EXPECT_TRUE(web(well).ok());
  EXPECT_EQ(web("").code, StatusCode::internal) << "no status";
  EXPECT_EQ(web(framed('\x80', "x: y\r\n")).code, StatusCode::internal) << "no status among the trailers";
  EXPECT_EQ(web(framed(0, "abc").substr(0, 6)).code, StatusCode::internal) << "in the middle of a message";
  EXPECT_EQ(web(well + "x").code, StatusCode::internal) << "more after the end";
  EXPECT_EQ(web(framed(1, "a") + well).code, StatusCode::internal) << "compressed";
  EXPECT_EQ(web(framed(4, "a") + well).code, StatusCode::internal) << "unknown flags";
  EXPECT_EQ(web(well, MethodKind::unary).code, StatusCode::internal) << "no message";
  EXPECT_EQ(web(framed(0, "a") + framed(0, "b") + well, MethodKind::unary).code, StatusCode::internal) << "two";
  EXPECT_EQ(web(framed(0, std::string(101, 'x'))).code, StatusCode::resource_exhausted) << "too large";
  EXPECT_EQ(web(framed('\x80', "grpc-status: many\r\n")).code, StatusCode::unknown);
  EXPECT_EQ(answered(grpc_web, answer("200", "text/html"), {"<html>"}).status.code, StatusCode::unknown);
  EXPECT_EQ(answered(grpc_web, answer("429", "text/html"), {"<html>"}).status.code, StatusCode::unavailable);
  EXPECT_EQ(answered(by_connect, answer("200", "application/proto"), {std::string(101, 'x')}).status.code,
            StatusCode::resource_exhausted);
}

TEST(WebCall, EndsAsItsExchangeDoesAndEndsIt) {
  Exchange lost;
  lost.status = rpc::Status{StatusCode::unavailable, "the connection was lost"};
  EXPECT_EQ(call(lost, grpc_web).status.code, StatusCode::unavailable);
  Exchange silent;
  WebTarget target(std::make_unique<MadeUpTarget>(silent), grpc_web, 100);
  const rpc::Metadata none;
  auto made = target.begin({path, MethodKind::unary, rpc::Request::no_deadline, none});
  EXPECT_FALSE(made->ended());
  made->cancel({StatusCode::cancelled, "enough"});
  EXPECT_TRUE(silent.cancelled);
  EXPECT_EQ(made->status().message, "enough");
}

TEST(WebCall, CallsAServerOfOurs) {
  OwnServer server;
  for (const WebProtocol protocol : {grpc_web, by_connect}) {
    ChannelOptions options;
    options.address = server.address;
    options.other_target = [&](const ChannelContext& context) { return make_web_target(context, options, protocol); };
    auto channel = Channel::connect(options);
    ASSERT_TRUE(channel.ok()) << channel.error().message;
    for (const std::string text : {"one", "fail", "three"}) {
      std::vector<std::string> messages;
      CallEvents events;
      events.message = [&](std::string_view message) {
        messages.emplace_back(message);
        return success();
      };
      CallOptions call_options;
      call_options.path = path;
      call_options.metadata = {{"x-to", "you"}};
      const auto end = channel.value()->call(call_options, source_of({text}), events);
      ASSERT_TRUE(end.ok()) << end.error().message;
      EXPECT_EQ(end.value().status.code, text == "fail" ? StatusCode::not_found : StatusCode::ok)
          << end.value().status.message;
      EXPECT_EQ(end.value().trailers, (Metadata{{"x-to", "you"}}));
      EXPECT_EQ(messages, text == "fail" ? std::vector<std::string>{} : std::vector<std::string>{text});
    }
  }
}

}  // namespace
}  // namespace wasm_grpc::client
