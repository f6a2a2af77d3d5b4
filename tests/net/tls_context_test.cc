// What a server's certificates, and those of its clients, bring about.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "eventually.h"
#include "net/tls/context.h"
#include "tls_client.h"

namespace wasm_grpc::net {
namespace {

struct TlsContextTest : testing::Test {
  TlsOptions server_options(const Subject& subject = {.common_name = "server"}) const {
    const CertificateFiles files = authority.sign("server", subject);
    TlsOptions options;
    options.certificate_file = files.certificate;
    options.key_file = files.key;
    return options;
  }
  std::shared_ptr<TlsContext> make(const TlsOptions& options) {
    return TlsContext::create(options,
                              [this](LogLevel level, const std::string& text) {
                                const std::lock_guard lock(mutex);
                                lines.push_back((level == LogLevel::error  ? "error "
                                                 : level == LogLevel::warn ? "warn "
                                                                           : "info ") +
                                                text);
                              })
        .value();
  }
  std::string error_of(const TlsOptions& options) {
    auto made = TlsContext::create(options, [](LogLevel, const std::string&) {});
    return made.ok() ? "no error" : made.error().message;
  }
  TlsClient::Options client_options() const { return {.authority = authority.certificate_file()}; }

  /// Names after their kinds, with spaces between.
  static std::string in_text(const TlsNames& names) {
    std::string text;
    for (const TlsName& known : names) {
      text.append(text.empty() ? "" : " ").append(name(known.kind)).append(":").append(known.value);
    }
    return text;
  }
  /// Who a client with this certificate is to the server; nothing when it is refused.
  std::optional<std::string> identity(TlsContext& context, const std::optional<CertificateFiles>& certificate,
                                      int version) {
    auto options = client_options();
    options.version = version;
    options.certificate = certificate;
    const Handshake made(context, options);
    EXPECT_EQ(made.client.error().empty(), made.opened()) << "the client is told";
    return made.opened() ? std::optional(in_text(made.server.session.peer_names())) : std::nullopt;
  }
  /// The same, by both versions of TLS, which judge alike.
  std::optional<std::string> identity(TlsContext& context, const std::optional<CertificateFiles>& certificate) {
    const auto found = identity(context, certificate, TLS1_2_VERSION);
    EXPECT_EQ(identity(context, certificate, TLS1_3_VERSION), found);
    return found;
  }
  std::string server_name(TlsContext& context) { return Handshake(context, client_options()).client.server_name(); }
  std::size_t count_lines(std::string_view part) {
    const std::lock_guard lock(mutex);
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }

