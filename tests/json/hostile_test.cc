// Texts and messages made to hurt: they are refused, or taken in time and memory in proportion to what they are.
#include <chrono>
#include <functional>

#include "json_case.h"
#include "values_of_json.pb.h"

namespace wasm_grpc::json::test {
namespace {

using values_of_json::Greeting;
using values_of_json::Mixed;

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  while (times-- > 0) all += text;
  return all;
}

/// CPU time of this thread.
double seconds_of(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double before = now();
  work();
  return now() - before;
}

TEST(HostileJson, MayNotNestTooDeeply) {
  const ReadOptions lenient{.ignore_unknown_fields = true};
  for (const std::size_t depth : {101U, 10'000U, 1'000'000U}) {
    EXPECT_NE(
        read_text<Mixed>(repeated(R"({"inner":)", depth) + "{}" + std::string(depth, '}')).find("nested too deeply"),
        std::string::npos);
    EXPECT_NE(read_text<Mixed>(R"({"value":)" + std::string(depth, '[')).find("nested too deeply"), std::string::npos);
    EXPECT_NE(read_text<Mixed>(R"({"object":)" + repeated(R"({"a":)", depth)).find("nested too deeply"),
              std::string::npos);
    EXPECT_NE(read_text<Mixed>(R"({"any":)" + repeated(R"({"@type":"x/values_of_json.Mixed","any":)", depth))
                  .find("nested too"),
              std::string::npos);
    EXPECT_NE(read_text<Mixed>(R"({"any":)" + repeated(R"({"any":)", 10 * depth)).find("nested too"),
              std::string::npos);
    EXPECT_NE(read_text<Mixed>(R"({"x":)" + std::string(10 * depth, '['), lenient).find("nested too deeply"),
              std::string::npos);
    EXPECT_NE(read_text<Mixed>(repeated(R"({"many":[)", depth)).find("nested too deeply"), std::string::npos);
    EXPECT_NE(read_text<Mixed>(repeated(R"({"mixedMap":{"1":)", depth)).find("nested too deeply"), std::string::npos);
  }
  EXPECT_FALSE(read_bytes<Mixed>(repeated(R"({"inner":)", 99) + "{}" + std::string(99, '}')).starts_with("error: "));
  EXPECT_FALSE(read_bytes<Mixed>(repeated(R"({"many":[)", 99) + "{}" + repeated("]}", 99)).starts_with("error: "));
  EXPECT_FALSE(
      read_bytes<Mixed>(R"({"value":)" + std::string(99, '[') + std::string(99, ']') + "}").starts_with("error: "));
}

TEST(HostileMessages, MayNotNestTooDeeply) {
  std::string inner;
  for (int depth = 0; depth < 5000; ++depth) {
    std::string outer = "\x1A";
    for (std::size_t size = inner.size(); true; size >>= 7) {
      outer += static_cast<char>(size > 0x7F ? size | 0x80 : size);
      if (size <= 0x7F) break;
    }
    inner = outer + inner;
    const bool is_written = !write_text<Mixed>(inner).starts_with("error: ");
    ASSERT_EQ(is_written, depth < 99) << depth;
  }
  EXPECT_TRUE(write_text<Greeting>(std::string(5000, '\x13') + std::string(5000, '\x14')).starts_with("error: "));
}

TEST(HostileJson, IsRefusedWhenTheMessageGetsTooLarge) {
  const ReadOptions small{.max_size = 1000};
  EXPECT_EQ(read_text<Mixed>(R"({"values":[)" + repeated("0,", 100'000) + "0]}", small),
            "error: field values: the message is larger than 1000 bytes (line 1, column 179)");
  EXPECT_TRUE(read_text<Mixed>(R"({"text":")" + std::string(1000, 'x') + "\"}", small).starts_with("error: "));
  EXPECT_FALSE(read_text<Mixed>(R"({"text":")" + std::string(990, 'x') + "\"}", small).starts_with("error: "));
}

TEST(HostileMessages, AreRefusedWhenTheJsonGetsTooLarge) {
  const WriteOptions small{.max_size = 1000};
  EXPECT_EQ(write_text<Greeting>("\x0A\x7F" + std::string(127, '\x01'), {.max_size = 700}),
            "error: field name: the JSON is larger than 700 bytes");
  EXPECT_FALSE(write_text<Greeting>("\x0A\x7F" + std::string(127, '\x01'), small).starts_with("error: "));
  EXPECT_TRUE(write_text<Mixed>(repeated(std::string("\xF2\x01\x00", 3), 100'000)).starts_with("{"));
  EXPECT_TRUE(write_text<Mixed>(repeated(std::string("\x2A\x00", 2), 10'000), small)
                  .starts_with("error: field many: the JSON"));
}

/// Each text, and one four times as long: which may take more than four times as long, but by far not sixteen times.
TEST(HostileJson, TakesTimeInProportion) {
  const auto any_chain = [](std::size_t size) {
    // Anys in Anys, each with its type at the end, and much text within.
    return R"({"any":)" + repeated(R"({"any":)", 40) + R"({"text":")" + std::string(size, 'x') +
           R"(","@type":"x/values_of_json.Mixed"})" + repeated(R"(,"@type":"x/values_of_json.Mixed"})", 40) + "}";
  };
  const auto deep = [](std::size_t size) {
    return repeated(R"({"inner":)", 90) + R"({"texts":[)" + repeated("\"x\",", size / 4) + "\"\"]}" +
           std::string(90, '}');
  };
  const auto keys = [](std::size_t size) {
    std::string text = R"({"map":{)";
    for (std::size_t i = 0; i < size / 16; ++i) text += "\"" + std::to_string(1'000'000'000 + i) + "\":1,";
    return text + "\"\":1}}";
  };
  const std::pair<const char*, std::function<std::string(std::size_t)>> makers[] = {
      {"spaces", [](std::size_t size) { return std::string(size, ' ') + "{}"; }},
      {"digits", [](std::size_t size) { return R"({"number":)" + std::string(size, '1') + "}"; }},
      {"fractions", [](std::size_t size) { return R"({"value":0.)" + std::string(size, '1') + "}"; }},
      {"zeros", [](std::size_t size) { return R"({"number":1.)" + std::string(size, '0') + "}"; }},
      {"escapes", [](std::size_t size) { return R"({"text":")" + repeated(R"(\u00e4)", size / 6) + "\"}"; }},
      {"a string that does not end", [](std::size_t size) { return R"({"text":")" + std::string(size, 'x'); }},
      {"empty objects", [](std::size_t size) { return R"({"many":[)" + repeated("{},", size / 3) + "{}]}"; }},
      {"anys", any_chain},
      {"depth", deep},
      {"keys", keys},
      {"lists", [](std::size_t size) { return R"({"value":[)" + repeated("[],", size / 3) + "[]]}"; }},
  };
  for (const auto& [name, make] : makers) {
    const std::string once = make(500'000);
    const std::string four = make(2'000'000);
    const double base = seconds_of([&] { static_cast<void>(read_bytes<Mixed>(once)); });
    const double more = seconds_of([&] { static_cast<void>(read_bytes<Mixed>(four)); });
    EXPECT_LT(more, base * 12 + 0.02) << name;
    EXPECT_LT(more, 2.0) << name;
  }
}

TEST(HostileMessages, TakeTimeInProportion) {
  const auto sized = [](char tag, const std::string& contents) {
    std::string out(1, tag);
    for (std::size_t size = contents.size(); true; size >>= 7) {
      out += static_cast<char>(size > 0x7F ? size | 0x80 : size);
      if (size <= 0x7F) return out + contents;
    }
  };
  const std::pair<const char*, std::function<std::string(std::size_t)>> makers[] = {
      {"parts of one message",
       [&](std::size_t size) {
         std::string bytes = repeated("\x12\x01x", size / 3);
         for (int depth = 0; depth < 90; ++depth) bytes = sized('\x1A', bytes) + std::string("\x1A\x00", 2);
         return bytes;
       }},
      {"oneofs in turn", [](std::size_t size) { return repeated(std::string("\x42\x00\x48\x01", 4), size / 4); }},
      {"entries of one key", [](std::size_t size) { return repeated(std::string("\x32\x00", 2), size / 2); }},
      {"fields out of order", [](std::size_t size) { return repeated(std::string("\x12\x00\x08\x01", 4), size / 4); }},
      {"unknown groups", [](std::size_t size) { return repeated("\xA3\x06\xA4\x06", size / 4); }},
      {"control characters", [&](std::size_t size) { return sized('\x12', std::string(size, '\x01')); }},
  };
  for (const auto& [name, make] : makers) {
    const std::string once = make(500'000);
    const std::string four = make(2'000'000);
    const double base = seconds_of([&] { static_cast<void>(write_text<Mixed>(once)); });
    const double more = seconds_of([&] { static_cast<void>(write_text<Mixed>(four)); });
    RecordProperty(name, std::to_string(more));
    EXPECT_LT(more, base * 12 + 0.02) << name;
    EXPECT_LT(more, 2.0) << name;
  }
}

}  // namespace
}  // namespace wasm_grpc::json::test
