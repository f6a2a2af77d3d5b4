#include "observe/log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace wasm_grpc::observe {
namespace {

TEST(LogTest, DropsLinesBelowItsLevel) {
  std::vector<std::string> lines;
  const Log log(LogLevel::warn, [&](LogLevel, std::string_view source, std::string_view text) {
    lines.push_back(std::string(source) + ": " + std::string(text));
  });
  for (const LogLevel level : {LogLevel::trace, LogLevel::debug, LogLevel::info}) log.host(level, "below");
  log.host(LogLevel::warn, "at it");
  log.write(LogLevel::error, "guest", "above");
  EXPECT_EQ(lines, (std::vector<std::string>{"host: at it", "guest: above"}));
}

TEST(LogTest, LivesOnWhenItsFunctionThrows) {
  int calls = 0;
  const Log log(LogLevel::trace, [&](LogLevel, std::string_view, std::string_view) {
    ++calls;
    throw std::runtime_error("the disk is full");
  });
  log.host(LogLevel::info, "one");
  log.host(LogLevel::info, "two");
  EXPECT_EQ(calls, 2);
}

TEST(LogTest, WritesWholeLinesOfManyThreadsToStandardError) {
  constexpr int threads = 4, each = 200;
  testing::internal::CaptureStderr();
  {
    const Log log(LogLevel::info, {});
    std::vector<std::jthread> writers;
    for (int i = 0; i < threads; ++i) {
      writers.emplace_back([&, i] {
        const std::string text(100, static_cast<char>('a' + i));
        for (int n = 0; n < each; ++n) log.write(LogLevel::info, "guest", text);
      });
    }
  }
  const std::string all = testing::internal::GetCapturedStderr();
  std::size_t whole = 0;
  for (int i = 0; i < threads; ++i) {
    const std::string line = " info guest: " + std::string(100, static_cast<char>('a' + i)) + "\n";
    for (std::size_t at = all.find(line); at != std::string::npos; at = all.find(line, at + 1)) ++whole;
  }
  EXPECT_EQ(whole, std::size_t{threads * each});
}

}  // namespace
}  // namespace wasm_grpc::observe
