#include "observe/log/formats.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>

namespace wasm_grpc::observe {
namespace {

/// What a guest has said about a call of 2026-11-29, 20:15 UTC.
LogLine line_about_a_call() {
  static const LogField fields[] = {{"item", "green tea"}, {"left", "3"}};
  LogLine line;
  line.time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'795'983'300'042));
  line.level = LogLevel::warn;
  line.source = "shop";
  line.text = "nearly sold";
  line.method = "/shop.Shop/Sell";
  line.call = 4711;
  line.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  line.peer = "[::1]:50000";
  line.fields = fields;
  line.names_call = true;
  return line;
}

std::string text(const LogLine& line) {
  setenv("TZ", "CET-1", 1);
  tzset();
  std::string out = "before;";
  append_text(out, line);
  return out;
}

std::string json(const LogLine& line) {
  std::string out;
  append_json(out, line);
  return out;
}

TEST(LogFormatsTest, TextIsForPeopleAndCanBeTakenApart) {
  LogLine line = line_about_a_call();
  EXPECT_EQ(text(line),
            "before;2026-11-29T21:15:00.042+01:00 warning shop: nearly sold method=/shop.Shop/Sell peer=[::1]:50000 "
            "item=\"green tea\" left=3 call=4711 trace=4bf92f3577b34da6a3ce929d0e0e4736\n");
  line.names_call = false;
  line.peer = {};
  line.fields = {};
  EXPECT_EQ(text(line),
            "before;2026-11-29T21:15:00.042+01:00 warning shop: nearly sold method=/shop.Shop/Sell call=4711 "
            "trace=4bf92f3577b34da6a3ce929d0e0e4736\n");
}

TEST(LogFormatsTest, ALineOfNoCallIsAsItAlwaysWas) {
  LogLine line;
  line.source = "host";
  line.level = LogLevel::info;
  line.text = "listening";
  EXPECT_EQ(text(line), "before;1970-01-01T01:00:00.000+01:00 info host: listening\n");
}

TEST(LogFormatsTest, WhatIsSaidOfACallComesBeforeTheLinesThatFollow) {
  LogLine line;
  line.source = "guest";
  line.level = LogLevel::error;
  line.text = "/a.B/C: it trapped\n    main\n    inner";
  line.method = "/a.B/C";
  line.call = 1;
  EXPECT_EQ(text(line),
            "before;1970-01-01T01:00:00.000+01:00 error guest: /a.B/C: it trapped method=/a.B/C call=1\n    main\n    "
            "inner\n");
}

TEST(LogFormatsTest, AFunctionGetsTheTextAsItAlwaysDid) {
  LogLine line = line_about_a_call();
  EXPECT_EQ(text_for_function(line), "nearly sold method=/shop.Shop/Sell peer=[::1]:50000 item=\"green tea\" left=3");
  line.names_call = false;
  line.fields = {};
  EXPECT_EQ(text_for_function(line), "nearly sold");
}

TEST(LogFormatsTest, JsonHasAMemberForEachPart) {
  LogLine line = line_about_a_call();
  line.status = rpc::StatusCode::not_found;
  line.duration = std::chrono::microseconds(1'234'005);
  EXPECT_EQ(json(line),
            R"({"time":"2026-11-29T20:15:00.042Z","level":"warn","module":"shop","message":"nearly sold",)"
            R"("method":"/shop.Shop/Sell","call_id":4711,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",)"
            R"("peer":"[::1]:50000","status":"NOT_FOUND","ms":1234.005,"fields":{"item":"green tea","left":"3"}})"
            "\n");
}

TEST(LogFormatsTest, JsonOfTheHostAndOfCallsSaysWhoseItIs) {
  LogLine line;
  line.source = "host";
  line.level = LogLevel::error;
  line.text = "two\nlines \"and\" \x01 \xff";
  EXPECT_EQ(json(line),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"error\",\"message\":\"two\\nlines \\\"and\\\" \\\\x01 "
            "\\\\xff\"}\n");
  line.source = "access";
  line.level = LogLevel::info;
  line.text = {};
  line.duration = std::chrono::nanoseconds(999);
  EXPECT_EQ(json(line), "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"info\",\"log\":\"access\",\"ms\":0.000}\n");
}

}  // namespace
}  // namespace wasm_grpc::observe