  Folder folder;
  Authority authority{folder, "authority"};
  std::mutex mutex;
  std::vector<std::string> lines;
};

TEST_F(TlsContextTest, OffersHttp1ByAlpnWhereThatIsSpoken) {
  const auto protocol = [this](TlsContext& context, const std::vector<std::string>& offered) {
    auto options = client_options();
    options.alpn = offered;
    const Handshake made(context, options);
    return made.opened() ? std::string(made.server.session.protocol()) : "refused";
  };
  const auto context = make(server_options());
  EXPECT_EQ(protocol(*context, {"http/1.1"}), "http/1.1");
  const auto only_http2 = TlsContext::create(server_options(), [](LogLevel, const std::string&) {}, false).value();
  EXPECT_EQ(protocol(*only_http2, {"http/1.1"}), "refused");
  EXPECT_EQ(protocol(*only_http2, {"http/1.1", "h2"}), "h2");
}

TEST_F(TlsContextTest, RefusesFilesThatMakeNoSenseAndSaysWhich) {
  const TlsOptions good = server_options();
  EXPECT_EQ(error_of(good), "no error");
  std::ofstream(folder.file("text")) << "no certificate\n";
  const auto error_with = [&](std::string TlsOptions::* file, const std::string& name) {
    TlsOptions options = good;
    options.*file = name.empty() ? "" : folder.file(name);
    return error_of(options);
  };
  EXPECT_NE(error_with(&TlsOptions::certificate_file, "none").find("certificate " + folder.file("none") + ": no such"),
            std::string::npos);
  EXPECT_NE(error_with(&TlsOptions::certificate_file, "text").find("expected a certificate"), std::string::npos);
  EXPECT_NE(error_with(&TlsOptions::certificate_file, "").find("give both files"), std::string::npos);
  EXPECT_NE(error_with(&TlsOptions::key_file, "none").find("key " + folder.file("none") + ": no such file"),
            std::string::npos);
  EXPECT_NE(error_with(&TlsOptions::key_file, "text").find("expected a private key"), std::string::npos);
  EXPECT_NE(error_with(&TlsOptions::key_file, ".").find("is a directory"), std::string::npos);
  const CertificateFiles other = authority.sign("other", {.common_name = "other"});
  EXPECT_NE(error_with(&TlsOptions::key_file, "other.key").find("does not belong to the certificate"),
            std::string::npos);
  EXPECT_NE(error_with(&TlsOptions::client_ca_file, "text").find("client CA"), std::string::npos);
  EXPECT_NE(error_with(&TlsOptions::client_ca_file, "none").find("no such file"), std::string::npos);
}

TEST_F(TlsContextTest, ServesAnExpiredCertificateWithAWarning) {
  (void)make(server_options({.common_name = "old", .valid_for = std::chrono::hours(-1)}));
  EXPECT_EQ(count_lines("has expired"), 1u);
  EXPECT_EQ(count_lines("warn "), 1u);
}

TEST_F(TlsContextTest, ResumesSessions) {
  const auto context = make(server_options());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto options = client_options();
    options.version = version;
    const Handshake first(*context, options);
    EXPECT_FALSE(first.client.resumed());
    ASSERT_NE(first.client.session(), nullptr) << "it was given a ticket";

    options.session = first.client.session();
    const Handshake again(*context, options);
    EXPECT_TRUE(again.client.resumed());
    EXPECT_TRUE(again.opened());
    EXPECT_EQ(again.client.protocol(), "h2") << "ALPN is agreed on anew";
  }
}

TEST_F(TlsContextTest, AResumedSessionStillHasItsClientsIdentity) {
  TlsOptions server = server_options();
  server.client_ca_file = authority.certificate_file();
  const auto context = make(server);
  auto options = client_options();
  options.certificate = authority.sign("client", {.common_name = "client"});
  const Handshake first(*context, options);
  ASSERT_NE(first.client.session(), nullptr) << first.client.error();
  options.session = first.client.session();
  const Handshake again(*context, options);
  EXPECT_TRUE(again.client.resumed());
  EXPECT_EQ(in_text(again.server.session.peer_names()), "cn:client");
}

TEST_F(TlsContextTest, AsksForNoCertificateWithoutAClientAuthority) {
  const auto context = make(server_options());
  EXPECT_EQ(identity(*context, std::nullopt), "");
  EXPECT_EQ(identity(*context, authority.sign("client", {.common_name = "client"})), "") << "it is not looked at";
}

TEST_F(TlsContextTest, RequiresAGoodCertificateOfClients) {
  TlsOptions options = server_options();
  options.client_ca_file = authority.certificate_file();
  const auto context = make(options);
  const Authority stranger(folder, "stranger");
  EXPECT_EQ(identity(*context, authority.sign("client", {.common_name = "client"})), "cn:client");
  EXPECT_EQ(identity(*context, std::nullopt), std::nullopt);
  EXPECT_EQ(identity(*context, stranger.sign("strange", {.common_name = "client"})), std::nullopt);
  EXPECT_EQ(identity(*context, authority.sign("old", {.common_name = "old", .valid_for = std::chrono::hours(-1)})),
            std::nullopt);
}

TEST_F(TlsContextTest, TakesAnAuthorityBelowARootWithoutTheRoot) {
  const Authority intermediate(authority, "intermediate");
  const Authority sister(authority, "sister");
  TlsOptions options = server_options();
  options.client_ca_file = intermediate.certificate_file();
  const auto context = make(options);
  EXPECT_EQ(identity(*context, intermediate.sign("client", {.common_name = "client"})), "cn:client");
  EXPECT_EQ(identity(*context, sister.sign("other", {.common_name = "other"})), std::nullopt);
  EXPECT_EQ(identity(*context, authority.sign("above", {.common_name = "above"})), std::nullopt);
}

TEST_F(TlsContextTest, MayLeaveTheCertificateToTheClientButTakesNoBadOne) {
  TlsOptions options = server_options();
  options.client_ca_file = authority.certificate_file();
  options.client_auth = TlsClientAuth::request;
  const auto context = make(options);
  const Authority stranger(folder, "stranger");
  EXPECT_EQ(identity(*context, authority.sign("client", {.common_name = "client"})), "cn:client");
  EXPECT_EQ(identity(*context, std::nullopt), "");
  EXPECT_EQ(identity(*context, stranger.sign("strange", {.common_name = "client"})), std::nullopt);
}

TEST_F(TlsContextTest, TellsOfEachNameOfAClientWhatKindItIs) {
  TlsOptions options = server_options();
  options.client_ca_file = authority.certificate_file();
  const auto context = make(options);
  const auto named = [&](const Subject& subject) { return identity(*context, authority.sign("client", subject)); };
  const std::string name = "the subject";
  EXPECT_EQ(named({name, "URI:spiffe://test/a,DNS:first.test,DNS:second.test"}),
            "dns:first.test dns:second.test uri:spiffe://test/a cn:the subject");
  EXPECT_EQ(named({name, "URI:spiffe://test/a,email:a@b.test,URI:spiffe://test/b"}),
            "uri:spiffe://test/a uri:spiffe://test/b cn:the subject email:a@b.test");
  EXPECT_EQ(named({"", "email:a@b.test,IP:127.0.0.1,IP:2001:db8::7"}), "email:a@b.test ip:127.0.0.1 ip:2001:db8::7");
  EXPECT_EQ(named({name}), "cn:the subject");
  EXPECT_EQ(named({"Łukasz"}), "cn:Łukasz");
  EXPECT_EQ(named({""}), "");
}

TEST_F(TlsContextTest, PassesOverNamesThatPretend) {
  TlsOptions options = server_options();
  options.client_ca_file = authority.certificate_file();
  const auto context = make(options);
  const auto named = [&](const Subject& subject) { return identity(*context, authority.sign("client", subject)); };
  using namespace std::string_literals;
  EXPECT_EQ(named({"subject", "DNS:honest.test", "admin.test\0.evil.test"s}), "dns:honest.test cn:subject");
  EXPECT_EQ(named({"subject", "", "admin.test\0.evil.test"s}), "cn:subject");
  EXPECT_EQ(named({"subject", "", "line\nbreak"}), "cn:subject");
  EXPECT_EQ(named({"admin\0x"s}), "");
}

TEST_F(TlsContextTest, LeavesOutNamesOfAClientThatAreTooMany) {
  TlsOptions options = server_options();
  options.client_ca_file = authority.certificate_file();
  const auto context = make(options);
  const std::string long_name = "long." + std::string(max_tls_names_bytes - 15, 'a');
  const auto named = identity(*context, authority.sign("client", {"subject", "DNS:b.test", long_name}));
  EXPECT_EQ(named, "dns:" + long_name + " cn:subject") << "8 KiB are filled up to two bytes";
}

TEST_F(TlsContextTest, TakesNewFilesForTheConnectionsThatFollow) {
  const auto context = make(server_options({.common_name = "before"}));
  Handshake earlier(*context, client_options());
  EXPECT_EQ(earlier.client.server_name(), "before");

  authority.sign("server", {.common_name = "after"});
  EXPECT_TRUE(eventually([&] { return server_name(*context) == "after"; }));
  EXPECT_EQ(count_lines("info TLS certificate " + folder.file("server.pem") + ": read again"), 1u);

  earlier.client.write("still open");
  converse(earlier.server, earlier.client);
  EXPECT_EQ(earlier.server.received, "still open");
}

TEST_F(TlsContextTest, KeepsTheOldFilesWhereTheNewOnesMakeNoSense) {
  const TlsOptions options = server_options({.common_name = "before"});
  const auto context = make(options);
  std::ofstream(options.certificate_file) << "no certificate\n";
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(server_name(*context), "before");
    return count_lines("error TLS certificate " + options.certificate_file) >= 1;
  }));
  std::filesystem::remove(options.certificate_file);
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(server_name(*context), "before");
    return count_lines("error TLS certificate " + options.certificate_file + ": no such file") >= 1;
  }));
  authority.sign("server", {.common_name = "after"});
  EXPECT_TRUE(eventually([&] { return server_name(*context) == "after"; }));
}

