// TLS of one connection: what comes in by any pieces comes out whole, and what is wrong ends it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/tls/session.h"
#include "tls_client.h"

namespace wasm_grpc::net {
namespace {

std::shared_ptr<TlsContext> context_for(const CertificateFiles& files) {
  TlsOptions options;
  options.certificate_file = files.certificate;
  options.key_file = files.key;
  return TlsContext::create(options, [](LogLevel, const std::string&) {}).value();
}

struct TlsSessionTest : testing::Test {
  TlsClient::Options client_options(int version = TLS1_3_VERSION) const {
    return {.authority = authority.certificate_file(), .version = version};
  }

  Folder folder;
  Authority authority{folder, "authority"};
  std::shared_ptr<TlsContext> context = context_for(authority.sign("server", {.common_name = "server"}));
};

bool send(TlsServer& server, std::string_view text) {
  const asio::const_buffer buffer(text.data(), text.size());
  return server.session.write(std::span(&buffer, 1), server.output);
}

TEST_F(TlsSessionTest, OpensAndPassesBytesBothWays) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsServer server(*context);
    TlsClient client(client_options(version));
    EXPECT_EQ(server.session.state(), TlsSession::State::handshaking);
    converse(server, client);
    ASSERT_EQ(server.session.state(), TlsSession::State::open) << client.error();
    ASSERT_TRUE(client.open());
    EXPECT_EQ(client.protocol(), "h2");
    EXPECT_TRUE(server.session.peer_names().empty()) << "the client has shown no certificate";

    client.write("question");
    converse(server, client);
    EXPECT_EQ(server.received, "question");
    ASSERT_TRUE(send(server, "answer"));
    converse(server, client);
    EXPECT_EQ(client.received(), "answer");
  }
}

TEST_F(TlsSessionTest, TakesRecordsInAnyPieces) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::size_t piece : {1, 2, 5, 1000}) {
      TlsServer server(*context);
      TlsClient client(client_options(version));
      converse(server, client, piece);
      ASSERT_EQ(server.session.state(), TlsSession::State::open) << piece << ": " << client.error();
      client.write("first ");
      client.write("second");
      converse(server, client, piece);
      EXPECT_EQ(server.received, "first second") << piece;
    }
  }
}

TEST_F(TlsSessionTest, GivesNothingOfARecordThatIsNotComplete) {
  TlsServer server(*context);
  TlsClient client(client_options());
  converse(server, client);
  client.write("whole or nothing");
  const std::vector<std::byte> record = client.take_output();
  server.receive(std::span(record).first(record.size() - 1), 1);
  EXPECT_EQ(server.received, "");
  EXPECT_EQ(server.session.state(), TlsSession::State::open);
  server.receive(std::span(record).last(1), 1);
  EXPECT_EQ(server.received, "whole or nothing");
}

TEST_F(TlsSessionTest, EncryptsBuffersOfEverySizeInOrder) {
  TlsServer server(*context);
  TlsClient client(client_options());
  converse(server, client);
  std::vector<std::string> texts;
  for (const std::size_t size : {0, 9, 16'384, 1, 16'383, 16'385, 0, 100'000, 9, 9, 32'768, 7}) {
    texts.emplace_back(size, static_cast<char>('a' + texts.size()));
  }
  std::vector<asio::const_buffer> buffers;
  std::string all;
  for (const std::string& text : texts) {
    buffers.emplace_back(text.data(), text.size());
    all += text;
  }
  ASSERT_TRUE(server.session.write(buffers, server.output));
  converse(server, client);
  EXPECT_TRUE(client.received() == all);
}

TEST_F(TlsSessionTest, CannotWriteBeforeItIsOpen) {
  TlsServer server(*context);
  EXPECT_FALSE(send(server, "too early"));
  EXPECT_TRUE(server.output.empty());
  TlsClient client(client_options());
  converse(server, client);
  EXPECT_EQ(server.session.state(), TlsSession::State::open) << "trying has not harmed it";
}

TEST_F(TlsSessionTest, RefusesClientsThatOfferOtherProtocols) {
  for (const std::vector<std::string>& offered :
       std::vector<std::vector<std::string>>{{"h2c", "h3"}, {"h"}, {"h22"}, {"xh2"}, {"http/1.0"}, {"http/1.1x"}}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      TlsServer server(*context);
      auto options = client_options(version);
      options.alpn = offered;
      TlsClient client(options);
      converse(server, client);
      EXPECT_EQ(server.session.state(), TlsSession::State::failed);
      EXPECT_FALSE(client.open());
      EXPECT_NE(client.error().find("no application protocol"), std::string::npos) << client.error();
    }
  }
}

