// What policies decide.
#include "access/policy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wasm_grpc::access {
namespace {

/// A caller, put together for a test.
struct Caller {
  TlsNames names;
  bool is_encrypted = true;
  const Claims* claims = nullptr;
  rpc::Metadata headers;
};

class PolicyOf {
 public:
  explicit PolicyOf(std::string_view json) {
    auto parsed = Policy::parse(json);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    if (parsed.ok()) policy_ = parsed.value();
  }
  [[nodiscard]] Decision decide(std::string_view path, const Caller& caller = {}) const {
    return policy_->rules_for(path).decide({caller.names, caller.is_encrypted, caller.claims}, caller.headers);
  }
  [[nodiscard]] bool allows(std::string_view path, const Caller& caller = {}) const {
    return decide(path, caller).is_allowed;
  }

 private:
  std::shared_ptr<const Policy> policy_;
};

PolicyOf for_principals(std::string_view list) {
  return PolicyOf(R"({"name":"p","allow_rules":[{"name":"r","source":{"principals":)" + std::string(list) + "}}]}");
}

Caller named(TlsNameKind kind, std::string value) { return {.names = {{kind, std::move(value)}}, .headers = {}}; }

TEST(Policy, WhatNoRuleAllowsIsDenied) {
  const PolicyOf policy(R"({"name":"p","allow_rules":[{"name":"r","request":{"paths":["/a.A/One"]}}]})");
  EXPECT_TRUE(policy.allows("/a.A/One"));
  EXPECT_FALSE(policy.allows("/a.A/Two"));
  EXPECT_EQ(policy.decide("/a.A/One").rule->name, "r");
  EXPECT_EQ(policy.decide("/a.A/Two").rule, nullptr);
}

TEST(Policy, DenyRulesComeFirst) {
  const PolicyOf policy(
      R"({"name":"p","deny_rules":[{"name":"no","request":{"paths":["*/Secret"]}}],"allow_rules":[{"name":"all"}]})");
  EXPECT_TRUE(policy.allows("/a.A/Open"));
  EXPECT_FALSE(policy.allows("/a.A/Secret"));
  EXPECT_EQ(policy.decide("/a.A/Secret").rule->name, "no");
}

TEST(Policy, PathsMatchExactlyOrAtOneEnd) {
  const PolicyOf policy(
      R"({"name":"p","allow_rules":[{"name":"r","request":{"paths":["/a.A/One","/b.B/*","*/Ping"]}}]})");
  for (const char* path : {"/a.A/One", "/b.B/", "/b.B/Any", "/c.C/Ping"}) EXPECT_TRUE(policy.allows(path)) << path;
  for (const char* path : {"/a.A/One2", "/a.A/on", "/a.A/one", "/b.BB/Any", "/c.C/Pong", ""}) {
    EXPECT_FALSE(policy.allows(path)) << path;
  }
}

TEST(Policy, ATypedPrincipalIsANameOfThatKindOnly) {
  const PolicyOf policy = for_principals(R"(["dns:a.test","cn:admin","ip:192.0.2.7","email:a@b.test","uri:x://y"])");
  EXPECT_TRUE(policy.allows("/", named(TlsNameKind::dns, "a.test")));
  EXPECT_TRUE(policy.allows("/", named(TlsNameKind::dns, "A.Test")));
  EXPECT_TRUE(policy.allows("/", named(TlsNameKind::common_name, "admin")));
  EXPECT_TRUE(policy.allows("/", named(TlsNameKind::ip, "192.0.2.7")));
  EXPECT_TRUE(policy.allows("/", named(TlsNameKind::email, "a@b.test")));
  EXPECT_TRUE(policy.allows("/", named(TlsNameKind::uri, "x://y")));
  EXPECT_FALSE(policy.allows("/", named(TlsNameKind::common_name, "a.test")));
  EXPECT_FALSE(policy.allows("/", named(TlsNameKind::dns, "admin")));
  EXPECT_FALSE(policy.allows("/", named(TlsNameKind::common_name, "Admin")));
  EXPECT_FALSE(policy.allows("/"));
}

TEST(Policy, APrincipalWithoutAKindIsAUriOrADnsName) {
  const PolicyOf policy = for_principals(R"(["spiffe://foo.test/sa/*","*.b.test"])");
  EXPECT_TRUE(policy.allows("/", named(TlsNameKind::uri, "spiffe://foo.test/sa/1")));
  EXPECT_TRUE(policy.allows("/", named(TlsNameKind::dns, "a.B.test")));
  EXPECT_FALSE(policy.allows("/", named(TlsNameKind::common_name, "a.b.test")));
  EXPECT_FALSE(policy.allows("/", named(TlsNameKind::common_name, "spiffe://foo.test/sa/1")));
}

TEST(Policy, AnyOfSeveralNamesWillDo) {
  const PolicyOf policy = for_principals(R"(["uri:x://y"])");
  EXPECT_TRUE(policy.allows("/", {.names = {{TlsNameKind::dns, "a"}, {TlsNameKind::uri, "x://y"}}, .headers = {}}));
}

TEST(Policy, AnAsteriskIsWhoeverHasACertificateAndNothingIsWhoHasNone) {
  const PolicyOf any = for_principals(R"(["*"])");
  EXPECT_TRUE(any.allows("/", named(TlsNameKind::common_name, "x")));
  EXPECT_FALSE(any.allows("/"));
  const PolicyOf none = for_principals(R"([""])");
  EXPECT_FALSE(none.allows("/", named(TlsNameKind::common_name, "x")));
  EXPECT_TRUE(none.allows("/"));
  Caller in_cleartext;
  in_cleartext.is_encrypted = false;
  EXPECT_FALSE(none.allows("/", in_cleartext));
}

TEST(Policy, AllHeadersMustMatchAndOneOfTheValuesOfEach) {
  const PolicyOf policy(R"({"name":"p","allow_rules":[{"name":"r","request":{"headers":[
      {"key":"X-Stage","values":["dev","test*"]},{"key":"x-key","values":["*"]}]}}]})");
  const auto with = [](std::vector<std::pair<std::string, std::string>> headers) {
    Caller caller;
    for (const auto& [key, value] : headers) caller.headers.add(key, value);
    return caller;
  };
  EXPECT_TRUE(policy.allows("/", with({{"x-stage", "dev"}, {"x-key", "k"}})));
  EXPECT_TRUE(policy.allows("/", with({{"x-stage", "test-2"}, {"x-key", "k"}})));
  EXPECT_FALSE(policy.allows("/", with({{"x-stage", "dev"}})));
  EXPECT_FALSE(policy.allows("/", with({{"x-stage", "prod"}, {"x-key", "k"}})));
  EXPECT_FALSE(policy.allows("/", with({{"x-stage", "dev"}, {"x-key", ""}})));
  // Several fields of one name are one with commas between: a second one does not get by.
  EXPECT_FALSE(policy.allows("/", with({{"x-stage", "dev"}, {"x-stage", "prod"}, {"x-key", "k"}})));
  EXPECT_TRUE(policy.allows("/", with({{"x-stage", "test"}, {"x-stage", "dev"}, {"x-key", "k"}})));
}

