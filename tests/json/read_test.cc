// JSON into messages.
#include "json/read.h"

#include "features3.pb.h"
#include "json_case.h"
#include "values_of_json.pb.h"

namespace wasm_grpc::json::test {
namespace {

using features::three::Repeated;
using features::three::Scalars;
using values_of_json::Greeting;
using values_of_json::Mixed;
using values_of_json::Named;

TEST(ReadJson, TakesSpaceWhereItMayBe) {
  EXPECT_EQ(read_text<Greeting>(R"({"name":"world"})"), R"(name: "world")");
  EXPECT_EQ(read_text<Greeting>(" \t\r\n{ \"name\" \n:\t\"world\" } \r\n"), R"(name: "world")");
  EXPECT_EQ(read_text<Greeting>("{}"), "");
  EXPECT_EQ(read_text<Greeting>(" { } "), "");
  EXPECT_EQ(read_text<Mixed>(R"({"numbers":[ 1 , 2 ],"map":{ "a" : 1 , "b" : 2 }})"),
            R"(numbers: 1 numbers: 2 map { key: "a" value: 1 } map { key: "b" value: 2 })");
}

TEST(ReadJson, KnowsFieldsByTheirNameInJsonAndInTheProtoFile) {
  EXPECT_EQ(read_text<Named>(R"({"withUnderscore":"a"})"), R"(with_underscore: "a")");
  EXPECT_EQ(read_text<Named>(R"({"with_underscore":"a"})"), R"(with_underscore: "a")");
  EXPECT_EQ(read_text<Named>(R"({"other \"name\"":"a"})"), R"(renamed: "a")");
  EXPECT_EQ(read_text<Named>(R"({"renamed":"a"})"), R"(renamed: "a")");
  EXPECT_EQ(read_text<Named>(R"({"\u0070lain":3})"), R"(plain: 3)");
  EXPECT_EQ(read_text<Named>(R"({"plain":3,"renamed":"b","withUnderscore":"a"})"),
            R"(with_underscore: "a" renamed: "b" plain: 3)");
}

TEST(ReadJson, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(read_text<Mixed>("{\"text\":\"a\",\n \"inner\":{\"number\":\"x\"}}"),
            "error: field inner.number: expected an int32, found \"x\" (line 2, column 20)");
  EXPECT_EQ(read_text<Mixed>(R"({"many":[{},{"numbers":[1,true]}]})"),
            "error: field many[1].numbers[1]: expected an int32, found true (line 1, column 27)");
  EXPECT_EQ(read_text<Mixed>(R"({"mixedMap":{"7":{"text":1}}})"),
            "error: field mixedMap[\"7\"].text: expected a string, found 1 (line 1, column 26)");
  EXPECT_EQ(read_text<Greeting>(R"({"nome":"world"})"),
            "error: values_of_json.Greeting has no field \"nome\" (line 1, column 2)");
  EXPECT_EQ(read_text<Greeting>(R"({"name":"world"} x)"),
            "error: expected the end of the text, found x (line 1, column 18)");
  EXPECT_EQ(read_text<Greeting>(""), "error: expected an object, found the end of the text (line 1, column 1)");
  EXPECT_EQ(read_text<Greeting>("[]"), "error: expected an object, found an array (line 1, column 1)");
  EXPECT_EQ(read_text<Greeting>("null"), "error: expected an object, found null (line 1, column 1)");
  EXPECT_EQ(read_text<Greeting>(R"({"name":"wor)"),
            "error: field name: the string that begins here does not end (line 1, column 9)");
  EXPECT_EQ(read_text<Greeting>(R"({"name":)"),
            "error: field name: expected a string, found the end of the text (line 1, column 9)");
}

TEST(ReadJson, RefusesWhatIsNoJson) {
  for (const char* text : {R"({"name":"a",})",
                           R"({,})",
                           R"({"name" "a"})",
                           R"({"name":'a'})",
                           R"({name:"a"})",
                           R"({"name":"a";})",
                           R"({"name":"a"}})",
                           R"({"name":"a"},)",
                           R"({"name":"a")",
                           R"({"name"})",
                           "{",
                           "}",
                           "\xEF\xBB\xBF{}",
                           "// no\n{}",
                           "{}{}",
                           R"({"name":undefined})",
                           R"({"name":nul})",
                           R"({"name":nulll})",
                           "\f{}",
                           R"("name")"}) {
    EXPECT_TRUE(read_text<Greeting>(text).starts_with("error: ")) << text;
  }
  for (const char* text : {"[1,]", "[,1]", "[1 2]", "[1", "1", "[1}", "{}", "[01]", "[1.]", "[.1]", "[+1]", "[1e]",
                           "[- 1]", "[0x1]", "[1_000]", "[NaN]", "[--1]", "[null]"}) {
    EXPECT_TRUE(read_text<Mixed>(R"({"numbers":)" + std::string(text) + "}").starts_with("error: ")) << text;
  }
}

TEST(ReadJson, ReadsStrings) {
  const auto name = [](std::string_view json) {
    const std::string bytes = read_bytes<Greeting>("{\"name\":\"" + std::string(json) + "\"}");
    Greeting greeting;
    return bytes.starts_with("error: ") || !greeting.ParseFromString(bytes) ? bytes : greeting.name();
  };
  EXPECT_EQ(name(R"(a \" \\ \/ \b \f \n \r \t z)"), "a \" \\ / \b \f \n \r \t z");
  EXPECT_EQ(name(R"(\u0041\u00e4\u20AC\uD83D\uDE00)"), "A\u00e4\u20ac\U0001F600");
  EXPECT_EQ(name("\u00e4\u20ac\U0001F600 and some more text that is longer"),
            "\u00e4\u20ac\U0001F600 and some more text that is longer");
  EXPECT_EQ(name(R"(\u0000)"), std::string(1, '\0'));
  EXPECT_EQ(name("\x7f"), "\x7f");
  for (const char* wrong : {R"(\x41)",
                            R"(\u12)",
                            R"(\u12g4)",
                            R"(\uD83D)",
                            R"(\uD83Dx)",
                            R"(\uD83D\n)",
                            R"(\uD83D\u0041)",
                            R"(\uDE00)",
                            R"(\uDE00\uD83D)",
                            "a\nb",
                            "a\tb",
                            "\x01",
                            "\x1f",
                            "\xC0\x80",
                            "\xED\xA0\x80",
                            "\xFF",
                            "\xE2\x82",
                            "\xF4\x90\x80\x80",
                            "1234567\x80",
                            "\\"}) {
    EXPECT_TRUE(name(wrong).starts_with("error: ")) << wrong;
  }
}

TEST(ReadJson, ReadsNumbersInAllNotations) {
  const auto number = [](std::string_view field, std::string_view value) {
    return read_text<Scalars>("{\"" + std::string(field) + "\":" + std::string(value) + "}");
  };
  for (const char* text : {"100", "\"100\"", "1e2", "100.000", "1E+2", "10000e-2", "\"1e2\"", "0.1e3", "1.00000e2"}) {
    EXPECT_EQ(number("fInt32", text), "f_int32: 100") << text;
    EXPECT_EQ(number("fUint64", text), "f_uint64: 100") << text;
    EXPECT_EQ(number("fFixed32", text), "f_fixed32: 100") << text;
    EXPECT_EQ(number("fDouble", text), "f_double: 100") << text;
  }
  EXPECT_EQ(number("fInt32", "-2147483648"), "f_int32: -2147483648");
  EXPECT_EQ(number("fSint32", "-2147483648"), "f_sint32: -2147483648");
  EXPECT_EQ(number("fSfixed32", "2147483647"), "f_sfixed32: 2147483647");
  EXPECT_EQ(number("fInt64", "-9223372036854775808"), "f_int64: -9223372036854775808");
  EXPECT_EQ(number("fSint64", "\"-9223372036854775808\""), "f_sint64: -9223372036854775808");
  EXPECT_EQ(number("fSfixed64", "9223372036854775807"), "f_sfixed64: 9223372036854775807");
  EXPECT_EQ(number("fUint64", "18446744073709551615"), "f_uint64: 18446744073709551615");
  EXPECT_EQ(number("fUint32", "4294967295"), "f_uint32: 4294967295");
  EXPECT_EQ(number("fInt32", "-0"), "");
  EXPECT_EQ(number("fUint32", "0e999999999999999999999"), "");
  EXPECT_EQ(number("fDouble", "-0"), "f_double: -0");
  EXPECT_EQ(number("fDouble", "1.7976931348623157e308"), "f_double: 1.7976931348623157e+308");
  EXPECT_EQ(number("fDouble", "4.9406564584124654e-324"), "f_double: 4.94065645841247e-324");
  EXPECT_EQ(number("fDouble", "1e-400"), "");
  EXPECT_EQ(number("fFloat", "3.4028235e38"), "f_float: 3.40282347e+38");
  EXPECT_EQ(number("fFloat", "1e-50"), "");
  EXPECT_EQ(number("fDouble", "\"NaN\""), "f_double: nan");
  EXPECT_EQ(number("fFloat", "\"Infinity\""), "f_float: inf");
  EXPECT_EQ(number("fDouble", "\"-Infinity\""), "f_double: -inf");
  for (const char* wrong : {"2147483648",
                            "-2147483649",
                            "1.5",
                            "1e-1",
                            "1e10",
                            "\"\"",
                            "\" 1\"",
                            "\"1 \"",
                            "\"+1\"",
                            "\"01\"",
                            "\"0x1\"",
                            "true",
                            "[]",
                            "{}",
                            "1e99999999999999999999",
                            "NaN",
                            "99999999999999999999999999",
                            "\"NaN\"",
                            "\"1,000\"",
                            "-"}) {
    EXPECT_TRUE(number("fInt32", wrong).starts_with("error: field fInt32: ")) << wrong;
  }
  EXPECT_TRUE(number("fUint32", "-1").starts_with("error: "));
  EXPECT_TRUE(number("fUint64", "18446744073709551616").starts_with("error: "));
  EXPECT_TRUE(number("fInt64", "9223372036854775808").starts_with("error: "));
  for (const char* wrong : {"1e400", "-1e400", "\"1e400\"", "1e999999999999999999999", "\"nan\"", "\"inf\"", "NaN",
                            "Infinity", "-Infinity", "\"\"", "null1", "1.", ".5"}) {
    EXPECT_TRUE(number("fDouble", wrong).starts_with("error: field fDouble: ")) << wrong;
  }
  EXPECT_TRUE(number("fFloat", "3.5e38").starts_with("error: "));
}

TEST(ReadJson, ReadsBooleansEnumsAndBytes) {
  EXPECT_EQ(read_text<Scalars>(R"({"fBool":true})"), "f_bool: true");
  EXPECT_EQ(read_text<Scalars>(R"({"fBool":false})"), "");
  for (const char* wrong : {"\"true\"", "1", "True", "truex", "\"\""}) {
    EXPECT_TRUE(read_text<Scalars>(R"({"fBool":)" + std::string(wrong) + "}").starts_with("error: ")) << wrong;
  }
  EXPECT_EQ(read_text<Scalars>(R"({"fColor":"COLOR_RED"})"), "f_color: COLOR_RED");
  EXPECT_EQ(read_text<Scalars>(R"({"fColor":"COLOR_CRIMSON"})"), "f_color: COLOR_RED");
  EXPECT_EQ(read_text<Scalars>(R"({"fColor":-2147483648})"), "f_color: COLOR_NEGATIVE");
  EXPECT_EQ(read_text<Scalars>(R"({"fColor":77})"), "f_color: 77");
  EXPECT_EQ(read_text<Scalars>(R"({"fColor":"COLOR_BLUE"})"),
            "error: field fColor: features.three.Color has no value \"COLOR_BLUE\" (line 1, column 11)");
  EXPECT_EQ(read_text<Scalars>(R"({"fColor":1.5})"),
            "error: field fColor: expected a name or number of features.three.Color, found 1.5 (line 1, column 11)");
  for (const char* text : {"+/8=", "+/8", "-_8=", "-_8"}) {
    EXPECT_EQ(read_text<Scalars>(R"({"fBytes":")" + std::string(text) + "\"}"), R"(f_bytes: "\373\377")") << text;
  }
  EXPECT_EQ(read_text<Scalars>(R"({"fBytes":""})"), "");
  for (const char* wrong : {"a", "a===", "ab=", "=", "ab c", "ab\\n", "abcde", "ab=c"}) {
    EXPECT_TRUE(read_text<Scalars>(R"({"fBytes":")" + std::string(wrong) + "\"}").starts_with("error: ")) << wrong;
  }
}