TEST_F(TlsContextTest, TakesWhatOnlyTheChangeTimeOfAFileTells) {
  const TlsOptions options = server_options({.common_name = "before"});
  const auto read = [](const std::string& file) {
    std::ifstream stream(file);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  std::array<std::string, 2> before = {read(options.certificate_file), read(options.key_file)};
  authority.sign("server", {.common_name = "after"});
  std::array<std::string, 2> after = {read(options.certificate_file), read(options.key_file)};
  const std::array<std::string, 2> files = {options.certificate_file, options.key_file};
  const auto write = [&](const std::array<std::string, 2>& texts) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      std::ofstream(files[i]) << texts[i];
      std::filesystem::last_write_time(files[i], std::filesystem::file_time_type{});
    }
  };
  for (std::size_t i = 0; i < files.size(); ++i) {
    before[i].resize(std::max(before[i].size(), after[i].size()), '\n');
    after[i].resize(before[i].size(), '\n');
  }
  write(before);
  const auto context = make(options);
  EXPECT_EQ(server_name(*context), "before");
  write(after);
  EXPECT_TRUE(eventually([&] { return server_name(*context) == "after"; }));
}

TEST_F(TlsContextTest, TriesAgainWhatCouldNotBeReadThoughItsFilesStayAsTheyAre) {
  const TlsOptions options = server_options({.common_name = "before"});
  const auto context = make(options);
  authority.sign("server", {.common_name = "after"});
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::string line = "error TLS certificate " + options.certificate_file + ": cannot be opened";
  EXPECT_TRUE(eventually([&] {
    (void)context->make_session();
    return count_lines(line) == 1;
  }));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  (void)context->make_session();
  EXPECT_EQ(count_lines(line), 1u) << "it is not said each time";
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(eventually([&] { return server_name(*context) == "after"; }));
}

