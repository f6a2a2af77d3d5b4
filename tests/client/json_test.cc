// JSON values out of a text.

#include "client/json.h"

#include <gtest/gtest.h>

#include <vector>

namespace wasm_grpc::client {
namespace {

using Values = std::vector<std::string>;

/// The values of a text that comes in portions of this size.
Values split(std::string_view text, std::size_t portion) {
  JsonSplitter splitter;
  Values values;
  const auto take = [&] {
    while (const auto value = splitter.next()) values.push_back(*value);
  };
  for (std::size_t at = 0; at < text.size(); at += portion) {
    splitter.add(text.substr(at, portion));
    take();
  }
  splitter.end();
  take();
  return values;
}

TEST(JsonSplitter, GivesEachValueHoweverItComes) {
  for (const std::size_t portion : {1U, 2U, 7U, 1000U}) {
    EXPECT_EQ(split(R"( {"a":{"b":[1,2]}}{}  [{"c":1}]
                      {"d":"}{\"]\\"} )",
                    portion),
              (Values{R"({"a":{"b":[1,2]}})", "{}", R"([{"c":1}])", R"({"d":"}{\"]\\"})"}))
        << portion;
    EXPECT_EQ(split("1 true \"a b\" null", portion), (Values{"1", "true", "\"a b\"", "null"})) << portion;
    EXPECT_EQ(split("  \n", portion), Values()) << portion;
  }
}

TEST(JsonSplitter, GivesAValueAsSoonAsItIsThere) {
  JsonSplitter splitter;
  splitter.add(R"({"a": )");
  EXPECT_EQ(splitter.next(), std::nullopt);
  splitter.add("1}{");
  EXPECT_EQ(splitter.next(), R"({"a": 1})");
  EXPECT_EQ(splitter.next(), std::nullopt);
}

TEST(JsonSplitter, LeavesItToTheReaderToSayWhatIsWrong) {
  EXPECT_EQ(split(R"({} {"a": )", 3), (Values{"{}", R"({"a": )"}));
  EXPECT_EQ(split("}{}", 3), (Values{"}", "{}"}));
}

}  // namespace
}  // namespace wasm_grpc::client