TEST(ReadJson, LeavesOutDefaultsOfFieldsWithoutPresence) {
  EXPECT_EQ(read_bytes<Scalars>(R"({"fInt32":0,"fString":"","fBytes":"","fBool":false,"fDouble":0.0,"fColor":0})"), "");
  EXPECT_EQ(read_text<Mixed>(R"({"maybe":0})"), "maybe: 0");
  EXPECT_EQ(read_text<Mixed>(R"({"choiceText":""})"), R"(choice_text: "")");
  EXPECT_EQ(read_text<Mixed>(R"({"inner":{}})"), "inner { }");
}

TEST(ReadJson, TakesNullForWhatIsNotThere) {
  EXPECT_EQ(read_text<Mixed>(R"({"number":null,"inner":null,"numbers":null,"map":null,"maybe":null,"wrapped":null})"),
            "");
  EXPECT_EQ(read_text<Mixed>(R"({"choiceText":null,"choiceNumber":1})"), "choice_number: 1");
  EXPECT_EQ(read_text<Mixed>(R"({"choiceNumber":1,"choiceText":null})"), "choice_number: 1");
  EXPECT_EQ(read_text<Mixed>(R"({"choiceNull":null})"), "choice_null: NULL_VALUE");
  EXPECT_EQ(read_text<Mixed>(R"({"null":null})"), "");
  EXPECT_EQ(read_text<Mixed>(R"({"value":null})"), "value { null_value: NULL_VALUE }");
  EXPECT_EQ(read_text<Mixed>(R"({"values":[null,1]})"), "values { null_value: NULL_VALUE } values { number_value: 1 }");
  for (const char* wrong : {R"({"numbers":[null]})", R"({"many":[null]})", R"({"map":{"a":null}})",
                            R"({"texts":[null]})", R"({"mixedMap":{"1":null}})", R"({"moods":[null]})"}) {
    EXPECT_TRUE(read_text<Mixed>(wrong).starts_with("error: ")) << wrong;
  }
}

