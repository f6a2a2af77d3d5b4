#include "facade/cors.h"

#include <gtest/gtest.h>

namespace wasm_grpc::facade {
namespace {

Cors cors(const std::vector<std::string>& origins) { return Cors::parse(origins).value(); }

TEST(Cors, IsOffWithoutOrigins) {
  EXPECT_FALSE(cors({}).is_on());
  EXPECT_FALSE(Cors().allows("https://a.test"));
}

TEST(Cors, AnOriginIsAllowedExactly) {
  const Cors allowed = cors({"https://app.example.com", "http://localhost:8080"});
  EXPECT_TRUE(allowed.allows("https://app.example.com"));
  EXPECT_TRUE(allowed.allows("http://localhost:8080"));
  for (const char* other :
       {"http://app.example.com", "https://app.example.com:8443", "https://app.example.com.evil.test",
        "https://example.com", "null", "", "http://localhost"}) {
    EXPECT_FALSE(allowed.allows(other)) << other;
  }
}

TEST(Cors, AWildcardStandsForOneLabel) {
  const Cors allowed = cors({"https://*.example.com"});
  EXPECT_TRUE(allowed.allows("https://a.example.com"));
  for (const char* other : {"https://example.com", "https://.example.com", "https://a.b.example.com",
                            "https://evil.test:1.example.com", "http://a.example.com", "https://a.example.com:1"}) {
    EXPECT_FALSE(allowed.allows(other)) << other;
  }
}

TEST(Cors, AllMeansAllAndIsSaidSo) {
  const Cors allowed = cors({"*"});
  EXPECT_TRUE(allowed.allows("null"));
  rpc::Metadata fields;
  allowed.add_fields("https://a.test", {}, fields);
  EXPECT_EQ(fields.get("access-control-allow-origin"), "*");
  EXPECT_FALSE(fields.get("vary"));
}

TEST(Cors, WhatIsNoOriginIsRefusedByName) {
  for (const char* wrong : {"app.example.com", "https://", "https://a.test/", "https://A.test", "https://a.*.test",
                            "https://a*.test", "*.test", "https://*", "https://*.*.test", "https://a b", ""}) {
    const std::vector<std::string> origins = {wrong};
    const auto parsed = Cors::parse(origins);
    ASSERT_FALSE(parsed.ok()) << wrong;
    EXPECT_NE(parsed.error().message.find(wrong), std::string::npos);
  }
}

TEST(Cors, HeadersThatAPageAsksForAreEchoedOnlyWhereTheyAreNames) {
  const auto asked = [](std::string_view headers) {
    rpc::Metadata question;
    question.add("access-control-request-headers", headers);
    rpc::Metadata fields;
    cors({"*"}).add_preflight_fields("https://a.test", question, fields);
    return fields.get("access-control-allow-headers").has_value();
  };
  EXPECT_TRUE(asked("content-type, x-grpc-web"));
  EXPECT_FALSE(asked("a<b"));
  EXPECT_FALSE(asked(std::string(5000, 'a')));
}

}  // namespace
}  // namespace wasm_grpc::facade
