// Policies that are refused, and what is said of them.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "access/policy.h"

namespace wasm_grpc::access {
namespace {

std::string why_not(std::string_view json) {
  const auto policy = Policy::parse(json);
  return policy.ok() ? "" : policy.error().message;
}

std::string with_rule(std::string_view rule) {
  return R"({"name": "p", "allow_rules": [{"name": "first"}, )" + std::string(rule) + "]}";
}

TEST(PolicyReader, ReadsTheExampleOfTheProposal) {
  const auto policy = Policy::parse(R"({
    "name": "example-policy",
    "allow_rules": [
      {"name": "admin-access",
       "source": {"principals": ["spiffe://foo.com/sa/admin1", "spiffe://foo.com/sa/admin2"]},
       "request": {"paths": ["/pkg.service/*"]}},
      {"name": "dev-access",
       "source": {"principals": ["*", ""]},
       "request": {"paths": ["/pkg.service/foo", "/pkg.service/bar"],
                   "headers": [{"key": "dev-path", "values": ["/dev/path/*"]}]}}],
    "deny_rules": [{"name": "deny-access", "request": {"paths": ["*/secret"]}}],
    "audit_logging_options": {"audit_condition": "ON_DENY", "audit_loggers": [{"name": "x", "is_optional": true}]}
  })");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ(policy.value()->name(), "example-policy");
  EXPECT_EQ(policy.value()->audit(), Audit::on_deny);
}

TEST(PolicyReader, SaysTheRuleAndTheKeyOfWhatIsWrong) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "the policy is not JSON: line 1, column 1"},
      {"[]", "policy: expected an object, found an array"},
      {"{}", "policy: name is missing"},
      {R"({"name": ""})", "policy.name: expected 1 to 200 bytes"},
      {R"({"name": 1})", "policy.name: expected a string, found a number"},
      {R"({"name": "p"})", "policy: allow_rules is missing"},
      {R"({"name": "p", "allow_rules": []})", "allow_rules: the list is empty"},
      {R"({"name": "p", "allow_rules": {}})", "allow_rules: expected an array, found an object"},
      {R"({"name": "p", "allow": []})", "policy: unknown key \"allow\"; expected name, deny_rules, allow_rules"},
      {R"({"name": "p", "allow_rules": [1]})", "allow_rules[0]: expected an object"},
      {R"({"name": "p", "allow_rules": [{}]})", "allow_rules[0]: name is missing"},
      {with_rule(R"({"name": "first"})"), "allow_rules[1]: there is a rule \"first\" already"},
      {with_rule(R"({"name": "b", "sources": {}})"), "allow_rules[1] (\"b\"): unknown key \"sources\""},
      {with_rule(R"({"name": "b", "source": {"principals": []}})"),
       "allow_rules[1] (\"b\").source.principals: the list is empty"},
      {with_rule(R"({"name": "b", "source": {"principals": ["a", 2]}})"),
       "allow_rules[1] (\"b\").source.principals[1]: expected a string"},
      {with_rule(R"({"name": "b", "source": {"principals": ["DNS:a.test"]}})"), "\"DNS:a.test\": expected one of dns:"},
      {with_rule(R"({"name": "b", "source": {"principals": ["common_name:a"]}})"), "expected one of dns:"},
      {with_rule(R"({"name": "b", "source": {"principals": ["cn:"]}})"), "\"cn:\": there is no name after the colon"},
      {with_rule(R"({"name": "b", "source": {"principals": ["cn:a*b"]}})"), "an asterisk may be at one end only"},
      {with_rule(R"({"name": "b", "request": {"path": ["/a"]}})"), "unknown key \"path\"; expected paths, headers"},
      {with_rule(R"({"name": "b", "request": {"paths": ["/a*b"]}})"), "request.paths[0]: \"/a*b\": an asterisk"},
      {with_rule(R"({"name": "b", "request": {"paths": ["*a*"]}})"), "an asterisk may be at one end only"},
      {with_rule(R"({"name": "b", "request": {"paths": ["pkg.Service/Method"]}})"),
       "request.paths[0]: \"pkg.Service/Method\": expected \"/package.Service/Method\""},
      {with_rule(R"({"name": "b", "request": {"headers": [{"key": "a"}]}})"),
       "request.headers[0]: expected both key and values"},
      {with_rule(R"({"name": "b", "request": {"headers": [{"key": "grpc-timeout", "values": ["*"]}]}})"),
       "request.headers[0].key: \"grpc-timeout\": expected the name of a header"},
      {with_rule(R"({"name": "b", "request": {"headers": [{"key": ":path", "values": ["*"]}]}})"), "headers[0].key"},
      {with_rule(R"({"name": "b", "request": {"headers": [{"key": "Host", "values": ["*"]}]}})"), "\"Host\": expected"},
      {with_rule(R"({"name": "b", "request": {"headers": [{"key": "connection", "values": ["*"]}]}})"), "expected"},
      {with_rule(R"({"name": "b", "request": {"headers": [{"key": "a-bin", "values": ["*"]}]}})"), "binary headers"},
      {with_rule(R"({"name": "b", "request": {"headers": [{"key": "a", "values": []}]}})"), "the list is empty"},
      {with_rule(R"({"name": "b", "source": {"claims": [{"key": [], "values": ["a"]}]}})"), "the list is empty"},
      {with_rule(R"({"name": "b", "source": {"claims": [{"key": 1, "values": ["a"]}]}})"),
       "expected the name of a claim"},
      {R"({"name": "p", "allow_rules": [{"name": "a"}], "audit_logging_options": {"audit_condition": "ALWAYS"}})",
       "audit_logging_options.audit_condition: expected NONE, ON_DENY, ON_ALLOW or ON_DENY_AND_ALLOW"},
      {R"({"name": "p", "allow_rules": [{"name": "a"}],
           "audit_logging_options": {"audit_loggers": [{"name": "stdout_logger"}]}})",
       "audit_logging_options.audit_loggers[0]: no logger \"stdout_logger\" here"},
  };
  for (const auto& [json, expected] : cases) {
    EXPECT_NE(why_not(json).find(expected), std::string::npos) << json << "\n" << why_not(json);
  }
}

TEST(PolicyReader, AnEmptySourceOrRequestIsNoCondition) {
  EXPECT_EQ(why_not(with_rule(R"({"name": "b", "source": {}, "request": {}})")), "");
}

TEST(PolicyReader, NoMoreThanItMayBe) {
  EXPECT_NE(why_not(std::string(max_policy_bytes + 1, ' ')).find("expected at most"), std::string::npos);
  std::string rules;
  for (std::size_t i = 0; i <= max_rules; ++i)
    rules += (i == 0 ? "" : ",") + std::string(R"({"name":"r)") + std::to_string(i) + "\"}";
  EXPECT_NE(why_not(R"({"name":"p","allow_rules":[)" + rules + "]}").find("expected at most 1000"), std::string::npos);
}

}  // namespace
}  // namespace wasm_grpc::access