TEST(ReadJson, ReadsMaps) {
  EXPECT_EQ(read_text<Mixed>(R"({"mixedMap":{"-1":{"number":2},"2":{}}})"),
            "mixed_map { key: -1 value { number: 2 } } mixed_map { key: 2 value { } }");
  EXPECT_EQ(read_text<Mixed>(R"({"boolMap":{"true":"a","false":""}})"),
            R"(bool_map { key: false value: "" } bool_map { key: true value: "a" })");
  EXPECT_EQ(read_text<Mixed>(R"({"map":{"":0}})"), R"(map { key: "" value: 0 })");
  for (const char* wrong :
       {R"({"mixedMap":{"x":{}}})", R"({"mixedMap":{1:{}}})", R"({"boolMap":{"True":"a"}})",
        R"({"mixedMap":{"2147483648":{}}})", R"({"mixedMap":[]})", R"({"map":{"a":1,}})", R"({"boolMap":{"1":"a"}})"}) {
    EXPECT_TRUE(read_text<Mixed>(wrong).starts_with("error: ")) << wrong;
  }
}

TEST(ReadJson, RefusesWhatIsThereTwice) {
  for (const char* wrong :
       {R"({"number":1,"number":1})", R"({"number":1,"text":"","number":null})", R"({"inner":{},"inner":{}})",
        R"({"choiceText":"a","choiceNumber":1})", R"({"choiceInner":{},"text":"a","choiceNull":null})",
        R"({"map":{"a":1,"a":2}})", R"({"map":{"a":1,"b":1,"\u0061":2}})", R"({"mixedMap":{"1":{},"1.0":{}}})",
        R"({"object":{"a":1,"a":1}})", R"({"mixed_map":{},"mixedMap":{}})", R"({"value":{"a":{"b":1,"b":2}}})"}) {
    EXPECT_TRUE(read_text<Mixed>(wrong).starts_with("error: ")) << wrong;
  }
  EXPECT_EQ(read_text<Mixed>(R"({"number":1,"number":1})"),
            "error: field number: it is there twice (line 1, column 13)");
  EXPECT_EQ(read_text<Mixed>(R"({"choiceText":"a","choiceNumber":1})"),
            "error: field choiceNumber: another field of the same oneof is there (line 1, column 34)");
  std::string many = R"({"map":{)";
  for (int i = 0; i < 1000; ++i) many += "\"key" + std::to_string(i) + "\":1,";
  EXPECT_FALSE(read_bytes<Mixed>(many + R"("other":2}})").starts_with("error: "));
  EXPECT_TRUE(read_bytes<Mixed>(many + R"("key500":2}})").starts_with("error: field map: a key"));
}

