// The regular expressions of rules.
#include "wasm_grpc/guest/pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wasm_grpc::guest {
namespace {

struct Case {
  const char* pattern;
  std::vector<std::string> in;
  std::vector<std::string> not_in;
};

TEST(Pattern, FindsWhatRe2Finds) {
  const Case cases[] = {
      {"abc", {"abc", "xabcx"}, {"", "ab", "acb"}},
      {"", {"", "x"}, {}},
      {"^a.c$",
       {"abc",
        "a\xC3\xB6"
        "c"},
       {"abbc", "xabc", "a\nc", "abcx"}},
      {"^(a|bc|)d+$", {"ad", "bcdd", "d"}, {"bd", "a", "abcd"}},
      {"^[a-c_\\d-]*$", {"", "abc_9-"}, {"d", "ab d"}},
      {"^[^a-c]+$", {"xyz", "\xC3\xB6"}, {"", "xa"}},
      {"^[]a]+$", {"]a"}, {"b"}},
      {"^a{2,3}$", {"aa", "aaa"}, {"a", "aaaa"}},
      {"^a{2,}$", {"aa", "aaaaa"}, {"a"}},
      {"^a{2}b{0,1}$", {"aa", "aab"}, {"aaa"}},
      {"a{,2}", {"a{,2}"}, {"aa"}},
      {"^(?:ab)+?c$", {"abc", "ababc"}, {"c", "abac"}},
      {"^(?P<year>\\d{4})-(?P<month>\\d\\d)$", {"2026-11"}, {"26-11", "2026-1"}},
      {"\\bword\\b", {"a word.", "word"}, {"words", "sword"}},
      {"\\Bord", {"word"}, {"ord"}},
      {"\\Aa\\z", {"a"}, {"a\n", "ba"}},
      {"^\\w+@\\w+\\.\\w{2,}$", {"me@host.test"}, {"me@host", "me host.test"}},
      {"^\\S+\\s\\D\\W$", {"a b-"}, {"a 1-", "ab-"}},
      {"^\\x41\\x{20AC}\\.\\\\$", {"A\xE2\x82\xAC.\\"}, {"A.\\"}},
      {"^[\xC3\xA4-\xC3\xBC]$", {"\xC3\xB6"}, {"o", "\xC3\xA3"}},
      {"^(a*)*$", {"", "aaa"}, {"b"}},
      {"x*", {"", "y"}, {}},
  };
  for (const Case& one : cases) {
    const Pattern pattern(one.pattern);
    EXPECT_EQ(pattern.error(), "") << one.pattern;
    for (const std::string& text : one.in) EXPECT_TRUE(pattern.is_in(text)) << one.pattern << " in " << text;
    for (const std::string& text : one.not_in) EXPECT_FALSE(pattern.is_in(text)) << one.pattern << " not in " << text;
  }
}

TEST(Pattern, SaysWhatItDoesNotTake) {
  for (const char* text : {"(", "(a", "a)", "[a", "[b-a]", "*", "a|*", "\\", "\\p{L}", "(?i)a", "(?=a)", "[[:alpha:]]",
                           "\\1", "\\xZZ", "a{1001}", "a{5,2}", "((a{1000}){1000}){1000}"}) {
    const Pattern pattern(text);
    EXPECT_NE(pattern.error(), "") << text;
    EXPECT_FALSE(pattern.is_in("a")) << text;
  }
  std::string deep(1000, '(');
  EXPECT_NE(Pattern(deep).error(), "");
}

TEST(Pattern, TakesTimeInProportionToTheText) {
  // Of those that try one way after the other, each more 'a' doubles the time.
  const Pattern pattern("^(a+)+$");
  EXPECT_FALSE(pattern.is_in(std::string(20'000, 'a') + "b"));
  EXPECT_TRUE(pattern.is_in(std::string(20'000, 'a')));
}

}  // namespace
}  // namespace wasm_grpc::guest
