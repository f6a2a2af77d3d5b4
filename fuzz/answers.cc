// What servers send to the client of guests: answers of gRPC over HTTP/2, and of plain HTTP over both versions.
//
// Input: one byte that says which, and of which kind the call is; one for the size of portions; the rest is what the
// server sends. Whatever it is, the call has ended once the server has hung up, and nothing has grown beyond its
// bounds; how an answer of HTTP/1.1 is cut makes no difference.
#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "client/outgoing/connection.h"
#include "client/outgoing/http/http1_exchange.h"
#include "client/outgoing/http/http2_exchange.h"
#include "client/outgoing/http/http_call.h"
#include "client/outgoing/network_call.h"
#include "require.h"
#include "script.h"

namespace wasm_grpc::fuzz {
namespace {

constexpr std::size_t largest_message = std::size_t{1} << 20;

/// Takes all messages that are there: their bytes.
std::size_t take_messages(rpc::OutgoingCall& call, std::size_t largest) {
  std::size_t taken = 0;
  while (const auto message = call.message()) {
    require(message->size() <= largest, "a message is no larger than it may be");
    taken += message->size();
    call.pop_message();
  }
  return taken;
}

// ---- HTTP/2 ----

class NoOwner final : public client::CallOwner, public client::HttpCallOwner, public client::ConnectionOwner {
 public:
  void no_stream_wanted(client::NetworkCall&) noexcept override {}
  void gone(client::NetworkCall& call) noexcept override { delete &call; }
  void begun(client::HttpCall&) override {}
  void again(client::HttpCall& call) noexcept override { give_up(call); }
  void no_stream_wanted(client::HttpCall&) noexcept override {}
  void gone(client::HttpCall& call) noexcept override { delete &call; }
  void connection_draining(client::Connection&, const std::string&) noexcept override {}
  void connection_has_room(client::Connection&) noexcept override {}
  void connection_closed(client::Connection&, const std::string&) noexcept override {}
  void returned(client::Exchange& exchange) noexcept override { give_up(exchange); }

 private:
  template <typename Call>
  static void give_up(Call& call) {
    call.end({rpc::StatusCode::unavailable, "the server has not looked at it"});
  }
};

/// A connection to a server that says something, and who has its calls.
struct OverHttp2 {
  OverHttp2() {
    asio::local::stream_protocol::socket ours(io);
    asio::local::connect_pair(ours, theirs);
    client::Transport transport;
    transport.socket = std::make_unique<client::Socket>(std::move(ours));
    client::ConnectionOwner& connections = owner;
    connection = std::make_shared<client::Connection>(std::move(transport), client::ConnectionSettings{"http", "there"},
                                                      timers, output, connections);
    connection->start();
  }
  /// Has the server say it, in portions, and hang up.
  void run(rpc::OutgoingCall& call, std::string_view answer, std::size_t portion, std::size_t largest) {
    const auto turn = [&] {
      output.flush();
      io.restart();
      io.poll();
      take_messages(call, largest);
    };
    turn();
    asio::error_code error;
    while (!answer.empty() && !error) {
      theirs.write_some(asio::buffer(answer.substr(0, portion)), error);
      answer.remove_prefix(std::min(portion, answer.size()));
      turn();
    }
    theirs.close(error);
    for (int i = 0; i < 3; ++i) turn();
    require(call.ended(), "a call ends when its server hangs up");
    require(call.trailers().byte_size() + call.headers().byte_size() <= 2 * client::most_field_bytes,
            "headers and trailers are bounded");
    connection->abandon();
    io.restart();
    io.poll();
  }

