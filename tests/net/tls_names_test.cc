// Several certificates: which of them a client is shown.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "eventually.h"
#include "net/tls/context.h"
#include "tls_client.h"

namespace wasm_grpc::net {
namespace {

struct TlsNamesTest : testing::Test {
  /// A certificate whose subject is `name`, in files of that name.
  TlsCertificate sign(const std::string& name, const std::string& alternative_names) const {
    const CertificateFiles files = authority.sign(name, {.common_name = name, .alternative_names = alternative_names});
    return {files.certificate, files.key};
  }
  std::shared_ptr<TlsContext> make(const std::vector<TlsCertificate>& certificates) {
    TlsOptions options;
    options.certificate_file = certificates.front().certificate_file;
    options.key_file = certificates.front().key_file;
    options.further_certificates.assign(certificates.begin() + 1, certificates.end());
    options.client_ca_file = client_ca;
    return TlsContext::create(options, [this](LogLevel, const std::string& text) { lines.push_back(text); }).value();
  }
  TlsClient::Options asking_for(const std::string& name, int version = TLS1_3_VERSION) const {
    TlsClient::Options options{.authority = authority.certificate_file()};
    options.version = version;
    options.name = name;
    return options;
  }
  /// The subject of the certificate that a client is shown who asks for that name, by both versions of TLS.
  std::string shown(TlsContext& context, const std::string& name) const {
    const std::string found = Handshake(context, asking_for(name)).client.server_name();
    EXPECT_EQ(Handshake(context, asking_for(name, TLS1_2_VERSION)).client.server_name(), found) << name;
    return found;
  }

  Folder folder;
  Authority authority{folder, "authority"};
  std::string client_ca;
  std::vector<std::string> lines;
};

TEST_F(TlsNamesTest, AreThoseOfTheCertificateExactlyThenByWildcardElseTheFirst) {
  const auto context = make({sign("first", "DNS:first.test"), sign("wild", "DNS:*.a.test,DNS:wild.test"),
                             sign("exact", "DNS:b.a.test,DNS:first.test")});
  EXPECT_EQ(shown(*context, "first.test"), "first") << "the first of two that fit as well";
  EXPECT_EQ(shown(*context, "wild.test"), "wild");
  EXPECT_EQ(shown(*context, "c.a.test"), "wild");
  EXPECT_EQ(shown(*context, "b.a.test"), "exact") << "though the wildcard fits, and comes before";
  EXPECT_EQ(shown(*context, "B.A.Test"), "exact");
  EXPECT_EQ(shown(*context, "d.c.a.test"), "first") << "a wildcard stands for one label";
  EXPECT_EQ(shown(*context, "a.test"), "first");
  EXPECT_EQ(shown(*context, "unknown.test"), "first");
  EXPECT_EQ(shown(*context, ""), "first");
}

TEST_F(TlsNamesTest, AreTheCommonNameOnlyWhereThereAreNoOthers) {
  const auto context =
      make({sign("first", ""), sign("common.test", "IP:127.0.0.1"), sign("not.test", "DNS:other.test")});
  EXPECT_EQ(shown(*context, "common.test"), "common.test");
  EXPECT_EQ(shown(*context, "other.test"), "not.test");
  EXPECT_EQ(shown(*context, "not.test"), "first");
}

TEST_F(TlsNamesTest, ThatPretendFitNothingElse) {
  using namespace std::string_literals;
  const CertificateFiles files =
      authority.sign("sly", {.common_name = "sly", .raw_dns_name = "honest.test\0.evil.test"s});
  const auto context = make({sign("first", ""), {files.certificate, files.key}});
  EXPECT_EQ(shown(*context, "honest.test"), "first");
  EXPECT_EQ(shown(*context, "*"), "first");
}

TEST_F(TlsNamesTest, EachCertificateIsReadAgainByItself) {
  const TlsCertificate first = sign("first", "DNS:first.test");
  const TlsCertificate second = sign("second", "DNS:second.test");
  const auto context = make({first, second});
  std::ofstream(first.certificate_file) << "no certificate\n";
  const CertificateFiles fresh =
      authority.sign("fresh", {.common_name = "fresh", .alternative_names = "DNS:second.test"});
  std::filesystem::rename(fresh.key, second.key_file);
  std::filesystem::rename(fresh.certificate, second.certificate_file);
  EXPECT_TRUE(
      eventually([&] { return Handshake(*context, asking_for("second.test")).client.server_name() == "fresh"; }));
  EXPECT_EQ(shown(*context, "first.test"), "first") << "the last good one serves on";
  // One more line where the files were looked at between the new key and the new certificate.
  const auto count = [&](const std::string& part) {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const std::string& line) { return line.find(part) != std::string::npos; });
  };
  EXPECT_EQ(count("TLS certificate " + first.certificate_file + ": expected a certificate"), 1);
  EXPECT_EQ(count("read again"), 1);
  EXPECT_EQ(count("TLS certificate " + second.certificate_file + ": read again"), 1);
}

TEST_F(TlsNamesTest, ABadFurtherCertificateIsAnErrorAtTheStart) {
  TlsOptions options;
  const TlsCertificate first = sign("first", "");
  options.certificate_file = first.certificate_file;
  options.key_file = first.key_file;
  const auto error_of = [&](const TlsCertificate& further) {
    options.further_certificates = {further};
    const auto made = TlsContext::create(options, [](LogLevel, const std::string&) {});
    return made.ok() ? "no error" : made.error().message;
  };
  EXPECT_NE(error_of({first.certificate_file, folder.file("none")}).find("none: no such file"), std::string::npos);
  EXPECT_NE(error_of({first.certificate_file, ""}).find("give both files"), std::string::npos);
  EXPECT_NE(error_of({first.certificate_file, sign("other", "").key_file}).find("does not belong"), std::string::npos);
}

TEST_F(TlsNamesTest, EveryNameAsksForTheCertificatesOfClients) {
  client_ca = authority.certificate_file();
  const auto context = make({sign("first", ""), sign("second", "DNS:second.test")});
  for (const char* name : {"", "second.test"}) {
    auto options = asking_for(name);
    EXPECT_FALSE(Handshake(*context, options).opened()) << name;
    options.certificate = authority.sign("client", {.common_name = "client"});
    const Handshake known(*context, options);
    ASSERT_TRUE(known.opened()) << name;
    EXPECT_EQ(known.server.session.peer_names(), (TlsNames{{TlsNameKind::common_name, "client"}}));
  }
}

TEST_F(TlsNamesTest, SessionsAreResumedUnderEachName) {
  const auto context = make({sign("first", ""), sign("second", "DNS:second.test")});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto options = asking_for("second.test", version);
    const Handshake first(*context, options);
    ASSERT_NE(first.client.session(), nullptr);
    options.session = first.client.session();
    const Handshake again(*context, options);
    EXPECT_TRUE(again.client.resumed());
    EXPECT_EQ(again.client.server_name(), "second");
  }
}

}  // namespace
}  // namespace wasm_grpc::net
