// x-forwarded-client-cert: who is said to be the client, and by whom.
#include "http2/session/forwarded_certificate.h"

#include <gtest/gtest.h>

#include <string>

namespace wasm_grpc::http2 {
namespace {

/// The names after their kinds; "malformed".
std::string read(std::string_view header) {
  const auto names = read_forwarded_certificate(header);
  if (!names) return "malformed";
  std::string text;
  for (const TlsName& known : *names) {
    text.append(text.empty() ? "" : " ").append(name(known.kind)).append(":").append(known.value);
  }
  return text;
}

TEST(ForwardedCertificate, HasTheNamesThatEnvoyWrites) {
  EXPECT_EQ(read("By=spiffe://a/server;Hash=468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688;"
                 "Subject=\"emailAddress=frontend@a.test,CN=Test Frontend,OU=Team,O=A\\, B,C=US\";"
                 "URI=spiffe://a/frontend;DNS=b.test;DNS=a.test"),
            "dns:b.test dns:a.test uri:spiffe://a/frontend cn:Test Frontend");
  EXPECT_EQ(read("By=spiffe://a/server;Hash=00;URI=spiffe://a/frontend"), "uri:spiffe://a/frontend");
  EXPECT_EQ(read("Hash=00"), "");
  EXPECT_EQ(read("hash=00; dns = a.test ;Cert=\"-----BEGIN%20CERTIFICATE-----%0A\""), "dns:a.test");
}

TEST(ForwardedCertificate, IsThatOfTheLastElementWhichTheProxyHasSeenItself) {
  EXPECT_EQ(read("By=a;DNS=admin.test,By=b;DNS=client.test"), "dns:client.test");
  EXPECT_EQ(read("By=a;DNS=admin.test,By=b;Hash=00"), "");
  EXPECT_EQ(read("Subject=\"CN=a,DNS=admin.test\";URI=x"), "uri:x cn:a") << "it is in quotation marks";
}

TEST(ForwardedCertificate, TakesTheCommonNameOutOfASubjectAndNothingElse) {
  EXPECT_EQ(read("Subject=\"CN=second,O=x,CN=first\""), "cn:first") << "a subject is written from its end";
  EXPECT_EQ(read("Subject=\"O=x\\,CN=admin,CN=client\""), "cn:client");
  EXPECT_EQ(read("Subject=\"O=x\\2CCN=admin\""), "");
  EXPECT_EQ(read("Subject=\"OU=a+cn=client,O=b\""), "cn:client");
  EXPECT_EQ(read("Subject=\"CN=a\\2Cb\\\\\"c\\\\\"\""), "cn:a,b\"c\"") << "escaped in both";
  EXPECT_EQ(read("Subject=\"CN=\\C5\\81ukasz\""), "cn:\xc5\x81ukasz");
  EXPECT_EQ(read("Subject=\"CN=#0403666f6f\""), "");
  EXPECT_EQ(read("Subject=\"/O=x/CN=admin\""), "") << "where that ends cannot be told";
  EXPECT_EQ(read("Subject=\"\""), "");
}

TEST(ForwardedCertificate, ThatIsNotAsItShouldBeIsMalformed) {
  for (const char* header : {"", " ", ",", ";", "DNS", "=a", "DNS=a,", "DNS=a;", "DNS=\"a", "DNS=\"a\"b",
                             "DNS=a,,DNS=b", "\"DNS\"=a", "a;b=c"}) {
    EXPECT_EQ(read(header), "malformed") << header;
  }
}

TEST(ForwardedCertificate, NamesThatPretendOrAreTooManyAreLeftOut) {
  using namespace std::string_literals;
  EXPECT_EQ(read("DNS=\"a\nb\";DNS=c;DNS="), "dns:c");
  EXPECT_EQ(read("Subject=\"CN=a\\00b\""), "");
  EXPECT_EQ(read("DNS=" + std::string(max_tls_names_bytes + 1, 'a') + ";URI=b"), "uri:b");
}

}  // namespace
}  // namespace wasm_grpc::http2
