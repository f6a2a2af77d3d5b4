#include "registry/auth/challenge.h"

#include <gtest/gtest.h>

namespace wasm_grpc::registry {

namespace {

using Scheme = Challenge::Scheme;

TEST(Challenge, OfBearerNamesARealmAndAService) {
  const auto one = choose_challenge({R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io")"});
  ASSERT_TRUE(one);
  EXPECT_EQ(one->scheme, Scheme::bearer);
  EXPECT_EQ(one->realm, "https://auth.docker.io/token");
  EXPECT_EQ(one->service, "registry.docker.io");
}

TEST(Challenge, MayBeWrittenInManyWays) {
  const auto one = choose_challenge({"bEARER\tService = plain , scope=\"a,b c\" ,REALM=\"a \\\"b\\\\\" , , error=x"});
  ASSERT_TRUE(one);
  EXPECT_EQ(one->realm, "a \"b\\");
  EXPECT_EQ(one->service, "plain");
}

TEST(Challenge, OfBearerIsBetterThanOneOfBasic) {
  for (const char* both : {R"(Basic realm="a", Bearer realm="b")", R"(Bearer realm="b", Basic realm="a")",
                           R"(Digest realm="a", nonce=b, Bearer realm="b", Basic)"}) {
    const auto one = choose_challenge({both});
    ASSERT_TRUE(one) << both;
    EXPECT_EQ(one->scheme, Scheme::bearer) << both;
    EXPECT_EQ(one->realm, "b") << both;
  }
  EXPECT_EQ(choose_challenge({"Basic", "Bearer realm=b"})->scheme, Scheme::bearer);
  EXPECT_EQ(choose_challenge({"Bearer", "Basic"})->scheme, Scheme::basic) << "a realm is needed";
}

TEST(Challenge, ThatIsNotUnderstoodIsNone) {
  for (const char* field : {"", ",", "Negotiate", "Negotiate a==", "Bearer realm=", "Bearer realm=\"x", "Bearer =x",
                            "Bearer realm=\"a\x01\"", "Bearer realm=\"a\\", "\"Bearer\" realm=x", "Bearerrealm=x"}) {
    EXPECT_FALSE(choose_challenge({field})) << field;
  }
  EXPECT_FALSE(choose_challenge({"Bearer realm=\"" + std::string(max_challenge_bytes, 'x') + "\""}));
  EXPECT_FALSE(choose_challenge({"", "", "", "", "", "", "", "", "Basic"})) << "one field more than is looked at";
}

}  // namespace

}  // namespace wasm_grpc::registry
