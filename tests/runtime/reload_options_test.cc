// Other options for a server that runs: who meets them, who goes on as he was, and what is refused.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "eventually.h"
#include "http2/client.h"
#include "net/certificates.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {
namespace {

constexpr std::string_view echo_path = "/test.Test/Echo";
constexpr int permission_denied = 7;
constexpr int resource_exhausted = 8;
constexpr int unimplemented = 12;
constexpr const char* nobody = R"({"name":"p","allow_rules":[{"name":"r","request":{"paths":["/no.Such/Method"]}}]})";
constexpr const char* everybody = R"({"name":"p","allow_rules":[{"name":"r"}]})";

class ReloadOptionsTest : public testing::Test {
 protected:
  ReloadOptionsTest() {
    options.workers = 2;
    options.max_instances = 2;
    options.log = [this](LogLevel, std::string_view, std::string_view text) {
      if (text.starts_with("told at debug")) ++debug_lines;
    };
  }
  void serve(const std::vector<ListenOptions>& listening = {{}}) {
    of_addresses = listening;
    server_ = std::move(Server::create(options)).value();
    const auto echo = [](rpc::Call&, std::span<const std::byte> request, std::vector<std::byte>& response) {
      response.assign(request.begin(), request.end());
      return rpc::Status();
    };
    ASSERT_TRUE(server_->add_unary_method(echo_path, echo).ok());
    for (const ListenOptions& one : listening) {
      const auto address = server_->listen("127.0.0.1:0", one);
      ASSERT_TRUE(address.ok()) << address.error().message;
      ports.push_back(static_cast<std::uint16_t>(std::stoi(address.value().substr(address.value().rfind(':') + 1))));
    }
    ASSERT_TRUE(server_->start().ok());
  }
  /// With what is in `options` and `of_addresses` now.
  void reload() {
    const auto done = server_->reload({}, options, of_addresses);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  std::string error_of_reload() {
    const auto done = server_->reload({}, options, of_addresses);
    EXPECT_FALSE(done.ok());
    return done.ok() ? std::string() : done.error().message;
  }
  [[nodiscard]] Server& server() { return *server_; }
  /// Of a call with so many bytes by a connection of its own.
  int status_of_new(std::size_t size = 1, std::size_t address = 0) {
    http2::Client client(ports[address]);
    return client.call(echo_path, std::string(size, 'x')).status();
  }

  ServerOptions options;
  std::vector<ListenOptions> of_addresses;
  std::vector<std::uint16_t> ports;
  std::atomic<int> debug_lines = 0;

 private:
  std::unique_ptr<Server> server_;
};

TEST_F(ReloadOptionsTest, ConnectionsKeepTheLimitsThatTheyCameUnder) {
  serve();
  http2::Client before(ports[0]);
  EXPECT_EQ(before.call(echo_path, "a").status(), 0);
  options.clients.max_header_list_size = 1024;
  reload();
  const http2::Fields large = {{"large", std::string(2000, 'x')}};
  EXPECT_EQ(before.call(echo_path, "a", large).status(), 0);
  http2::Client after(ports[0]);
  EXPECT_EQ(after.call(echo_path, "a", large).status(), resource_exhausted);
}

TEST_F(ReloadOptionsTest, AnAddressMayGetLimitsOfItsOwn) {
  serve({{}, {}});
  ConnectionOptions small = options;
  small.max_message_size = 10;
  of_addresses[1].connections = small;
  reload();
  EXPECT_EQ(status_of_new(11, 0), 0);
  EXPECT_EQ(status_of_new(11, 1), resource_exhausted);
  of_addresses[1].connections.reset();
  reload();
  EXPECT_EQ(status_of_new(11, 1), 0);
}

TEST_F(ReloadOptionsTest, WhatIsSpokenMayChange) {
  serve();
  EXPECT_EQ(status_of_new(), 0);
  options.protocols.grpc = false;
  reload();
  EXPECT_EQ(status_of_new(), unimplemented);
}

TEST_F(ReloadOptionsTest, TheNumberOfConnectionsMayChangeAndThoseThatAreOpenStay) {
  serve();
  http2::Client first(ports[0]);
  http2::Client second(ports[0]);
  EXPECT_EQ(first.call(echo_path, "a").status(), 0);
  EXPECT_EQ(second.call(echo_path, "a").status(), 0);
  options.clients.max_connections = 1;
  reload();
  EXPECT_EQ(first.call(echo_path, "a").status(), 0);
  EXPECT_EQ(second.call(echo_path, "a").status(), 0);
  const http2::Client third(ports[0]);
  EXPECT_TRUE(eventually([&] { return server().counters().connections_refused == 1; }));
  options.clients.max_connections = 0;
  reload();
  EXPECT_EQ(status_of_new(), 0);
}

TEST_F(ReloadOptionsTest, AccessRulesHoldForTheCallsThatFollowAlsoOfConnectionsThatAreOpen) {
  serve();
  http2::Client client(ports[0]);
  EXPECT_EQ(client.call(echo_path, "a").status(), 0);
  options.access.policy = nobody;
  reload();
  EXPECT_EQ(client.call(echo_path, "a").status(), permission_denied);
  EXPECT_EQ(status_of_new(), permission_denied);
  options.access.policy = everybody;
  reload();
  EXPECT_EQ(client.call(echo_path, "a").status(), 0);
  options.access = {};
  reload();
  EXPECT_EQ(client.call(echo_path, "a").status(), 0);
  EXPECT_EQ(server().counters().calls_denied, 2U) << "what was counted by rules that are gone stays counted";
}

TEST_F(ReloadOptionsTest, PagesThatMayCallMayChange) {
  serve();
  http2::Client client(ports[0]);
  const http2::Fields from_page = {{":method", "OPTIONS"},
                                   {"content-type", ""},
                                   {"origin", "https://a.test"},
                                   {"access-control-request-method", "POST"}};
  const auto status_of_preflight = [&] {
    const auto id = client.open(echo_path, from_page, true);
    EXPECT_TRUE(client.run_until_closed(id));
    return client.reply(id).field(":status");
  };
  EXPECT_EQ(status_of_preflight(), "405") << "nobody may";
  options.cors_origins = {"https://a.test"};
  reload();
  EXPECT_EQ(status_of_preflight(), "204");
  options.cors_origins = {"https://b.test"};
  reload();
  EXPECT_EQ(status_of_preflight(), "403");
}

TEST_F(ReloadOptionsTest, TheLevelOfTheLogChangesWhereItIsAnother) {
  serve();
  const auto lines = [&] {
    server().log(LogLevel::debug, "told at debug");
    EXPECT_TRUE(server().flush_log(std::chrono::seconds(20)));
    return debug_lines.exchange(0);
  };
  EXPECT_EQ(lines(), 0);
  options.log_level = LogLevel::debug;
  reload();
  EXPECT_EQ(lines(), 1);
  server().set_log_level(LogLevel::warn);
  reload();
  EXPECT_EQ(lines(), 0) << "what was set meanwhile holds, where the options are as they were";
}

TEST_F(ReloadOptionsTest, OtherCertificatesServeTheConnectionsThatFollow) {
  net::Folder folder;
  const net::Authority authority(folder, "authority");
  const auto tls_of = [&](const std::string& name) {
    const net::CertificateFiles files = authority.sign(name, {.common_name = name});
    TlsOptions tls;
    tls.certificate_file = files.certificate;
    tls.key_file = files.key;
    return tls;
  };
  options.tls = tls_of("first");
  serve();
  options.tls.certificate_file = folder.file("nowhere.pem");
  EXPECT_NE(error_of_reload().find("nowhere.pem"), std::string::npos);
  options.tls = tls_of("second");
  reload();
  options.tls = {};
  EXPECT_EQ(error_of_reload(),
            "whether TLS is spoken at 127.0.0.1:0 cannot change while the server runs; start it anew for that");
}

TEST_F(ReloadOptionsTest, WhatMakesNoSenseChangesNothing) {
  serve();
  const auto restored = [&, sound = options] {
    static_cast<LiveOptions&>(options) = sound;
    of_addresses = {{}};
  };
  const auto refused = [&](std::string_view part) {
    // With what would be seen if anything were taken.
    options.clients.max_header_list_size = 1024;
    EXPECT_NE(error_of_reload().find(part), std::string::npos) << part;
    http2::Client client(ports[0]);
    EXPECT_EQ(client.call(echo_path, "a", {{"large", std::string(2000, 'x')}}).status(), 0) << part;
    restored();
  };
  options.cors_origins = {"no origin"};
  refused("web pages that may call the server");
  options.access.policy = "no policy";
  refused("access policy: ");
  options.access.policy = nobody;
  options.keepalive_timeout = {};
  refused("the keepalive timeout is 0 ms");
  ++options.max_message_size;
  refused("the largest message (max_message_size) cannot change while the server runs; start it anew for that");
  ++options.clients.max_window_growth;
  refused("what windows may grow by (max_window_growth) cannot change");
  of_addresses = {{}, {}};
  refused("it listens on 1 addresses, and there are options for 2");
  ConnectionOptions silent = options;
  silent.protocols = {.grpc = false, .grpc_web = false, .connect = false, .rest = false, .http = false};
  of_addresses[0].connections = silent;
  refused("cannot listen on 127.0.0.1:0: no protocol is spoken");
  options.access.policy = nobody;
  EXPECT_FALSE(server().reload({{.path = "/nowhere.wasm", .bytes = {}, .options = {}}}, options, of_addresses).ok());
  EXPECT_EQ(status_of_new(), 0) << "with a module that cannot be had nothing else is taken";
  EXPECT_EQ(server().counters().generation, 1U);
  EXPECT_EQ(server().counters().reloads_failed, 8U);
}

TEST_F(ReloadOptionsTest, CallsGoOnThroughMany) {
  serve({{}, {}});
  std::atomic<bool> stops = false;
  std::atomic<int> calls = 0;
  {
    std::vector<std::jthread> clients;
    for (std::size_t i = 0; i < 3; ++i) {
      clients.emplace_back([&, i] {
        while (!stops) {
          http2::Client client(ports[i % 2]);
          for (int of_connection = 0; of_connection < 5; ++of_connection, ++calls) {
            EXPECT_EQ(client.call(echo_path, "a").status(), 0);
          }
        }
      });
    }
    for (int i = 0; i < 40; ++i) {
      options.access = {};
      if (i % 3 != 0) options.access.policy = everybody;
      options.clients.max_header_list_size = 4096 + static_cast<std::uint32_t>(i);
      options.cors_origins = {"https://a" + std::to_string(i) + ".test"};
      of_addresses[1].connections.reset();
      if (i % 2 == 0) of_addresses[1].connections = options;
      reload();
      const int before = calls;
      EXPECT_TRUE(eventually([&] { return calls > before; }));
    }
    stops = true;
  }
  EXPECT_EQ(server().counters().calls_denied, 0U);
  EXPECT_EQ(server().counters().generation, 41U);
}

}  // namespace
}  // namespace wasm_grpc::runtime
