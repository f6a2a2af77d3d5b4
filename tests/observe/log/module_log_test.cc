#include "observe/log/module_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "abi/test_call.h"

namespace wasm_grpc::observe {
namespace {

using std::chrono::seconds;

struct ModuleLogTest : testing::Test {
  std::vector<std::string> lines;
  Log log{LogLevel::info, [this](LogLevel, std::string_view source, std::string_view text) {
            lines.push_back(std::string(source) + ": " + std::string(text));
          }};

  /// How many of so many lines are written.
  std::size_t written(const LogLimits& limits, int count, const std::string& text = "line") {
    EXPECT_TRUE(log.flush(seconds(20)));
    lines.clear();
    {
      ModuleLog module(log, "guest", limits);
      for (int i = 0; i < count; ++i) {
        module.log("guest", abi::LogLevel::info, text, nullptr);
        if (i % 1000 == 999) {
          EXPECT_TRUE(log.flush(seconds(20)));  // nothing is dropped for want of room
        }
      }
      over_limit = module.over_limit();
    }
    EXPECT_TRUE(log.flush(seconds(20)));
    EXPECT_EQ(log.dropped(), 0u);
    return static_cast<std::size_t>(std::ranges::count(lines, "guest: " + text));
  }
  std::uint64_t over_limit = 0;
};

TEST_F(ModuleLogTest, LinesHaveTheLevelTheGuestChoseOrThatOfTheirStream) {
  std::vector<LogLevel> levels;
  const Log own(LogLevel::debug, [&](LogLevel level, std::string_view, std::string_view) { levels.push_back(level); });
  ModuleLog module(own, "guest", {});
  module.log("guest", abi::LogLevel::trace, "below", nullptr);
  module.log("guest", abi::LogLevel::error, "chosen", nullptr);
  module.line("guest", false, "out");
  module.line("guest", true, "err");
  EXPECT_TRUE(own.flush(seconds(20)));
  EXPECT_EQ(levels, (std::vector{LogLevel::error, LogLevel::info, LogLevel::warn}));
}

TEST_F(ModuleLogTest, MoreLinesThanItsLimitAreDroppedAndCountedAndTheLogSaysHowMany) {
  EXPECT_EQ(written({.burst = 3, .lines_per_second = 1}, 3), 3u);
  EXPECT_EQ(over_limit, 0u);
  EXPECT_EQ(lines.size(), 3u);
  const std::size_t some = written({.burst = 3, .lines_per_second = 1}, 10);
  EXPECT_GE(some, 3u);  // more when it takes seconds
  EXPECT_EQ(some + over_limit, 10u);
  // The first at once, the others when the module goes away: five seconds are not over.
  EXPECT_NE(std::ranges::find(lines, "guest: 1 line was dropped: its guests may log 1 lines a second"), lines.end());
  EXPECT_TRUE(lines.back().ends_with(" lines were dropped: its guests may log 1 lines a second")) << lines.back();
}

TEST_F(ModuleLogTest, TheLimitMayBeAnythingFromNoneToNoLimit) {
  constexpr std::uint32_t largest = std::numeric_limits<std::uint32_t>::max();
  EXPECT_EQ(written({.burst = 0, .lines_per_second = 0}, 100), 0u);
  EXPECT_EQ(written({.burst = 0, .lines_per_second = largest}, 100), 0u);
  EXPECT_EQ(lines.back(), "guest: 99 lines were dropped: its guests may not log");
  EXPECT_EQ(written({.burst = 1, .lines_per_second = 0}, 20'000), 20'000u);
  EXPECT_GE(written({.burst = 1, .lines_per_second = 1}, 100), 1u);
  EXPECT_EQ(written({.burst = largest, .lines_per_second = 1}, 20'000), 20'000u);
  EXPECT_EQ(written({.burst = largest, .lines_per_second = largest}, 20'000), 20'000u);
  EXPECT_EQ(over_limit, 0u);
  const std::size_t by_default = written({}, 20'000);
  EXPECT_GE(by_default, 10'000u);
  EXPECT_EQ(by_default + over_limit, 20'000u);
}

TEST_F(ModuleLogTest, ALongLineCountsOnceForEachKiB) {
  const std::string two_and_a_bit(2049, 'x');
  const std::size_t some = written({.burst = 9, .lines_per_second = 1}, 10, two_and_a_bit);
  EXPECT_GE(some, 3u);
  EXPECT_LT(some, 10u);  // or a line takes three seconds
  // One that costs more than there ever is takes what there is.
  EXPECT_GE(written({.burst = 1, .lines_per_second = 1}, 10, two_and_a_bit), 1u);
}

TEST_F(ModuleLogTest, ALineIsLetThroughAgainAfterAWhile) {
  ModuleLog module(log, "guest", {.burst = 1, .lines_per_second = 100});
  while (module.over_limit() == 0) module.line("guest", false, "flood");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const std::uint64_t over = module.over_limit();
  module.line("guest", false, "later");
  EXPECT_EQ(module.over_limit(), over);
}

TEST_F(ModuleLogTest, AllThreadsTogetherHaveOneLimit) {
  constexpr int threads = 4, each = 1000;
  ModuleLog module(log, "guest", {.burst = 100, .lines_per_second = 1});
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        for (int n = 0; n < each; ++n) module.line("guest", true, "line");
      });
    }
  }
  EXPECT_TRUE(log.flush(seconds(20)));
  const auto some = static_cast<std::uint64_t>(std::ranges::count(lines, "guest: line"));
  EXPECT_GE(some, 100u);
  EXPECT_LT(some, 200u);  // or it took 100 seconds
  EXPECT_EQ(some + module.over_limit(), std::uint64_t{threads * each});
}

TEST_F(ModuleLogTest, ALineAboutACallSaysWhichAndWhatTheGuestSaysBesides) {
  abi::TestCall call(rpc::MethodKind::unary);
  const abi::LogField fields[] = {
      {"item", "tea"},   {"empty", ""},           {"spaces", "green tea"},        {"marks", "\"a\\b\""},
      {"equals", "a=b"}, {"control", "a\nb\xff"}, {"umlaut", "Tee f\u00fcr zwei"}};
  {
    ModuleLog module(log, "guest", {});
    module.log_call("guest", abi::LogLevel::debug, "below", call, {});
    module.log_call("guest", abi::LogLevel::info, "sold", call, {});
    module.log_call("guest", abi::LogLevel::info, "sold", call, fields);
  }
  EXPECT_TRUE(log.flush(seconds(20)));
  const std::string line = "guest: sold method=/test.Service/Method peer=127.0.0.1:4711";
  EXPECT_EQ(lines, (std::vector<std::string>{
                       line, line + " item=tea empty=\"\" spaces=\"green tea\" marks=\"\\\"a\\\\b\\\"\" equals=\"a=b\" "
                                    "control=\"a\\x0ab\\xff\" umlaut=\"Tee f\u00fcr zwei\""}));
}

TEST_F(ModuleLogTest, LinesAboutCallsCountAsOthersDo) {
  abi::TestCall call(rpc::MethodKind::unary);
  {
    ModuleLog module(log, "guest", {.burst = 1, .lines_per_second = 1});
    for (int i = 0; i < 2; ++i) module.log_call("guest", abi::LogLevel::info, "line", call, {});
    EXPECT_EQ(module.over_limit(), 1u);
  }
}

}  // namespace
}  // namespace wasm_grpc::observe
