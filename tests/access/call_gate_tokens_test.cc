// Calls with tokens at the gate.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "access/call_gate.h"
#include "token_signer.h"

namespace wasm_grpc::access {
namespace {

struct NoLog final : AuditLog {
  void note(const AuditEvent&) noexcept override {}
};

class CallGateTokens : public testing::Test {
 protected:
  CallGateTokens() { use(); }
  void use() {
    auto keys = KeySet::parse(key_set_of({&signer_})).value();
    rules_.tokens = std::make_shared<TokenVerifier>(
        std::vector<TrustedIssuer>{{"https://a.test", {"us"}, std::move(keys)}}, std::chrono::seconds(0));
    gate_.use(std::make_shared<const Rules>(rules_));
  }
  void use_policy(std::string_view policy) {
    rules_.policy = Policy::parse(policy).value();
    gate_.use(std::make_shared<const Rules>(rules_));
  }
  [[nodiscard]] std::string token(std::string_view subject, int seconds_left = 100) const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto expires = std::chrono::duration_cast<std::chrono::seconds>(now).count() + seconds_left;
    return signer_.token(R"({"iss":"https://a.test","aud":"us","sub":")" + std::string(subject) + R"(","exp":)" +
                         std::to_string(expires) + "}");
  }
  /// Asks with such fields `authorization`.
  std::optional<rpc::Refusal> ask(const std::vector<std::string>& fields) {
    request_.reset();
    request_.client = &client_;
    request_.metadata.add("before", "1");
    for (const std::string& field : fields) request_.metadata.add("authorization", field);
    request_.metadata.add("after", "2");
    return gate_.refuse(request_, {"/g.G/Hello", true});
  }
  [[nodiscard]] std::string challenge(const std::vector<std::string>& fields) {
    const auto refusal = ask(fields);
    if (!refusal) return "let in";
    EXPECT_EQ(refusal->status.code, rpc::StatusCode::unauthenticated);
    return refusal->challenge;
  }

