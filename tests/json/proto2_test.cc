// What only proto2 has: groups, extensions, defaults, closed enums.
#include "features2.pb.h"
#include "json_case.h"

namespace wasm_grpc::json::test {
namespace {

using namespace features::two;

TEST(Proto2Json, SaysGroupsAsMessages) {
  constexpr std::string_view json =
      R"({"one":{"number":1,"again":{"chosen":{"data":"AA=="}},"within":[{"text":"a"},{}]},"many":[{"number":-1},{}]})";
  const std::string bytes = read_bytes<Groups>(json);
  Groups message;
  ASSERT_TRUE(message.ParseFromString(bytes)) << bytes;
  EXPECT_EQ(message.one().within(0).text(), "a");
  EXPECT_EQ(message.many(0).number(), -1);
  EXPECT_EQ(write_message(message), json);
}

TEST(Proto2Json, RefusesGroupsThatAreNestedDeeply) {
  Groups message;
  Groups* inner = &message;
  for (int depth = 0; depth < 20; ++depth) inner = inner->mutable_one()->mutable_again();
  EXPECT_NE(write_message(message).find("groups are nested too deeply"), std::string::npos);
}

TEST(Proto2Json, SaysExtensionsByTheirNamesInBrackets) {
  constexpr std::string_view json =
      R"({"name":"a","[features.two.extra_number]":7,"[features.two.extra_text]":["b","c"],)"
      R"("[features.two.extra_message]":{"name":"d"}})";
  const std::string bytes = read_bytes<Extensible>(json);
  Extensible message;
  ASSERT_TRUE(message.ParseFromString(bytes)) << bytes;
  EXPECT_EQ(message.GetExtension(extra_number), 7);
  EXPECT_EQ(message.GetExtension(extra_text, 1), "c");
  EXPECT_EQ(message.GetExtension(extra_message).name(), "d");
  EXPECT_EQ(write_message(message), json);
  EXPECT_TRUE(read_text<Extensible>(R"({"extra_number":1})").starts_with("error: "));
}

TEST(Proto2Json, KeepsWhatWasSetToTheDefault) {
  constexpr std::string_view json = R"({"fBool":false,"fSint32":0,"plain":""})";
  const std::string bytes = read_bytes<Defaults>(json);
  EXPECT_EQ(write_text<Defaults>(bytes), json);
  Defaults message;
  ASSERT_TRUE(message.ParseFromString(bytes));
  EXPECT_FALSE(message.f_bool());
}

TEST(Proto2Json, PacksWhatIsDeclaredPacked) {
  const std::string bytes = read_bytes<Strings>(R"({"numbers":[1,2],"packedNumbers":[1,2]})");
  EXPECT_EQ(bytes, "\x18\x01\x18\x02\x22\x02\x01\x02");
  EXPECT_EQ(write_text<Strings>("\x1A\x02\x01\x02\x20\x01\x20\x02"), R"({"numbers":[1,2],"packedNumbers":[1,2]})");
}

}  // namespace
}  // namespace wasm_grpc::json::test
