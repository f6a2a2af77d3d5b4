#include "access/key_set.h"

#include <gtest/gtest.h>

#include <string>

#include "token_signer.h"

namespace wasm_grpc::access {
namespace {

std::string why_not(const std::string& jwks) {
  const auto set = KeySet::parse(jwks);
  return set.ok() ? "" : set.error().message;
}

std::string set_of(const std::string& keys) { return R"({"keys":[)" + keys + "]}"; }

class KeySetTest : public testing::TestWithParam<Algorithm> {};

TEST_P(KeySetTest, ChecksWhatItsKeyHasSignedAndNothingElse) {
  const Signer signer(GetParam(), "a");
  const Signer other(GetParam(), "a");
  const auto set = KeySet::parse(key_set_of({&signer}));
  ASSERT_TRUE(set.ok()) << set.error().message;
  const KeySet& keys = *set.value();
  const std::string signature = signer.sign("text");
  EXPECT_TRUE(keys.verify(GetParam(), "a", "text", signature));
  EXPECT_TRUE(keys.verify(GetParam(), std::nullopt, "text", signature));
  EXPECT_FALSE(keys.verify(GetParam(), "b", "text", signature));
  EXPECT_FALSE(keys.verify(GetParam(), "a", "texT", signature));
  EXPECT_FALSE(keys.verify(GetParam(), "a", "text", other.sign("text")));
  EXPECT_FALSE(keys.verify(GetParam(), "a", "text", ""));
  EXPECT_FALSE(keys.verify(GetParam(), "a", "text", signature + "x"));
  EXPECT_FALSE(keys.verify(GetParam(), "a", "text", signature.substr(1)));
  EXPECT_FALSE(keys.verify(GetParam(), "a", "text", std::string(signature.size(), '\0')));
  for (const Algorithm another : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    if (another == GetParam()) continue;
    EXPECT_FALSE(keys.verify(another, "a", "text", signature));
  }
}

INSTANTIATE_TEST_SUITE_P(All, KeySetTest, testing::Values(Algorithm::rs256, Algorithm::es256, Algorithm::eddsa));

TEST(KeySet, FindsTheKeyByItsIdAmongOthers) {
  const Signer a(Algorithm::es256, "a");
  const Signer b(Algorithm::es256, "b");
  const Signer c(Algorithm::eddsa, "b");  // the same id, for another algorithm
  const auto keys = KeySet::parse(key_set_of({&a, &c, &b})).value();
  EXPECT_EQ(keys->size(), 3U);
  EXPECT_TRUE(keys->verify(Algorithm::es256, "b", "t", b.sign("t")));
  EXPECT_TRUE(keys->verify(Algorithm::eddsa, "b", "t", c.sign("t")));
  EXPECT_FALSE(keys->verify(Algorithm::es256, "a", "t", b.sign("t")));
}

TEST(KeySet, WithoutAnIdTriesNoMoreThanAFew) {
  std::vector<std::unique_ptr<Signer>> signers;
  std::string keys;
  for (int i = 0; i <= KeySet::most_tried; ++i) {
    signers.push_back(std::make_unique<Signer>(Algorithm::eddsa, std::to_string(i)));
    keys += (i == 0 ? "" : ",") + signers.back()->jwk();
  }
  const auto set = KeySet::parse(set_of(keys)).value();
  EXPECT_TRUE(set->verify(Algorithm::eddsa, std::nullopt, "t", signers[KeySet::most_tried - 1]->sign("t")));
  EXPECT_FALSE(set->verify(Algorithm::eddsa, std::nullopt, "t", signers.back()->sign("t")));
  EXPECT_TRUE(set->verify(Algorithm::eddsa, signers.back()->id(), "t", signers.back()->sign("t")));
}

TEST(KeySet, PassesOverKeysForSomethingElse) {
  const Signer good(Algorithm::es256, "good");
  const Signer other(Algorithm::rs256, "other");
  for (const std::string& passed_over :
       {std::string(R"({"kty":"oct","k":"c2VjcmV0","kid":"x"})"), other.jwk(R"(,"use":"enc")"),
        other.jwk(R"(,"alg":"RS512")"), other.jwk(R"(,"alg":"HS256")"), other.jwk(R"(,"key_ops":["encrypt"])"),
        std::string(R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})"), std::string(R"({"kty":"new"})")}) {
    const auto set =
        KeySet::parse(set_of(good.jwk(R"(,"use":"sig","alg":"ES256","key_ops":["verify"])") + "," + passed_over));
    ASSERT_TRUE(set.ok()) << passed_over << set.error().message;
    EXPECT_EQ(set.value()->size(), 1U) << passed_over;
  }
}

TEST(KeySet, SaysWhatIsWrong) {
  const Signer rsa(Algorithm::rs256, "a");
  const Signer ec(Algorithm::es256, "a");
  EXPECT_NE(why_not("").find("the key set is not JSON: line 1"), std::string::npos);
  EXPECT_NE(why_not("[]").find("expected a JWK set"), std::string::npos);
  EXPECT_NE(why_not(rsa.jwk()).find("expected a JWK set"), std::string::npos);
  EXPECT_NE(why_not(rsa.pem()).find("is not JSON"), std::string::npos);
  EXPECT_NE(why_not(set_of("")).find("no key in it can check tokens"), std::string::npos);
  EXPECT_NE(why_not(set_of(R"({"kty":"oct","k":"c2VjcmV0"})")).find("no key in it"), std::string::npos);
  EXPECT_NE(why_not(set_of("1")).find("keys[0]: expected an object"), std::string::npos);
  EXPECT_NE(why_not(set_of(rsa.jwk(R"(,"d":"AQAB")"))).find("private part"), std::string::npos);
  EXPECT_NE(why_not(set_of(R"({"kty":"RSA","n":"AQAB","e":"AQAB"})")).find("an RSA key of 17 bits"), std::string::npos);
  EXPECT_NE(why_not(set_of(R"({"kty":"RSA","n":"a b","e":"AQAB"})")).find("n: expected base64url"), std::string::npos);
  EXPECT_NE(why_not(set_of(R"({"kty":"RSA","e":"AQAB"})")).find("n: expected base64url"), std::string::npos);
  EXPECT_NE(why_not(set_of(R"({"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"})")).find("expected 32 bytes"),
            std::string::npos);
  const std::string point = base64url(std::string(32, '\1'));
  EXPECT_NE(
      why_not(set_of(R"({"kty":"EC","crv":"P-256","x":")" + point + R"(","y":")" + point + "\"}")).find("no point"),
      std::string::npos);
  EXPECT_NE(why_not(set_of(R"({"kty":"OKP","crv":"Ed25519","x":"AQ"})")).find("expected 32 bytes"), std::string::npos);
  EXPECT_NE(why_not(set_of(R"({"kty":"RSA","kid":1,"n":"AQAB","e":"AQAB"})")).find("kid: expected a string"),
            std::string::npos);
}

}  // namespace
}  // namespace wasm_grpc::access
