// The types of google.protobuf that JSON says in ways of its own.
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "features3.pb.h"
#include "json_case.h"
#include "values_of_json.pb.h"

namespace wasm_grpc::json::test {
namespace {

using features::three::WellKnown;
using values_of_json::Mixed;

/// Reads, and writes what was read.
template <typename Message>
std::string again(std::string_view text) {
  const std::string bytes = read_bytes<Message>(text);
  return bytes.starts_with("error: ") ? bytes : write_text<Message>(bytes);
}

TEST(KnownTypes, TimestampsAreTimesInUtc) {
  const auto time = [](std::string_view text) {
    const std::string json = again<WellKnown>("{\"timestamp\":\"" + std::string(text) + "\"}");
    return json.starts_with("{\"timestamp\":\"") ? json.substr(14, json.size() - 16) : json;
  };
  EXPECT_EQ(time("1972-01-01T10:00:20.021Z"), "1972-01-01T10:00:20.021Z");
  EXPECT_EQ(time("1970-01-01T00:00:00Z"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(time("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z");
  EXPECT_EQ(time("9999-12-31T23:59:59.999999999Z"), "9999-12-31T23:59:59.999999999Z");
  EXPECT_EQ(time("1969-12-31T23:59:59.5Z"), "1969-12-31T23:59:59.500Z");
  EXPECT_EQ(time("2024-02-29T12:00:00.000001Z"), "2024-02-29T12:00:00.000001Z");
  EXPECT_EQ(time("2024-02-29T12:00:00+01:30"), "2024-02-29T10:30:00Z");
  EXPECT_EQ(time("2024-12-31T23:00:00-01:30"), "2025-01-01T00:30:00Z");
  for (const char* wrong : {"",
                            "2024-02-29",
                            "2024-02-30T00:00:00Z",
                            "2023-02-29T00:00:00Z",
                            "1900-02-29T00:00:00Z",
                            "2024-13-01T00:00:00Z",
                            "2024-00-01T00:00:00Z",
                            "2024-01-00T00:00:00Z",
                            "2024-01-01T24:00:00Z",
                            "2024-01-01T00:60:00Z",
                            "2024-01-01T00:00:60Z",
                            "2024-01-01T00:00:00",
                            "2024-01-01t00:00:00Z",
                            "2024-01-01T00:00:00z",
                            "2024-01-01 00:00:00Z",
                            "0000-01-01T00:00:00Z",
                            "10000-01-01T00:00:00Z",
                            "2024-01-01T00:00:00.Z",
                            "2024-01-01T00:00:00.1234567890Z",
                            "0001-01-01T00:00:00+00:01",
                            "9999-12-31T23:59:59-00:01",
                            "2024-01-01T00:00:00+0100",
                            "2024-01-01T00:00:00+24:00",
                            "2024-1-1T0:0:0Z",
                            "2024-01-01T00:00:00ZZ"}) {
    EXPECT_TRUE(time(wrong).starts_with("error: field timestamp: expected a time")) << wrong << time(wrong);
  }
  EXPECT_TRUE(again<WellKnown>(R"({"timestamp":1})").starts_with("error: field timestamp: expected a time"));
  const auto written = [](std::int64_t seconds, std::int32_t nanos) {
    WellKnown message;
    message.mutable_timestamp()->set_seconds(seconds);
    message.mutable_timestamp()->set_nanos(nanos);
    return write_message(message);
  };
  EXPECT_EQ(written(-62'135'596'801, 0),
            "error: field timestamp: the time of -62135596801 seconds and 0 nanoseconds is out of range");
  EXPECT_TRUE(written(253'402'300'800, 0).starts_with("error: "));
  EXPECT_TRUE(written(0, -1).starts_with("error: "));
  EXPECT_TRUE(written(0, 1'000'000'000).starts_with("error: "));
}

TEST(KnownTypes, DurationsAreSeconds) {
  const auto duration = [](std::string_view text) {
    const std::string json = again<WellKnown>("{\"duration\":\"" + std::string(text) + "\"}");
    return json.starts_with("{\"duration\":\"") ? json.substr(13, json.size() - 15) : json;
  };
  EXPECT_EQ(duration("1.000340012s"), "1.000340012s");
  EXPECT_EQ(duration("1s"), "1s");
  EXPECT_EQ(duration("-1.5s"), "-1.500s");
  EXPECT_EQ(duration("-0.5s"), "-0.500s");
  EXPECT_EQ(duration("0s"), "0s");
  EXPECT_EQ(duration("315576000000s"), "315576000000s");
  EXPECT_EQ(duration("-315576000000s"), "-315576000000s");
  for (const char* wrong : {"", "1", "s", "1.s", ".5s", "1.0000000001s", "+1s", "--1s", "1 s", "315576000001s",
                            "315576000000.000000001s", "1e3s", "99999999999999999999999s", "1ss", "1S"}) {
    EXPECT_TRUE(duration(wrong).starts_with("error: field duration: expected a duration")) << wrong;
  }
  const auto written = [](std::int64_t seconds, std::int32_t nanos) {
    WellKnown message;
    message.mutable_duration()->set_seconds(seconds);
    message.mutable_duration()->set_nanos(nanos);
    return write_message(message);
  };
  EXPECT_TRUE(written(1, -1).starts_with("error: "));
  EXPECT_TRUE(written(-1, 1).starts_with("error: "));
  EXPECT_TRUE(written(0, -1'000'000'000).starts_with("error: "));
  EXPECT_TRUE(written(315'576'000'001, 0).starts_with("error: "));
  EXPECT_EQ(written(0, -5), R"({"duration":"-0.000000005s"})");
}

TEST(KnownTypes, FieldMasksArePathsInCamelCase) {
  EXPECT_EQ(read_text<WellKnown>(R"({"mask":"user.displayName,photo"})"),
            R"(mask { paths: "user.display_name" paths: "photo" })");
  EXPECT_EQ(again<WellKnown>(R"({"mask":"user.displayName,photo"})"), R"({"mask":"user.displayName,photo"})");
  EXPECT_EQ(again<WellKnown>(R"({"mask":""})"), R"({"mask":""})");
  EXPECT_TRUE(read_text<WellKnown>(R"({"mask":"user.display_name"})").starts_with("error: field mask: expected paths"));
  for (const char* wrong : {"fooBar", "foo_3_bar", "foo__bar", "foo_", "foo_Bar"}) {
    WellKnown message;
    message.mutable_mask()->add_paths(wrong);
    EXPECT_TRUE(write_message(message).starts_with("error: field mask: the path")) << wrong;
  }
}

TEST(KnownTypes, WrappersAreWhatTheyWrap) {
  constexpr std::string_view all =
      R"({"doubleValue":1.5,"floatValue":0.1,"int64Value":"-1","uint64Value":"1","int32Value":-2,"uint32Value":2,)"
      R"("boolValue":true,"stringValue":"a","bytesValue":"AAE="})";
  EXPECT_EQ(again<WellKnown>(all), all);
  constexpr std::string_view defaults = R"({"int64Value":"0","boolValue":false,"stringValue":"","bytesValue":""})";
  EXPECT_EQ(again<WellKnown>(defaults), defaults);
  EXPECT_TRUE(again<WellKnown>(R"({"int32Value":{"value":1}})").starts_with("error: "));
}

TEST(KnownTypes, StructsAreAnyJson) {
  for (const char* json : {R"({"object":{"a":null,"b":[1,"x",true,{"c":[]}],"d":{}}})", R"({"value":{"a":[null]}})",
                           R"({"value":[[],{}]})", R"({"value":-1.5})", R"({"value":""})", R"({"value":null})",
                           R"({"values":[null,[],{},"a",false]})", R"({"valueMap":{"a":null,"b":{"c":1}}})"}) {
    EXPECT_EQ(again<Mixed>(json), json);
  }
  EXPECT_TRUE(again<Mixed>(R"({"object":[]})").starts_with("error: field object: expected an object"));
  EXPECT_TRUE(again<Mixed>(R"({"value":1e400})").starts_with("error: "));
  Mixed not_set;
  not_set.mutable_value();
  EXPECT_EQ(write_message(not_set), R"({"value":null})");
  Mixed infinite;
  infinite.mutable_value()->set_number_value(1.0 / 0.0);
  EXPECT_EQ(write_message(infinite), "error: field value: a google.protobuf.Value cannot be NaN or infinite");
}

TEST(KnownTypes, AnysSayTheirType) {
  constexpr std::string_view greeting = R"({"any":{"@type":"type.googleapis.com/values_of_json.Greeting","name":"a"}})";
  EXPECT_EQ(again<Mixed>(greeting), greeting);
  EXPECT_EQ(read_bytes<Mixed>(R"({"any":{"name":"a","@type":"type.googleapis.com/values_of_json.Greeting"}})"),
            read_bytes<Mixed>(greeting));
  EXPECT_EQ(read_bytes<Mixed>(R"({"any":{"name":"a","\u0040type":"type.googleapis.com/values_of_json.Greeting"}})"),
            read_bytes<Mixed>(greeting));
  for (
      const char* json :
      {R"({"any":{}})", R"({"any":{"@type":"example.org/x/values_of_json.Greeting"}})",
       R"({"any":{"@type":"type.googleapis.com/google.protobuf.Timestamp","value":"1970-01-01T00:00:01Z"}})",
       R"({"any":{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":"7"}})",
       R"({"any":{"@type":"type.googleapis.com/google.protobuf.Any","value":{"@type":"type.googleapis.com/google.protobuf.Value","value":[1,null]}}})"}) {
    EXPECT_EQ(again<Mixed>(json), json);
  }
  // Anys in Anys, each with its type at the end.
  EXPECT_EQ(
      again<Mixed>(
          R"({"any":{"any":{"name":"a","@type":"x/values_of_json.Greeting"},"number":1,"@type":"x/values_of_json.Mixed"}})"),
      R"({"any":{"@type":"x/values_of_json.Mixed","number":1,"any":{"@type":"x/values_of_json.Greeting","name":"a"}}})");
  EXPECT_EQ(again<Mixed>(R"({"any":{"@type":"type.googleapis.com/no.Such"}})"),
            "error: field any: the type \"no.Such\" in an Any is not known here (line 1, column 17)");
  for (
      const char* wrong :
      {R"({"any":{"name":"a"}})", R"({"any":{"@type":"values_of_json.Greeting"}})", R"({"any":{"@type":""}})",
       R"({"any":{"@type":1}})", R"({"any":{"@type":"x/values_of_json.Greeting","@type":"x/values_of_json.Greeting"}})",
       R"({"any":{"name":"a","@type":"x/values_of_json.Greeting","@type":"x/values_of_json.Greeting"}})",
       R"({"any":{"@type":"x/values_of_json.Greeting","nome":"a"}})",
       R"({"any":{"@type":"x/values_of_json.Greeting",}})", R"({"any":{"@type":"x/google.protobuf.Timestamp"}})",
       R"({"any":{"@type":"x/google.protobuf.Timestamp","seconds":1}})",
       R"({"any":{"@type":"x/google.protobuf.Timestamp","value":"1970-01-01T00:00:00Z","value":"1970-01-01T00:00:00Z"}})"}) {
    EXPECT_TRUE(again<Mixed>(wrong).starts_with("error: ")) << wrong;
  }
  Mixed unknown;
  unknown.mutable_any()->set_type_url("type.googleapis.com/no.Such");
  EXPECT_EQ(write_message(unknown),
            "error: field any: the type \"type.googleapis.com/no.Such\" in an Any is not known here");
}

TEST(KnownTypes, MayBeTheWholeMessage) {
  EXPECT_EQ(again<google::protobuf::Timestamp>("\"1970-01-01T00:00:01Z\""), "\"1970-01-01T00:00:01Z\"");
  EXPECT_EQ(again<google::protobuf::Value>(" [1] "), "[1]");
  EXPECT_EQ(write_text<google::protobuf::Timestamp>(""), "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(write_text<google::protobuf::Duration>(""), "\"0s\"");
}

}  // namespace
}  // namespace wasm_grpc::json::test
