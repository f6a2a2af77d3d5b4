// Tokens that are good, and hostile ones (RFC 8725, 2).
#include "access/token_verifier.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <chrono>
#include <string>

#include "token_signer.h"

namespace wasm_grpc::access {
namespace {

using std::chrono::seconds;
using Time = std::chrono::system_clock::time_point;

constexpr std::int64_t now_seconds = 1'700'000'000;
const Time now{seconds(now_seconds)};

std::string claims(std::string_view more = "") {
  return R"({"iss":"https://a.test","aud":"us","sub":"alice","exp":1700000600)" + std::string(more) + "}";
}

class TokenVerifierTest : public testing::Test {
 protected:
  [[nodiscard]] TokenCheck check(std::string_view token, Time at = now) const { return verifier_.verify(token, at); }
  [[nodiscard]] bool is_good(std::string_view token) const { return check(token).token != nullptr; }
  /// Why it is not good; "good" where it is.
  [[nodiscard]] std::string fault(std::string_view token, Time at = now) const {
    const TokenCheck checked = check(token, at);
    return checked.token != nullptr ? "good" : std::string(name(checked.fault));
  }

  // Made once: keys of RSA take a while.
  static const Signer& rsa() {
    static const Signer signer(Algorithm::rs256, "r");
    return signer;
  }
  static const Signer& ec() {
    static const Signer signer(Algorithm::es256, "e");
    return signer;
  }
  static const Signer& ed() {
    static const Signer signer(Algorithm::eddsa, "d");
    return signer;
  }
  static const Signer& of_another_issuer() {
    static const Signer signer(Algorithm::es256, "e");
    return signer;
  }

  const TokenVerifier verifier_{
      {{"https://a.test", {"us", "us-too"}, KeySet::parse(key_set_of({&rsa(), &ec(), &ed()})).value()},
       {"https://b.test", {"us"}, KeySet::parse(key_set_of({&of_another_issuer()})).value()}},
      seconds(60)};
};

TEST_F(TokenVerifierTest, BelievesWhatTheIssuerHasSignedInEachWay) {
  for (const Signer* signer : {&rsa(), &ec(), &ed()}) {
    const TokenCheck checked = check(signer->token(claims(R"(,"roles":["x"])")));
    ASSERT_NE(checked.token, nullptr) << signer->algorithm() << name(checked.fault);
    EXPECT_EQ(checked.token->subject, "alice");
    EXPECT_EQ(checked.token->claims, claims(R"(,"roles":["x"])"));
    EXPECT_EQ(checked.token->parsed.issuer, "https://a.test");
    EXPECT_NE(checked.token->parsed.all.find("roles"), nullptr);
  }
}

TEST_F(TokenVerifierTest, ATokenThatIsNotSignedIsNone) {
  const std::string body = base64url(claims());
  for (const char* none : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = base64url(R"({"alg":")" + std::string(none) + "\"}");
    EXPECT_EQ(fault(header + "." + body + "."), "malformed");
    EXPECT_EQ(fault(header + "." + body), "malformed");
  }
  EXPECT_EQ(fault(base64url(R"({"alg":"ES256","kid":"e"})") + "." + body + "."), "signature");
  EXPECT_EQ(fault(base64url("{}") + "." + body + ".AAAA"), "malformed");
}

TEST_F(TokenVerifierTest, APublicKeyIsNoSecretOfHmac) {
  const std::string text = base64url(R"({"alg":"HS256","kid":"r"})") + "." + base64url(claims());
  for (const std::string& secret : {rsa().pem(), rsa().jwk(), key_set_of({&rsa()})}) {
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), code, &size);
    EXPECT_EQ(fault(text + "." + base64url({reinterpret_cast<const char*>(code), size})), "malformed");
  }
}