TEST_F(TlsContextTest, TakesANewClientAuthorityAndResumesNobodyOfTheOldOne) {
  const Authority old_authority(folder, "clients");
  TlsOptions server = server_options();
  server.client_ca_file = old_authority.certificate_file();
  const auto context = make(server);
  auto options = client_options();
  options.certificate = old_authority.sign("client", {.common_name = "client"});
  const Handshake first(*context, options);
  ASSERT_NE(first.client.session(), nullptr) << first.client.error();

  const Authority new_authority(folder, "clients");  // its certificate takes the other's file
  EXPECT_TRUE(eventually([&] { return !identity(*context, options.certificate, TLS1_3_VERSION); }));
  EXPECT_EQ(identity(*context, new_authority.sign("new", {.common_name = "new"})), "cn:new");
  options.session = first.client.session();
  const Handshake again(*context, options);
  EXPECT_FALSE(again.client.resumed());
  EXPECT_FALSE(again.opened());
}

TEST_F(TlsContextTest, ServesThreadsWhileItsFilesChange) {
  const auto context = make(server_options({.common_name = "before"}));
  std::vector<std::jthread> threads;
  std::atomic<int> done = 0;
  std::atomic<bool> stop = false;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        if (const std::string name = server_name(*context); name != "before" && name != "after") break;
        ++done;
      }
    });
  }
  EXPECT_TRUE(eventually([&] { return done > 20; }));
  authority.sign("server", {.common_name = "after"});
  EXPECT_TRUE(eventually([&] { return server_name(*context) == "after"; }));
  const int before = done;
  EXPECT_TRUE(eventually([&] { return done > before + 20; })) << "they are all served";
  stop = true;
}

}  // namespace
}  // namespace wasm_grpc::net