TEST(ReadJson, LeavesOutWhatIsUnknownWhereItMay) {
  const ReadOptions lenient{.ignore_unknown_fields = true};
  EXPECT_EQ(read_text<Mixed>(R"({"x":1,"number":2,"y":{"a":[1,"\u0041",null,{}],"b":[]},"z":[],"text":"t"})", lenient),
            R"(number: 2 text: "t")");
  EXPECT_EQ(read_text<Mixed>(R"({"mood":"MOOD_BAD","moods":["MOOD_GOOD","MOOD_BAD"],"moodMap":{"a":"MOOD_BAD","b":1}})",
                             lenient),
            R"(moods: MOOD_GOOD mood_map { key: "b" value: MOOD_GOOD })");
  EXPECT_EQ(read_text<Mixed>(R"({"@type":"x"})", lenient), "");
  for (const char* wrong : {R"({"x":})", R"({"x":1,})", R"({"x":[1,]})", R"({"x":{"a"}})", R"({"x":tru})",
                            R"({"x":01})", R"({"x":"\x"})", R"({"x":+1})", R"({"x"})"}) {
    EXPECT_TRUE(read_text<Mixed>(wrong, lenient).starts_with("error: ")) << wrong;
  }
  EXPECT_TRUE(read_text<Mixed>(R"({"@type":"x"})").starts_with("error: "));
}