TEST_F(TlsSessionTest, FindsHttp2AmongOtherProtocols) {
  TlsServer server(*context);
  auto options = client_options();
  options.alpn = {"http/1.1", "h2", "h3"};
  TlsClient client(options);
  converse(server, client);
  EXPECT_EQ(client.protocol(), "h2");
}

TEST_F(TlsSessionTest, TakesHttp1WhereThatIsAllAClientOffers) {
  TlsServer server(*context);
  auto options = client_options();
  options.alpn = {"h3", "http/1.1"};
  TlsClient client(options);
  converse(server, client);
  EXPECT_EQ(client.protocol(), "http/1.1");
}

TEST_F(TlsSessionTest, AClientMayOfferNothing) {
  TlsServer server(*context);
  auto options = client_options();
  options.alpn = {};
  TlsClient client(options);
  converse(server, client);
  EXPECT_TRUE(client.open());
  EXPECT_EQ(client.protocol(), "");
}

TEST_F(TlsSessionTest, RefusesOldVersions) {
  TlsServer server(*context);
  TlsClient client(client_options(TLS1_1_VERSION));
  converse(server, client);
  EXPECT_EQ(server.session.state(), TlsSession::State::failed);
  EXPECT_NE(client.error().find("protocol version"), std::string::npos) << client.error();
}

TEST_F(TlsSessionTest, FailsOnWhatIsNotTls) {
  for (const std::string& said :
       {std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string("GET / HTTP/1.1\r\n\r\n"),
        std::string(1000, '\xff'), std::string(1000, '\0')}) {
    TlsServer server(*context);
    server.receive(std::as_bytes(std::span(said)), said.size());
    EXPECT_EQ(server.session.state(), TlsSession::State::failed);
    EXPECT_EQ(server.received, "");
  }
}

TEST_F(TlsSessionTest, FailsOnARecordThatWasChanged) {
  TlsServer server(*context);
  TlsClient client(client_options());
  converse(server, client);
  client.write("good");
  converse(server, client);
  client.write("changed");
  std::vector<std::byte> record = client.take_output();
  record.back() ^= std::byte{1};
  client.write("again");
  const std::vector<std::byte> next_record = client.take_output();
  server.receive(record, record.size());
  EXPECT_EQ(server.session.state(), TlsSession::State::failed);
  EXPECT_EQ(server.received, "good");
  EXPECT_FALSE(send(server, "not any more"));
  client.receive(server.output);
  EXPECT_NE(client.error().find("bad record mac"), std::string::npos) << "it is told: " << client.error();

  server.receive(next_record, next_record.size());
  EXPECT_EQ(server.received, "good") << "it does not come to life again";
}

TEST_F(TlsSessionTest, GivesWhatCameBeforeTheClientsGoodbye) {
  TlsServer server(*context);
  TlsClient client(client_options());
  converse(server, client);
  client.write("last words");
  client.end();
  converse(server, client);
  EXPECT_EQ(server.received, "last words");
  EXPECT_TRUE(server.session.ended());
  EXPECT_EQ(server.session.state(), TlsSession::State::open);
}

TEST_F(TlsSessionTest, SaysGoodbyeAfterWhatWasWritten) {
  TlsServer server(*context);
  TlsClient client(client_options());
  converse(server, client);
  EXPECT_FALSE(server.session.ended());
  ASSERT_TRUE(send(server, "last words"));
  server.session.end(server.output);
  client.receive(server.output);
  EXPECT_EQ(client.received(), "last words");
  EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace wasm_grpc::net
