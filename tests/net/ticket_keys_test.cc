// Session tickets: whose are still taken when the keys change.
#include "net/tls/ticket_keys.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/tls/context.h"
#include "tls_client.h"

namespace wasm_grpc::net {
namespace {

using Clock = TicketKeys::Clock;

struct TicketKeysTest : testing::TestWithParam<int> {
  static std::shared_ptr<TlsContext> make(const Authority& authority) {
    const CertificateFiles files = authority.sign("server", {.common_name = "server"});
    TlsOptions options;
    options.certificate_file = files.certificate;
    options.key_file = files.key;
    return TlsContext::create(options, [](LogLevel, const std::string&) {}).value();
  }
  TlsClient::Options client(SSL_SESSION* session = nullptr) const {
    TlsClient::Options options{.authority = authority.certificate_file()};
    options.version = GetParam();
    options.session = session;
    return options;
  }
  struct Free {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };
  using Session = std::unique_ptr<SSL_SESSION, Free>;
  /// OpenSSL does not use a session again when a connection with it was not ended, but takes this for another one.
  static Session copy(SSL_SESSION* session) { return Session(SSL_SESSION_dup(session)); }
  /// As if so much time had passed.
  void pass(Clock::duration time) {
    now += time;
    const SslPointer session = context->make_session();
    EXPECT_TRUE(TicketKeys::of(SSL_get_SSL_CTX(session.get())).renew(now));
  }
  bool resumes(const Session& session) {
    const Session own = copy(session.get());
    const Handshake made(*context, client(own.get()));
    EXPECT_TRUE(made.opened()) << "with a full handshake where the ticket is not taken";
    return made.client.resumed();
  }

  Folder folder;
  Authority authority{folder, "authority"};
  std::shared_ptr<TlsContext> context = make(authority);
  Clock::time_point now = Clock::now();
};

TEST_P(TicketKeysTest, ATicketIsTakenUntilItsKeyIsNeitherTheCurrentNorTheLastOne) {
  const Handshake first(*context, client());
  ASSERT_NE(first.client.session(), nullptr) << "it was given a ticket";
  const Session session = copy(first.client.session());
  EXPECT_TRUE(resumes(session));
  pass(TicketKeys::period / 2);
  EXPECT_TRUE(resumes(session));
  pass(TicketKeys::period * 3 / 4);
  EXPECT_TRUE(resumes(session)) << "by the last key";
  pass(TicketKeys::period);
  EXPECT_FALSE(resumes(session)) << "its key is gone";
}

TEST_P(TicketKeysTest, WhoResumesByTheLastKeyGetsATicketOfTheNewOne) {
  const Handshake first(*context, client());
  const Session old = copy(first.client.session());
  pass(TicketKeys::period + std::chrono::minutes(1));
  const Session used = copy(old.get());
  const Handshake second(*context, client(used.get()));
  ASSERT_TRUE(second.client.resumed());
  const Session renewed = copy(second.client.session_in_use());
  pass(TicketKeys::period);
  EXPECT_FALSE(resumes(old));
  EXPECT_TRUE(resumes(renewed));
}

TEST_P(TicketKeysTest, AfterALongTimeWithoutClientsNoOldKeyIsLeft) {
  const Handshake first(*context, client());
  const Session session = copy(first.client.session());
  EXPECT_TRUE(resumes(session));
  pass(TicketKeys::period * 5 / 2);
  EXPECT_FALSE(resumes(session));
}

TEST_P(TicketKeysTest, ThoseOfAnotherServerAreNotTaken) {
  const Handshake first(*context, client());
  const Session session = copy(first.client.session());
  context = make(authority);
  EXPECT_FALSE(resumes(session));
}

TEST_P(TicketKeysTest, AreSharedByThreadsWhileTheyChange) {
  std::vector<std::jthread> threads;
  std::atomic<int> resumed = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 30; ++round) {
        const Handshake first(*context, client());
        const Session session = copy(first.client.session());
        if (resumes(session)) ++resumed;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    pass(TicketKeys::period);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  threads.clear();
  EXPECT_GT(resumed, 60) << "but where the keys changed twice meanwhile";
}

INSTANTIATE_TEST_SUITE_P(Versions, TicketKeysTest, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

}  // namespace
}  // namespace wasm_grpc::net