TEST(ReadJson, PutsLengthsInFrontWhateverTheSize) {
  for (const std::size_t size :
       {0U, 1U, 100U, 121U, 127U, 128U, 129U, 4000U, 4096U, 5000U, 16'383U, 16'384U, 70'000U, 3'000'000U}) {
    const std::string text(size, 'x');
    Mixed message;
    message.mutable_inner()->mutable_inner()->set_text(text);
    message.mutable_inner()->add_many()->set_text(text + text);
    message.mutable_inner()->add_many()->mutable_inner()->set_number(1);
    (*message.mutable_mixed_map())[1].set_text(text);
    (*message.mutable_map())[text] = 1;
    for (std::size_t i = 0; i < size / 100; ++i) message.mutable_inner()->add_numbers(1);
    const std::string bytes = read_bytes<Mixed>(write_message(message));
    Mixed again;
    ASSERT_TRUE(again.ParseFromString(bytes)) << size;
    EXPECT_EQ(again.SerializeAsString(), message.SerializeAsString()) << size;
    EXPECT_EQ(bytes.size(), message.ByteSizeLong()) << size << ": in as few bytes as there may be";
  }
}

TEST(ReadJson, AppendsToWhatIsThere) {
  std::vector<std::byte> bytes;
  ASSERT_EQ(read(type_of<Greeting>(), R"({"name":"a"})", bytes), std::nullopt);
  ASSERT_EQ(read(type_of<Mixed>(), R"({"number":5})", bytes), std::nullopt);
  EXPECT_EQ(bytes.size(), 5U);
}

}  // namespace
}  // namespace wasm_grpc::json::test
