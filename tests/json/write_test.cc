// Messages into JSON.
#include "json/write.h"

#include <google/protobuf/io/coded_stream.h>

#include "features3.pb.h"
#include "json_case.h"
#include "values_of_json.pb.h"

namespace wasm_grpc::json::test {
namespace {

using features::three::Scalars;
using values_of_json::Greeting;
using values_of_json::Mixed;
using values_of_json::Named;

TEST(WriteJson, SaysScalars) {
  Scalars message;
  message.set_f_double(0.1);
  message.set_f_float(0.1F);
  message.set_f_int32(-2147483647 - 1);
  message.set_f_int64(-1);
  message.set_f_uint32(4294967295U);
  message.set_f_uint64(18446744073709551615ULL);
  message.set_f_sint32(-2);
  message.set_f_sint64(-3);
  message.set_f_fixed32(4);
  message.set_f_fixed64(5);
  message.set_f_sfixed32(-6);
  message.set_f_sfixed64(-7);
  message.set_f_bool(true);
  message.set_f_string("a \"\\\n\x01 \u00e4 \U0001F600");
  message.set_f_bytes("\xFB\xFF");
  message.set_f_color(features::three::COLOR_RED);
  EXPECT_EQ(
      write_message(message),
      R"({"fDouble":0.1,"fFloat":0.1,"fInt32":-2147483648,"fInt64":"-1","fUint32":4294967295,)"
      R"("fUint64":"18446744073709551615","fSint32":-2,"fSint64":"-3","fFixed32":4,"fFixed64":"5","fSfixed32":-6,)"
      R"("fSfixed64":"-7","fBool":true,"fString":"a \"\\\n\u0001 )"
      "\u00e4 \U0001F600"
      R"(","fBytes":"+/8=","fColor":"COLOR_RED"})");
}

TEST(WriteJson, SaysWhatIsNoNumber) {
  Scalars message;
  message.set_f_double(0.0 / 0.0);
  message.set_f_float(-1.0F / 0.0F);
  EXPECT_EQ(write_message(message), R"({"fDouble":"NaN","fFloat":"-Infinity"})");
  message.Clear();
  message.set_f_double(-0.0);
  message.set_f_color(static_cast<features::three::Color>(77));
  EXPECT_EQ(write_message(message), R"({"fDouble":-0,"fColor":77})");
}

TEST(WriteJson, NamesFieldsAsJsonDoes) {
  Named message;
  message.set_with_underscore("a");
  message.set_renamed("b");
  EXPECT_EQ(write_message(message), R"({"withUnderscore":"a","other \"name\"":"b"})");
}

TEST(WriteJson, LeavesOutWhatIsNotThere) {
  EXPECT_EQ(write_text<Mixed>(""), "{}");
  EXPECT_EQ(write_text<Mixed>(std::string("\x08\x00\x12\x00", 4)), "{}") << "the defaults, written nevertheless";
  EXPECT_EQ(write_text<Mixed>(std::string("\x22\x00", 2)), "{}") << "no numbers, packed";
  Mixed message;
  message.set_maybe(0);
  message.set_choice_text("");
  message.mutable_inner();
  EXPECT_EQ(write_message(message), R"({"inner":{},"choiceText":"","maybe":0})");
  EXPECT_EQ(write_text<Greeting>("\xA0\x06\x01\x0A\x01x\xA3\x06\x08\x01\xA4\x06"), R"({"name":"x"})")
      << "and what is unknown";
  EXPECT_EQ(write_text<Greeting>("\x08\x01"), "{}") << "and what has another wire type";
}