TEST(Policy, ClaimsMatchWithinListsWordsOfAScopeAndObjects) {
  Claims claims;
  claims.subject = "alice";
  claims.all = read_value(R"({"sub":"alice","roles":["a","admin"],"scope":"read write","level":3,"ok":true,
                              "realm":{"roles":["dev"]},"realm.roles":"flat","note":"read write"})")
                   .value();
  const auto allows = [&](std::string_view source, const Claims* of) {
    const PolicyOf policy(R"({"name":"p","allow_rules":[{"name":"r","source":)" + std::string(source) + "}]}");
    Caller caller;
    caller.claims = of;
    return policy.allows("/", caller);
  };
  for (const char* source :
       {R"({"principals":["sub:alice"]})", R"({"principals":["sub:*"]})",
        R"({"claims":[{"key":"roles","values":["admin"]}]})", R"({"claims":[{"key":"scope","values":["write"]}]})",
        R"({"claims":[{"key":"level","values":["3"]}]})", R"({"claims":[{"key":"ok","values":["true"]}]})",
        R"({"claims":[{"key":["realm","roles"],"values":["d*"]}]})",
        R"({"claims":[{"key":"realm.roles","values":["flat"]}]})"}) {
    EXPECT_TRUE(allows(source, &claims)) << source;
    EXPECT_FALSE(allows(source, nullptr)) << source;
  }
  for (const char* source :
       {R"({"principals":["sub:bob"]})", R"({"principals":["cn:alice","alice","*"]})",
        R"({"claims":[{"key":"roles","values":["a,admin"]}]})", R"({"claims":[{"key":"realm","values":["*"]}]})",
        R"({"claims":[{"key":"note","values":["write"]}]})", R"({"claims":[{"key":"none","values":["*"]}]})",
        R"({"claims":[{"key":"roles","values":["admin"]},{"key":"level","values":["4"]}]})"}) {
    EXPECT_FALSE(allows(source, &claims)) << source;
  }
}

TEST(Policy, ManyPrincipalsAreFoundAsOneIs) {
  std::string list = "[\"cn:x\"";
  for (int i = 0; i < 5000; ++i) list += ",\"uri:spiffe://a.test/" + std::to_string(i) + "\"";
  const PolicyOf policy = for_principals(list + "]");
  EXPECT_TRUE(policy.allows("/", named(TlsNameKind::uri, "spiffe://a.test/4999")));
  EXPECT_FALSE(policy.allows("/", named(TlsNameKind::uri, "spiffe://a.test/5000")));
}

}  // namespace
}  // namespace wasm_grpc::access
