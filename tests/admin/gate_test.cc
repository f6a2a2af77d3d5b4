#include "admin/gate.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace wasm_grpc::admin {
namespace {

using Verdict = Gate::Verdict;

TEST(GateTest, WithoutATokenItIsWhoeverAsksForThisMachine) {
  auto opened = Gate::open({});
  ASSERT_TRUE(opened.ok());
  const Gate& gate = opened.value();
  EXPECT_FALSE(gate.guards());
  for (const char* name : {"localhost", "localhost:9901", "127.0.0.1", "127.0.0.1:9901", "127.1.2.3:1", "[::1]:9901"}) {
    EXPECT_EQ(gate.judge(false, name, ""), Verdict::may) << name;
  }
  for (const char* name : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                           "127.evil.example:80", "10.0.0.1", "[::2]:9901", "[::1", "127"}) {
    EXPECT_EQ(gate.judge(false, name, ""), Verdict::wrong_name) << name;
  }
  EXPECT_EQ(gate.judge(true, "anything", ""), Verdict::may) << "the file's mode says who may connect";
}

TEST(GateTest, WhoMayDoWithoutATokenMayAskUnderAnyName) {
  AdminOptions options;
  options.without_token = true;
  auto opened = Gate::open(options);
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(opened.value().guards());
  EXPECT_EQ(opened.value().judge(false, "server.example", ""), Verdict::may);
}

TEST(GateTest, WithATokenItIsWhoeverHasIt) {
  const std::string file = testing::TempDir() + "/gate_test_token";
  std::ofstream(file) << "a-token-of-some-length\r\n";
  AdminOptions options;
  options.token_file = file;
  auto opened = Gate::open(options);
  ASSERT_TRUE(opened.ok());
  const Gate& gate = opened.value();
  EXPECT_TRUE(gate.guards());
  const auto judge = [&](const std::string& authorization) { return gate.judge(true, "localhost", authorization); };
  EXPECT_EQ(judge("Bearer a-token-of-some-length"), Verdict::may);
  EXPECT_EQ(judge("Basic dTphLXRva2VuLW9mLXNvbWUtbGVuZ3Ro"), Verdict::may);
  for (const char* bad : {"", "Bearer", "Bearer ", "bearer a-token-of-some-length", "Bearer a-token-of-some-lengt",
                          "Bearer a-token-of-some-lengthy", "a-token-of-some-length", "Basic ", "Basic !!!!",
                          "Basic YS10b2tlbi1vZi1zb21lLWxlbmd0aA"}) {
    EXPECT_EQ(judge(bad), Verdict::no_token) << bad;
  }
}

}  // namespace
}  // namespace wasm_grpc::admin
