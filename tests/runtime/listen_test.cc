// Addresses with limits, protocols and TLS of their own, in a whole server.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "eventually.h"
#include "http2/client.h"
#include "net/certificates.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {
namespace {

constexpr std::string_view size_path = "/test.Test/Size";
constexpr int resource_exhausted = 8;
constexpr int unimplemented = 12;

/// Answers with as many bytes as the request has.
class SizeServer {
 public:
  explicit SizeServer(ServerOptions options = {}) {
    options.workers = 2;
    options.max_instances = 2;
    options.log = [](LogLevel, std::string_view, std::string_view) {};
    server_ = std::move(Server::create(options)).value();
    const auto size = [](rpc::Call&, std::span<const std::byte> request, std::vector<std::byte>& response) {
      response.assign(request.begin(), request.end());
      return rpc::Status();
    };
    EXPECT_TRUE(server_->add_unary_method(size_path, size).ok());
  }
  std::uint16_t listen(const ListenOptions& options = {}) {
    const auto listening = server_->listen("127.0.0.1:0", options);
    EXPECT_TRUE(listening.ok()) << (listening.ok() ? "" : listening.error().message);
    const std::string& address = listening.value();
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  std::string error_of(const std::string& address, const ListenOptions& options) {
    const auto checked = server_->check_listen(address, options);
    const auto listening = server_->listen(address, options);
    EXPECT_FALSE(listening.ok());
    EXPECT_FALSE(checked.ok());
    if (listening.ok() || checked.ok()) return {};
    EXPECT_EQ(checked.error().message, listening.error().message) << "a check says what listening would";
    return listening.error().message;
  }
  void start() { ASSERT_TRUE(server_->start().ok()); }
  [[nodiscard]] Server& server() { return *server_; }

 private:
  std::unique_ptr<Server> server_;
};

ListenOptions with(const ConnectionOptions& connections) { return {.tls = {}, .connections = connections}; }

TEST(Listen, HoldsEachAddressToItsOwnLimitsAndTheRestToTheServers) {
  ServerOptions options;
  options.max_message_size = 100;
  SizeServer server(options);
  ConnectionOptions small;
  small.max_message_size = 10;
  const std::uint16_t plain_port = server.listen();
  const std::uint16_t small_port = server.listen(with(small));
  server.start();
  http2::Client plain(plain_port);
  http2::Client narrow(small_port);
  EXPECT_EQ(plain.call(size_path, std::string(100, 'x')).status(), 0);
  EXPECT_EQ(plain.call(size_path, std::string(101, 'x')).status(), resource_exhausted);
  EXPECT_EQ(narrow.call(size_path, std::string(10, 'x')).status(), 0);
  EXPECT_EQ(narrow.call(size_path, std::string(11, 'x')).status(), resource_exhausted);
}

TEST(Listen, CountsTheConnectionsOfAnAddressByThemselvesAndWithinTheServers) {
  ServerOptions options;
  options.clients.max_connections = 3;
  SizeServer server(options);
  ConnectionOptions one;
  one.clients.max_connections = 1;
  const std::uint16_t narrow = server.listen(with(one));
  const std::uint16_t wide = server.listen();
  server.start();
  const auto open = [&](std::uint64_t count) {
    return eventually([&] { return server.server().counters().connections_open == count; });
  };
  const auto refused = [&](std::uint64_t count) {
    return eventually([&] { return server.server().counters().connections_refused == count; });
  };
  auto first = std::make_unique<http2::Client>(narrow);
  EXPECT_EQ(first->call(size_path, "a").status(), 0);
  const http2::Client too_many(narrow);
  EXPECT_TRUE(refused(1)) << "another one there";
  http2::Client elsewhere(wide);
  EXPECT_EQ(elsewhere.call(size_path, "a").status(), 0) << "has room at another address";
  first.reset();
  EXPECT_TRUE(open(1));
  http2::Client next(narrow);
  EXPECT_EQ(next.call(size_path, "a").status(), 0) << "has the place of one that has gone";
  http2::Client third(wide);
  EXPECT_EQ(third.call(size_path, "a").status(), 0);
  const http2::Client fourth(wide);
  EXPECT_TRUE(refused(2)) << "by the limit of the server";
}

TEST(Listen, SaysSettingsOfTheAddressToItsClients) {
  SizeServer server;
  ConnectionOptions few;
  few.max_concurrent_streams = 1;
  const std::uint16_t port = server.listen(with(few));
  server.start();
  http2::Client client(port);
  const std::int32_t held = client.open(size_path);
  const std::int32_t over = client.open(size_path);
  EXPECT_TRUE(client.run_until_closed(over));
  EXPECT_EQ(client.reply(over).reset_code, NGHTTP2_REFUSED_STREAM);
  client.send(held, "a", true);
  EXPECT_TRUE(client.run_until_closed(held));
  EXPECT_EQ(client.reply(held).status(), 0);
}

TEST(Listen, SpeaksAtAnAddressWhatIsToBeSpokenThere) {
  SizeServer server;
  ConnectionOptions web;
  web.protocols.grpc = false;
  ConnectionOptions only_grpc;
  only_grpc.protocols = {
      .grpc = true, .grpc_web = false, .connect = false, .rest = false, .http = false, .http1 = false};
  const std::uint16_t web_port = server.listen(with(web));
  const std::uint16_t grpc_port = server.listen(with(only_grpc));
  server.start();
  http2::Client to_web(web_port);
  const http2::Reply& refused = to_web.call(size_path, "a");
  EXPECT_EQ(refused.status(), unimplemented);
  EXPECT_EQ(refused.message(), "gRPC is not spoken at this address");
  const http2::Fields connect = {{"content-type", "application/proto"}, {"te", ""}};
  const std::int32_t spoken = to_web.open(size_path, connect);
  to_web.send_raw(spoken, "abc", true);
  EXPECT_TRUE(to_web.run_until_closed(spoken));
  EXPECT_EQ(to_web.reply(spoken).field(":status"), "200");
  EXPECT_EQ(to_web.reply(spoken).body, "abc");
  http2::Client to_grpc(grpc_port);
  EXPECT_EQ(to_grpc.call(size_path, "a").status(), 0);
  const std::int32_t unspoken = to_grpc.open(size_path, connect);
  to_grpc.send_raw(unspoken, "abc", true);
  EXPECT_TRUE(to_grpc.run_until_closed(unspoken));
  EXPECT_EQ(to_grpc.reply(unspoken).field(":status"), "415");
  EXPECT_EQ(to_grpc.reply(unspoken).body,
            "What is spoken at this address (gRPC) does not take \"application/proto\" here.\n");
}

TEST(Listen, SpeaksTlsOfTheAddress) {
  net::Folder folder;
  const net::Authority authority(folder, "authority");
  const net::CertificateFiles files = authority.sign("server", {.common_name = "server"});
  TlsOptions tls;
  tls.certificate_file = files.certificate;
  tls.key_file = files.key;
  SizeServer server;
  const auto secure = server.server().listen("127.0.0.1:0", {.tls = tls, .connections = {}});
  ASSERT_TRUE(secure.ok()) << secure.error().message;
  EXPECT_TRUE(secure.value().starts_with("https://")) << secure.value();
  const auto plain = server.server().listen("127.0.0.1:0");
  ASSERT_TRUE(plain.ok());
  EXPECT_TRUE(plain.value().starts_with("127.")) << "the server itself has no TLS";
}

TEST(Listen, RefusesWhatMakesNoSense) {
  SizeServer server;
  TlsOptions tls;
  tls.certificate_file = "/nowhere/c.pem";
  tls.key_file = "/nowhere/k.pem";
  const ListenOptions secure{.tls = tls, .connections = {}};
  EXPECT_EQ(server.error_of("http://127.0.0.1:0", secure),
            "cannot listen on http://127.0.0.1:0: a certificate was given for it, and no TLS is spoken at http://");
  EXPECT_EQ(server.error_of("unix:/tmp/s", secure),
            "cannot listen on unix:/tmp/s: a certificate was given for it, and no TLS is spoken on a unix socket");
  EXPECT_NE(server.error_of("127.0.0.1:0", secure).find("cannot listen on 127.0.0.1:0: TLS certificate /nowhere/c.pem"),
            std::string::npos);
  TlsOptions no_certificate;
  no_certificate.client_ca_file = "ca.pem";
  EXPECT_EQ(server.error_of("127.0.0.1:0", {.tls = no_certificate, .connections = {}}),
            "cannot listen on 127.0.0.1:0: a TLS client CA makes no sense without a certificate and its key");
  ConnectionOptions large;
  large.max_message_size = ServerOptions().max_message_size + 1;
  EXPECT_EQ(server.error_of("127.0.0.1:0", with(large)),
            "cannot listen on 127.0.0.1:0: its messages may have 4194305 bytes, more than the server's 4194304, which "
            "bound those of all addresses");
  ConnectionOptions silent;
  silent.protocols = {.grpc = false, .grpc_web = false, .connect = false, .rest = false, .http = false};
  EXPECT_EQ(server.error_of("127.0.0.1:0", with(silent)),
            "cannot listen on 127.0.0.1:0: no protocol is spoken; expected one at least");
  silent.protocols.grpc = true;
  EXPECT_EQ(server.error_of("127.0.0.1:0", with(silent)),
            "cannot listen on 127.0.0.1:0: HTTP/1.1 is to be spoken, and nothing that goes by it: gRPC needs HTTP/2");
  ConnectionOptions hasty;
  hasty.keepalive_timeout = std::chrono::milliseconds(0);
  EXPECT_EQ(server.error_of("127.0.0.1:0", with(hasty)),
            "cannot listen on 127.0.0.1:0: the keepalive timeout is 0 ms; expected at least 1, as every silent client "
            "would be dropped");
}

}  // namespace
}  // namespace wasm_grpc::runtime