  NoLog log_;
  CallGate gate_{log_};
  const Signer signer_{Algorithm::eddsa, "k"};
  Rules rules_{.requires_token = true};
  const rpc::Client client_{1, "192.0.2.1:99"};
  rpc::Request request_;
};

TEST_F(CallGateTokens, ATokenIsWhoTheCallerIsAndGuestsDoNotGetIt) {
  EXPECT_FALSE(ask({"Bearer " + token("alice")}));
  ASSERT_NE(request_.token, nullptr);
  EXPECT_EQ(request_.token->subject, "alice");
  EXPECT_NE(request_.token->claims.find("\"sub\":\"alice\""), std::string::npos);
  EXPECT_FALSE(request_.metadata.get("authorization"));
  EXPECT_EQ(request_.metadata.size(), 2U);
  EXPECT_EQ(request_.metadata.get("before"), "1");
  EXPECT_EQ(request_.metadata.get("after"), "2");
}

TEST_F(CallGateTokens, ATokenMayBeForwarded) {
  rules_.forwards_token = true;
  use();
  const std::string shown = "bearer  " + token("alice");
  EXPECT_FALSE(ask({shown}));
  EXPECT_EQ(request_.metadata.get("authorization"), shown);
}

TEST_F(CallGateTokens, WithoutAGoodTokenTheCallerIsAskedForOne) {
  EXPECT_EQ(challenge({}), "Bearer");
  EXPECT_EQ(challenge({"Basic YTpi"}), "Bearer");
  EXPECT_EQ(challenge({"Bearer"}), "Bearer error=\"invalid_token\"");
  EXPECT_EQ(challenge({"Bearer x"}), "Bearer error=\"invalid_token\"");
  EXPECT_EQ(challenge({"Bearer " + token("alice") + ", Bearer " + token("bob")}), "Bearer error=\"invalid_token\"");
  EXPECT_EQ(challenge({"Bearer " + token("alice"), "Bearer " + token("alice")}), "Bearer error=\"invalid_token\"");
  EXPECT_EQ(challenge({"Basic YTpi", "Bearer " + token("alice")}), "Bearer error=\"invalid_token\"");
  EXPECT_NE(challenge({"Bearer " + token("alice", -10)}).find("the token has expired"), std::string::npos);
  EXPECT_EQ(request_.token, nullptr);
  EXPECT_EQ(gate_.counters().unauthenticated, 8U);
}

TEST_F(CallGateTokens, ATokenThatIsOptionalMustStillBeGood) {
  rules_.requires_token = false;
  use();
  EXPECT_EQ(challenge({}), "let in");
  EXPECT_EQ(request_.token, nullptr);
  EXPECT_EQ(challenge({"Bearer x"}), "Bearer error=\"invalid_token\"");
}

TEST_F(CallGateTokens, RulesLookAtWhatTokensSay) {
  rules_.requires_token = false;
  use_policy(R"({"name":"p","allow_rules":[{"name":"a","source":{"principals":["sub:alice"]}}]})");
  EXPECT_EQ(challenge({"Bearer " + token("alice")}), "let in");
  const auto denied = ask({"Bearer " + token("bob")});
  ASSERT_TRUE(denied);
  EXPECT_EQ(denied->status.code, rpc::StatusCode::permission_denied);
  EXPECT_EQ(challenge({}), "Bearer") << "who is nobody yet may be somebody";
}

TEST_F(CallGateTokens, ATokenThatIsKnownCostsNoSignatureCheck) {
  const std::string shown = "Bearer " + token("alice");
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(ask({shown}));
  EXPECT_EQ(gate_.counters().signatures_checked, 1U);
  use();  // as when the keys were read again
  EXPECT_FALSE(ask({shown}));
  EXPECT_EQ(gate_.counters().signatures_checked, 2U);
}

TEST_F(CallGateTokens, AHostThatShowsBadSignaturesOverAndOverWaits) {
  const Signer evil(Algorithm::eddsa, "k");
  int checked = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto refusal = ask({"Bearer " + evil.token(R"({"iss":"https://a.test","aud":"us","exp":9999999999})")});
    ASSERT_TRUE(refusal);
    if (refusal->status.code == rpc::StatusCode::unauthenticated)
      ++checked;
    else
      EXPECT_GT(refusal->retry_after->count(), 0);
  }
  EXPECT_GE(checked, 100);
  EXPECT_LT(checked, 1000);
  // Those that are known are let in all the same.
  EXPECT_EQ(gate_.counters().signatures_checked, static_cast<std::uint64_t>(checked));
}

TEST_F(CallGateTokens, RatesByIdentityAreOfTheTokenAndThoseByAddressComeBeforeIt) {
  rules_.rates = RateLimits::make({{.per = RateKey::identity, .calls_per_second = 1.0 / 3600, .burst = 2},
                                   {.per = RateKey::address, .calls_per_second = 1.0 / 3600, .burst = 5}})
                     .value();
  use();
  EXPECT_FALSE(ask({"Bearer " + token("alice")}));
  EXPECT_FALSE(ask({"Bearer " + token("alice")}));
  const auto over = ask({"Bearer " + token("alice")});
  ASSERT_TRUE(over);
  EXPECT_EQ(over->status.code, rpc::StatusCode::resource_exhausted);
  EXPECT_GT(over->retry_after, std::chrono::minutes(50));
  EXPECT_FALSE(ask({"Bearer " + token("bob")}));
  EXPECT_EQ(challenge({"Bearer x"}), "Bearer error=\"invalid_token\"");
  const auto before = gate_.counters().signatures_checked.get();
  EXPECT_EQ(ask({"Bearer " + token("carol")})->status.code, rpc::StatusCode::resource_exhausted);
  EXPECT_EQ(gate_.counters().signatures_checked, before);
  EXPECT_EQ(gate_.counters().over_rate, 2U);
}

}  // namespace
}  // namespace wasm_grpc::access