TEST_F(TokenVerifierTest, AnAlgorithmIsThatOfTheKey) {
  // Signed by a key, but said to be by another way, or by another key.
  EXPECT_EQ(fault(rsa().token(R"({"alg":"ES256","kid":"r"})", claims())), "signature");
  EXPECT_EQ(fault(ec().token(R"({"alg":"RS256","kid":"e"})", claims())), "signature");
  EXPECT_EQ(fault(ed().token(R"({"alg":"ES256","kid":"d"})", claims())), "signature");
  EXPECT_EQ(fault(rsa().token(R"({"alg":"RS256","kid":"e"})", claims())), "signature");
  for (const char* other : {"RS384", "RS512", "PS256", "ES384", "ES256K", "HS512", "rs256", "ed25519"}) {
    EXPECT_EQ(fault(rsa().token(R"({"alg":")" + std::string(other) + R"(","kid":"r"})", claims())), "malformed")
        << other;
  }
}

TEST_F(TokenVerifierTest, TheKeyIsOursWhateverTheHeaderSays) {
  const Signer evil(Algorithm::es256, "evil");
  for (const std::string& header :
       {R"({"alg":"ES256","jwk":)" + evil.jwk() + "}", std::string(R"({"alg":"ES256","jku":"https://evil.test/keys"})"),
        std::string(R"({"alg":"ES256","kid":"evil"})"), std::string(R"({"alg":"ES256","kid":"../../dev/null"})"),
        std::string(R"({"alg":"ES256","kid":"e' OR '1'='1"})"), std::string(R"({"alg":"ES256","kid":""})"),
        std::string(R"({"alg":"ES256","x5u":"https://evil.test/c","kid":"e"})")}) {
    EXPECT_EQ(fault(evil.token(header, claims())), "signature") << header;
  }
  EXPECT_EQ(fault(ec().token(R"({"alg":"ES256","kid":["e"]})", claims())), "malformed");
  EXPECT_TRUE(is_good(ec().token(R"({"alg":"ES256"})", claims())));
}

TEST_F(TokenVerifierTest, KeysOfOneIssuerSayNothingOfAnothers) {
  EXPECT_TRUE(is_good(of_another_issuer().token(R"({"iss":"https://b.test","aud":"us","exp":1700000600})")));
  EXPECT_EQ(fault(of_another_issuer().token(claims())), "signature");
  EXPECT_EQ(fault(ec().token(R"({"iss":"https://b.test","aud":"us","exp":1700000600})")), "signature");
  EXPECT_EQ(fault(ec().token(R"({"iss":"https://c.test","aud":"us","exp":1700000600})")), "issuer");
  EXPECT_EQ(fault(ec().token(R"({"iss":"https://a.test/","aud":"us","exp":1700000600})")), "issuer");
  EXPECT_EQ(fault(ec().token(R"({"aud":"us","exp":1700000600})")), "issuer");
  EXPECT_EQ(fault(ec().token(R"({"iss":["https://a.test"],"aud":"us","exp":1700000600})")), "malformed");
}

TEST_F(TokenVerifierTest, ItMustBeForUs) {
  const auto with = [&](const std::string& audience) {
    return fault(ec().token(R"({"iss":"https://a.test","exp":1700000600)" + audience + "}"));
  };
  EXPECT_EQ(with(R"(,"aud":"us")"), "good");
  EXPECT_EQ(with(R"(,"aud":["them","us-too"])"), "good");
  for (const char* wrong : {"", R"(,"aud":"them")", R"(,"aud":[])", R"(,"aud":["them"])", R"(,"aud":"us,them")",
                            R"(,"aud":{"us":"us"})", R"(,"aud":null)", R"(,"aud":"US")", R"(,"aud":[["us"]])"}) {
    EXPECT_EQ(with(wrong), "audience") << wrong;
  }
}

TEST_F(TokenVerifierTest, ItHasItsTimeWithSomeLeeway) {
  const auto with = [&](const std::string& times, seconds after = seconds(0)) {
    return fault(ec().token(R"({"iss":"https://a.test","aud":"us")" + times + "}"), now + after);
  };
  EXPECT_EQ(with(R"(,"exp":1700000000)", seconds(59)), "good");
  EXPECT_EQ(with(R"(,"exp":1700000000)", seconds(60)), "expired");
  EXPECT_EQ(with(R"(,"exp":1700000000.5)", seconds(60)), "good");
  EXPECT_EQ(with(""), "expired") << "one without an end";
  EXPECT_EQ(with(R"(,"exp":"1700000600")"), "malformed");
  EXPECT_EQ(with(R"(,"exp":null)"), "malformed");
  EXPECT_EQ(with(R"(,"exp":1e999)"), "malformed");
  EXPECT_EQ(with(R"(,"exp":-1)"), "expired");
  EXPECT_EQ(with(R"(,"exp":1e300)"), "good");
  EXPECT_EQ(with(R"(,"exp":1700000600,"nbf":1700000060)"), "good");
  EXPECT_EQ(with(R"(,"exp":1700000600,"nbf":1700000061)"), "not yet valid");
  EXPECT_EQ(with(R"(,"exp":1700000600,"nbf":"1")"), "malformed");
  EXPECT_EQ(with(R"(,"exp":1700000600,"iat":true)"), "malformed");
}

TEST_F(TokenVerifierTest, WhatItSaysMustBeClear) {
  EXPECT_EQ(fault(ec().token(claims(R"(,"sub":"bob")"))), "malformed") << "a claim twice";
  EXPECT_EQ(fault(ec().token(R"({"alg":"ES256","alg":"ES256","kid":"e"})", claims())), "malformed") << "a header twice";
  EXPECT_EQ(fault(ec().token(R"({"alg":"none","\u0061lg":"ES256"})", claims())), "malformed");
  EXPECT_EQ(fault(ec().token(R"({"alg":"ES256","kid":"e","crit":["x"],"x":1})", claims())), "malformed");
  EXPECT_EQ(fault(ec().token(R"({"alg":"ES256","kid":"e","b64":false,"crit":["b64"]})", claims())), "malformed");
  EXPECT_EQ(fault(ec().token(R"({"iss":"https://a.test","aud":"us","exp":1700000600,"sub":7})")), "malformed");
  for (const char* wrong : {"", "[]", "7", "{", "null", "\"x\"", "{\"exp\":01}", "{'a':1}"}) {
    EXPECT_EQ(fault(ec().token(wrong)), "malformed") << wrong;
    EXPECT_EQ(fault(ec().token(wrong, claims())), "malformed") << wrong;
  }
}

TEST_F(TokenVerifierTest, WhatIsNoTokenIsNone) {
  const std::string good = ec().token(claims());
  const auto second = good.find('.', good.find('.') + 1);
  for (const std::string& wrong :
       {std::string(), std::string("."), std::string(".."), std::string("..."), std::string("a.b.c"), good + ".",
        "." + good, good + "=", good + "\n", " " + good, good.substr(0, second), good.substr(0, second) + "..",
        good + "." + good, std::string(max_token_bytes + 1, 'a'), std::string(1U << 20, 'a') + "." + good,
        std::string(1U << 20, '.')}) {
    EXPECT_EQ(fault(wrong), "malformed") << wrong.substr(0, 100);
  }
  EXPECT_EQ(fault(good.substr(0, second + 1)), "signature");
  EXPECT_NE(fault(good.substr(0, good.size() - 4)), "good");
}

TEST_F(TokenVerifierTest, NoByteOfItMayBeAnother) {
  for (const Signer* signer : {&rsa(), &ec(), &ed()}) {
    const std::string good = signer->token(claims());
    for (std::size_t i = 0; i < good.size(); i += 3) {
      std::string changed = good;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(is_good(changed)) << signer->algorithm() << " at " << i;
    }
  }
}

TEST_F(TokenVerifierTest, DeepAndWideClaimsAreBounded) {
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  EXPECT_EQ(fault(ec().token(claims(",\"x\":" + deep))), "malformed");
  std::string wide;
  for (int i = 0; i < 500; ++i) wide += ",\"k" + std::to_string(i) + "\":1";
  EXPECT_TRUE(is_good(ec().token(claims(wide))));
}

}  // namespace
}  // namespace wasm_grpc::access