  asio::io_context io{1};
  rpc::TimerQueue timers;
  client::OutputQueue output{[] {}};
  NoOwner owner;
  asio::local::stream_protocol::socket theirs{io};
  std::shared_ptr<client::Connection> connection;
};

void call_by_grpc(rpc::MethodKind kind, std::string_view answer, std::size_t portion) {
  OverHttp2 to;
  rpc::BufferPool buffers;
  rpc::Codec codec(buffers);
  const rpc::Metadata metadata;
  client::CallOwner& calls = to.owner;
  const client::CallContext context{to.timers, buffers, codec, calls, largest_message};
  auto* const made = new client::NetworkCall(context);
  made->begin({.path = "/a.B/C", .kind = kind, .metadata = metadata});
  const rpc::OutgoingCallPtr call(made);
  if (!to.connection->add(*made)) made->end({rpc::StatusCode::unavailable, "it takes none"});
  static_cast<void>(call->send(std::as_bytes(std::span(std::string_view("request"))), true));
  to.run(*call, answer, portion, largest_message);
}

void call_by_http2(std::string_view method, std::string_view answer, std::size_t portion) {
  OverHttp2 to;
  const rpc::Metadata metadata;
  client::HttpCallOwner& calls = to.owner;
  auto* const made = new client::HttpCall(to.timers, calls, {"there", "80", "there"}, method,
                                          {.path = "/", .kind = rpc::MethodKind::http, .metadata = metadata});
  const rpc::OutgoingCallPtr call(made);
  static_cast<void>(call->send(std::as_bytes(std::span(std::string_view("request"))), true));
  auto exchange = std::make_unique<client::Http2Exchange>(*made, calls);
  if (to.connection->add(*exchange)) {
    made->begin_stream(std::move(exchange));
  } else {
    made->end({rpc::StatusCode::unavailable, "it takes none"});
  }
  to.run(*call, answer, portion, client::largest_http_piece);
  require(!call->status().ok() || call->has_headers(), "an answer has a status");
}

// ---- HTTP/1.1 ----

class NoHttpOwner final : public client::HttpCallOwner, public client::HttpStream {
 public:
  void begun(client::HttpCall&) override {}
  void again(client::HttpCall&) noexcept override {}
  void no_stream_wanted(client::HttpCall&) noexcept override {}
  void gone(client::HttpCall& call) noexcept override { delete &call; }
  void output_ready() noexcept override {}
  void input_wanted() noexcept override {}
  void abandoned() noexcept override {}
};

struct HttpOutcome {
  rpc::StatusCode code = rpc::StatusCode::ok;
  std::string status;
  std::size_t body = 0;
  [[nodiscard]] bool operator==(const HttpOutcome&) const = default;
};

HttpOutcome call_by_http1(std::string_view method, std::string_view answer, std::size_t portion) {
  rpc::TimerQueue timers;
  NoHttpOwner owner;
  client::HttpCallOwner& calls = owner;
  client::HttpStream& stream = owner;
  const rpc::Metadata metadata;
  auto* const made = new client::HttpCall(timers, calls, {"there", "80", "there"}, method,
                                          {.path = "/", .kind = rpc::MethodKind::http, .metadata = metadata});
  const rpc::OutgoingCallPtr call(made);
  static_cast<void>(call->half_close());
  client::Http1Exchange exchange(*made);
  made->begin_stream(stream);
  std::string sent;
  exchange.take_output(sent);
  HttpOutcome outcome;
  while (!answer.empty() && !call->ended()) {
    const std::string_view piece = answer.substr(0, portion);
    const std::size_t taken = exchange.take(std::as_bytes(std::span(piece)));
    require(taken == piece.size() || call->ended(), "what is not the end of an answer is taken");
    outcome.body += take_messages(*call, client::largest_http_piece);
    answer.remove_prefix(piece.size());
  }
  if (!call->ended()) exchange.connection_lost({});
  outcome.body += take_messages(*call, client::largest_http_piece);
  require(call->ended(), "an exchange ends when its server hangs up");
  require(call->headers().byte_size() <= client::most_http_head, "a head is bounded");
  require(!call->status().ok() || call->has_headers(), "an answer has a status");
  outcome.code = call->status().code;
  outcome.status = call->headers().get(":status").value_or("");
  return outcome;
}

}  // namespace
}  // namespace wasm_grpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc::fuzz;
  Input input({data, size});
  const std::uint8_t options = input.byte();
  const std::size_t portion = std::size_t{1} + input.byte();
  const std::string_view answer = input.rest();
  if ((options & 12) == 0) {
    call_by_grpc(static_cast<wasm_grpc::rpc::MethodKind>(options & 3), answer, portion);
    return 0;
  }
  if ((options & 8) != 0) {
    constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "PUT"};
    call_by_http2(methods[options & 3], answer, portion);
    return 0;
  }
  const std::string_view method = (options & 1) != 0 ? "HEAD" : "GET";
  const HttpOutcome whole = call_by_http1(method, answer, SIZE_MAX);
  const HttpOutcome cut = call_by_http1(method, answer, portion);
  require(whole == cut, "how an answer is cut makes no difference");
  return 0;
}
