#include "store/trouble.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wasm_grpc::store {
namespace {

TEST(Trouble, IsSaidOnceAndItsEndToo) {
  std::vector<std::string> lines;
  Trouble trouble("the store x", [&](LogLevel, const std::string& text) { lines.push_back(text); });
  trouble.over();
  EXPECT_TRUE(lines.empty()) << "there was none";
  for (int i = 0; i < 3; ++i) trouble.at("disk I/O error");
  trouble.at("database or disk is full");
  trouble.over();
  trouble.over();
  EXPECT_EQ(lines, (std::vector<std::string>{"the store x: disk I/O error; guests are answered UNAVAILABLE",
                                             "the store x: database or disk is full; guests are answered UNAVAILABLE",
                                             "the store x works again"}));
}

TEST(Trouble, SaysThatOperationsAreSlowOnceInAWhile) {
  std::vector<std::string> lines;
  Trouble trouble("the store x", [&](LogLevel, const std::string& text) { lines.push_back(text); });
  trouble.took(std::chrono::milliseconds(999), "m", "set");
  EXPECT_TRUE(lines.empty());
  for (int i = 0; i < 3; ++i) trouble.took(std::chrono::milliseconds(1500), "m", "set");
  EXPECT_EQ(lines, std::vector<std::string>{"the store x is slow: a set of m took 1500 ms"});
}

}  // namespace
}  // namespace wasm_grpc::store
