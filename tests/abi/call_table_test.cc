// The table of the calls that an instance works on in event style.
#include "abi/call_table.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>

#include "abi/test_call.h"

namespace wasm_grpc::abi {
namespace {

TEST(CallTable, FindsWhatIsInItAndNothingElse) {
  TestCall call(rpc::MethodKind::unary);
  CallTable table;
  EXPECT_EQ(table.find(1), nullptr);
  table.insert({1, &call, nullptr});
  ASSERT_NE(table.find(1), nullptr);
  EXPECT_EQ(table.find(1)->call, &call);
  for (const std::int32_t other : {0, -1, 2, 17, 33, std::numeric_limits<std::int32_t>::min()}) {
    EXPECT_EQ(table.find(other), nullptr) << other;
  }
  table.erase(2);
  table.erase(1);
  EXPECT_EQ(table.find(1), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST(CallTable, KeepsWhatCollidesThroughAnyOrderOfChanges) {
  std::mt19937 random(4711);
  TestCall call(rpc::MethodKind::unary);
  CallTable table;
  std::map<std::int32_t, bool> expected;
  for (int step = 0; step < 20'000; ++step) {
    const auto id = static_cast<std::int32_t>(random() % 40) * 64 + static_cast<std::int32_t>(random() % 3) + 1;
    if (expected.erase(id) != 0) {
      table.erase(id);
    } else {
      expected[id] = true;
      table.insert({id, &call, nullptr});
    }
    ASSERT_EQ(table.size(), expected.size());
  }
  for (std::int32_t id = 1; id < 40 * 64 + 3; ++id) ASSERT_EQ(table.find(id) != nullptr, expected.contains(id)) << id;
}

}  // namespace
}  // namespace wasm_grpc::abi
