#include "store/memory/counter_table.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace wasm_grpc::store {
namespace {

TEST(CounterTable, GivesEachNameANumberThatStays) {
  CounterTable table(1000);
  EXPECT_EQ(table.number_of("one"), 0u);
  EXPECT_EQ(table.number_of("two"), 1u);
  EXPECT_EQ(table.number_of("one"), 0u);
  for (int i = 2; i < 1000; ++i) EXPECT_EQ(table.number_of(std::to_string(i)), static_cast<std::uint32_t>(i));
  EXPECT_EQ(table.number_of("two"), 1u);
}

TEST(CounterTable, HasNoMoreCountersThanItMay) {
  CounterTable table(2);
  EXPECT_TRUE(table.number_of("one"));
  EXPECT_TRUE(table.number_of("two"));
  EXPECT_FALSE(table.number_of("three"));
  EXPECT_EQ(table.number_of("two"), 1u);
  CounterTable none(0);
  EXPECT_FALSE(none.number_of("one"));
  EXPECT_EQ(none.find(0), nullptr);
}

TEST(CounterTable, KnowsOnlyTheNumbersItGave) {
  CounterTable table(1000);
  EXPECT_EQ(table.find(0), nullptr);
  ASSERT_EQ(table.number_of("one"), 0u);
  ASSERT_NE(table.find(0), nullptr);
  EXPECT_EQ(table.find(0)->load(), 0u);
  EXPECT_EQ(table.find(1), nullptr);
  EXPECT_EQ(table.find(0xffff'ffff), nullptr);
}

TEST(CounterTable, IsUsedByManyThreadsAtOnce) {
  constexpr int threads = 4;
  constexpr std::uint32_t names = 600;
  CounterTable table(names);
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&] {
        for (std::uint32_t i = 0; i < names; ++i) {
          const auto number = table.number_of(std::to_string(i));
          ASSERT_TRUE(number);
          table.find(*number)->fetch_add(1);
          if (i > 0) table.find(i - 1)->fetch_add(1);
        }
      });
    }
  }
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < names; ++i) sum += table.find(i)->load();
  EXPECT_EQ(sum, threads * (2 * names - 1));
}

}  // namespace
}  // namespace wasm_grpc::store
