#include "access/call_gate.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace wasm_grpc::access {
namespace {

struct Lines final : AuditLog {
  void note(const AuditEvent& event) noexcept override {
    lines.push_back(std::string(event.is_allowed ? "allowed " : "denied ") + std::string(event.path) + " " +
                    std::string(event.principal) + " " + std::string(event.policy) + "/" + std::string(event.rule));
  }
  std::vector<std::string> lines;
};

class CallGateTest : public testing::Test {
 protected:
  void use(std::string_view policy) {
    auto parsed = Policy::parse(policy);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    gate_.use(std::make_shared<const Rules>(Rules{.policy = parsed.value()}));
  }
  [[nodiscard]] std::optional<rpc::Refusal> ask(std::string_view path, bool is_method = true) {
    rpc::Request request;
    request.client = &client_;
    return gate_.refuse(request, {path, is_method});
  }

  Lines log_;
  CallGate gate_{log_};
  rpc::Client client_{1, "192.0.2.1:99"};
};

constexpr const char* greeter_only = R"({"name":"p","allow_rules":[{"name":"g","request":{"paths":["/g.G/*"]}},
    {"name":"public","request":{"paths":["/public/*"]}}],
    "audit_logging_options":{"audit_condition":"ON_DENY_AND_ALLOW"}})";

TEST_F(CallGateTest, RefusesWithoutAWordOfTheRules) {
  use(greeter_only);
  EXPECT_FALSE(ask("/g.G/Hello"));
  const auto refusal = ask("/a.A/One");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status.code, rpc::StatusCode::permission_denied);
  EXPECT_EQ(refusal->status.message, "this call is not permitted");
  EXPECT_EQ(gate_.counters().denied, 1U);
}

TEST_F(CallGateTest, APathOfHttpThatCouldBeReadInTwoWaysIsNoneThatIsAllowed) {
  use(greeter_only);
  EXPECT_FALSE(ask("/public/a", false));
  EXPECT_TRUE(ask("/public/../admin", false));
  EXPECT_TRUE(ask("/public/%2e%2e/admin", false));
  EXPECT_TRUE(ask("/public//admin", false));
}

TEST_F(CallGateTest, NewRulesHoldFromTheNextCallOn) {
  use(greeter_only);
  EXPECT_FALSE(ask("/g.G/Hello"));
  use(R"({"name":"q","allow_rules":[{"name":"a","request":{"paths":["/a.A/*"]}}]})");
  EXPECT_TRUE(ask("/g.G/Hello"));
  EXPECT_FALSE(ask("/a.A/One"));
}

TEST_F(CallGateTest, AuditsWhatThePolicyWants) {
  client_.tls_names = {{TlsNameKind::dns, "a.test"}, {TlsNameKind::uri, "x://y"}};
  use(greeter_only);
  (void)ask("/g.G/Hello");
  (void)ask("/a.A/One");
  EXPECT_EQ(log_.lines, (std::vector<std::string>{"allowed /g.G/Hello uri:x://y p/g", "denied /a.A/One uri:x://y p/"}));
  const auto lines_with = [&](const std::string& condition) {
    log_.lines.clear();
    use(R"({"name":"p","allow_rules":[{"name":"g","request":{"paths":["/g.G/*"]}}],
            "audit_logging_options":{"audit_condition":")" +
        condition + "\"}}");
    (void)ask("/g.G/Hello");
    (void)ask("/a.A/One");
    return log_.lines.size() == 1 ? log_.lines.front().substr(0, 6) : std::to_string(log_.lines.size());
  };
  EXPECT_EQ(lines_with("NONE"), "0");
  EXPECT_EQ(lines_with("ON_DENY"), "denied");
  EXPECT_EQ(lines_with("ON_ALLOW"), "allowe");
}

TEST_F(CallGateTest, AProxyThatIsBelievedIsNotItsClient) {
  client_.tls_names = {{TlsNameKind::common_name, "proxy"}};
  use(R"({"name":"p","allow_rules":[{"name":"g","source":{"principals":["cn:proxy","cn:alice"]}}]})");
  rpc::Request request;
  request.client = &client_;
  EXPECT_FALSE(gate_.refuse(request, {"/g.G/Hello", true}));
  request.has_forwarded_tls_names = true;
  EXPECT_TRUE(gate_.refuse(request, {"/g.G/Hello", true}));
  request.forwarded_tls_names = {{TlsNameKind::common_name, "alice"}};
  EXPECT_FALSE(gate_.refuse(request, {"/g.G/Hello", true}));
}

}  // namespace
}  // namespace wasm_grpc::access