TEST(WriteJson, TakesTheLastOfWhatIsThereTwice) {
  const auto bytes_of = [](auto fill) {
    Mixed message;
    fill(message);
    return message.SerializeAsString();
  };
  const std::string one = bytes_of([](Mixed& message) { message.set_number(1); });
  const std::string two = bytes_of([](Mixed& message) { message.set_number(2); });
  const std::string zero("\x08\x00", 2);
  EXPECT_EQ(write_text<Mixed>(one + two), R"({"number":2})");
  EXPECT_EQ(write_text<Mixed>(one + zero), "{}");
  const std::string inner = bytes_of([](Mixed& message) {
    message.mutable_inner()->set_number(1);
    message.mutable_inner()->set_text("a");
  });
  const std::string other = bytes_of([](Mixed& message) {
    message.mutable_inner()->set_number(2);
    message.mutable_inner()->mutable_inner()->set_number(3);
  });
  EXPECT_EQ(write_text<Mixed>(inner + two + other),
            R"({"number":2,"inner":{"number":2,"text":"a","inner":{"number":3}}})");
  const std::string text = bytes_of([](Mixed& message) { message.set_choice_text("t"); });
  const std::string choice = bytes_of([](Mixed& message) { message.mutable_choice_inner()->set_number(1); });
  const std::string choice_text = bytes_of([](Mixed& message) { message.mutable_choice_inner()->set_text("i"); });
  EXPECT_EQ(write_text<Mixed>(choice + text), R"({"choiceText":"t"})");
  EXPECT_EQ(write_text<Mixed>(text + choice), R"({"choiceInner":{"number":1}})");
  EXPECT_EQ(write_text<Mixed>(choice + text + choice_text), R"({"choiceInner":{"text":"i"}})");
  EXPECT_EQ(write_text<Mixed>(choice + choice_text), R"({"choiceInner":{"number":1,"text":"i"}})");
  const std::string map = bytes_of([](Mixed& message) { (*message.mutable_map())["a"] = 1; });
  const std::string map_again = bytes_of([](Mixed& message) { (*message.mutable_map())["a"] = 2; });
  EXPECT_EQ(write_text<Mixed>(map + map_again), R"({"map":{"a":2}})");
  const std::string numbers = bytes_of([](Mixed& message) { message.add_numbers(1); });
  EXPECT_EQ(write_text<Mixed>(numbers + one + std::string("\x20\x02", 2) + numbers),
            R"({"number":1,"numbers":[1,2,1]})");
}

TEST(WriteJson, GivesMapsWithoutAKeyOrValueTheDefaults) {
  EXPECT_EQ(write_text<Mixed>(std::string("\x32\x00", 2)), R"({"map":{"":0}})");
  EXPECT_EQ(write_text<Mixed>(std::string("\x3A\x00", 2)), R"({"mixedMap":{"0":{}}})");
  EXPECT_EQ(write_text<Mixed>(std::string("\x3A\x06\x12\x02\x08\x01\x12\x00", 8)),
            R"({"mixedMap":{"0":{"number":1}}})");
}

TEST(WriteJson, RefusesWhatIsNoMessage) {
  for (const std::string& bytes :
       {std::string("\x0A"), std::string("\x0A\x05x"), std::string("\x00\x01", 2), std::string("\x08"),
        std::string("\x08\xFF"), std::string("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
        std::string("\x0D\x01"), std::string("\x09\x01"), std::string("\x0E"), std::string("\x0F"), std::string("\x0C"),
        std::string("\xA3\x06\x08\x01"), std::string("\xA3\x06\xAC\x06"), std::string("\xFF\xFF\xFF\xFF\xFF\x01"),
        std::string("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01x")}) {
    EXPECT_EQ(write_text<Greeting>(bytes), "error: the bytes are cut short, or are no such message");
  }
  EXPECT_EQ(write_text<Mixed>("\x22\x01\xFF"), "error: field numbers: the bytes are cut short, or are no such message");
  EXPECT_EQ(write_text<Mixed>("\x1A\x01\x08"), "error: field inner: the bytes are cut short, or are no such message");
  EXPECT_EQ(write_text<Greeting>("\x0A\x01\xFF"), "error: field name: the string is not UTF-8");
  EXPECT_EQ(write_text<Mixed>("\x32\x03\x0A\x01\xFF"), "error: field map: the string is not UTF-8");
}

TEST(WriteJson, KeepsTheOrderOfNumbersWhateverThatOfTheBytes) {
  EXPECT_EQ(write_text<Mixed>("\x12\x01x\x08\x01"), R"({"number":1,"text":"x"})");
}

}  // namespace
}  // namespace wasm_grpc::json::test
