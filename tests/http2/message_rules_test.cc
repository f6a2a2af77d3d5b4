#include "http2/session/message_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "session_fixture.h"

namespace wasm_grpc::http2 {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const Fields plain = {{":method", "POST"}, {":scheme", "http"}, {":path", "/a.B/C"}};

Fields with(Fields fields, const Fields& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

class MessageRulesTest : public testing::Test {
 protected:
  /// Whether it is well-formed.
  bool judge(const Fields& fields, bool end_stream = false) {
    rules.begin(1, true);
    for (const auto& [name, value] : fields) static_cast<void>(rules.take_field(name, value));
    return rules.end_block(end_stream);
  }
  MessageRules rules;
};

TEST_F(MessageRulesTest, AnyTextIsAnAuthorityAndNoneIsNeeded) {
  EXPECT_TRUE(judge(plain));
  for (const char* authority : {"/run/csi/plugin.sock", "", "localhost", "unix:///a b", "%2Frun%2Fx"}) {
    EXPECT_TRUE(judge(with({{":authority", authority}}, plain))) << authority;
  }
  EXPECT_FALSE(judge(with({{":authority", "a\r\nb"}}, plain)));
  EXPECT_FALSE(judge(with({{":authority", "a"}, {":authority", "b"}}, plain)));
}

TEST_F(MessageRulesTest, MethodSchemeAndPathAreNeededOnce) {
  for (std::size_t i = 0; i < plain.size(); ++i) {
    Fields without = plain;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(judge(without)) << plain[i].first;
    EXPECT_FALSE(judge(with(plain, {plain[i]}))) << plain[i].first;
  }
}

TEST_F(MessageRulesTest, AServerHasAPathForOptionsOnly) {
  EXPECT_TRUE(judge({{":method", "OPTIONS"}, {":scheme", "http"}, {":path", "*"}}));
  EXPECT_FALSE(judge({{":method", "GET"}, {":scheme", "http"}, {":path", "*"}}));
  EXPECT_FALSE(judge({{":method", "GET"}, {":scheme", "http"}, {":path", "no/slash"}}));
  EXPECT_FALSE(judge({{":method", "GET"}, {":scheme", "http"}, {":path", ""}}));
  EXPECT_FALSE(judge({{":method", "G T"}, {":scheme", "http"}, {":path", "/"}}));
  EXPECT_FALSE(judge({{":method", "GET"}, {":scheme", "1"}, {":path", "/"}}));
}

TEST_F(MessageRulesTest, ConnectHasAnAuthorityAlone) {
  EXPECT_TRUE(judge({{":method", "CONNECT"}, {":authority", "a:1"}}));
  EXPECT_FALSE(judge({{":method", "CONNECT"}}));
  EXPECT_FALSE(judge({{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}}));
}

TEST_F(MessageRulesTest, PseudoFieldsComeFirstAndAreThoseOfRequests) {
  EXPECT_FALSE(judge(with({{"a", "b"}}, plain)));
  EXPECT_FALSE(judge(with(plain, {{":status", "200"}})));
  EXPECT_FALSE(judge(with(plain, {{":protocol", "websocket"}})));
  EXPECT_FALSE(judge(with(plain, {{":", ""}})));
}

TEST_F(MessageRulesTest, FieldsOfTheConnectionAreMalformed) {
  for (const char* name : {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    EXPECT_FALSE(judge(with(plain, {{name, "x"}}))) << name;
  }
  EXPECT_FALSE(judge(with(plain, {{"te", "gzip"}})));
  EXPECT_TRUE(judge(with(plain, {{"te", "trailers"}})));
  EXPECT_FALSE(judge(with(plain, {{"host", "a"}, {"host", "b"}})));
}

TEST_F(MessageRulesTest, NamesAndValuesAreThoseOfHttp2) {
  for (const char* name : {"Upper", "a b", "", "a:"}) EXPECT_FALSE(judge(with(plain, {{name, "x"}}))) << name;
  for (const char* value : {"a\nb", " a", "a\t"}) EXPECT_FALSE(judge(with(plain, {{"x", value}}))) << value;
  EXPECT_TRUE(judge(with(plain, {{"x", ""}, {"x-y", "a b"}})));
}

TEST_F(MessageRulesTest, ABodyIsAsLongAsItSaid) {
  EXPECT_TRUE(judge(with(plain, {{"content-length", "5"}})));
  EXPECT_TRUE(rules.take_data(1, 3));
  EXPECT_FALSE(rules.end_body(1));
  EXPECT_FALSE(rules.take_data(1, 3));
  EXPECT_TRUE(rules.take_data(1, 2));
  EXPECT_TRUE(rules.end_body(1));
  rules.forget(1);
  EXPECT_TRUE(rules.take_data(1, 100)) << "it said nothing of it";

  EXPECT_FALSE(judge(with(plain, {{"content-length", "5"}}), true)) << "it has none";
  rules.forget(1);
  EXPECT_TRUE(judge(with(plain, {{"content-length", "0"}}), true));
  for (const char* length : {"", "-1", "5 ", "0x5", "18446744073709551616"}) {
    rules.forget(1);
    EXPECT_FALSE(judge(with(plain, {{"content-length", length}}))) << length;
  }
  EXPECT_FALSE(judge(with(plain, {{"content-length", "5"}, {"content-length", "5"}})));
}

TEST_F(MessageRulesTest, TrailersEndTheRequestAndHaveNoPseudoFields) {
  ASSERT_TRUE(judge(plain));
  rules.begin(1, false);
  EXPECT_TRUE(rules.take_field("checksum", "1"));
  EXPECT_FALSE(rules.end_block(false));
  rules.begin(1, false);
  EXPECT_FALSE(rules.take_field(":path", "/"));
  EXPECT_FALSE(rules.end_block(true));
  rules.begin(1, false);
  EXPECT_FALSE(rules.take_field("content-length", "0"));
  rules.begin(1, false);
  EXPECT_TRUE(rules.end_block(true));
}

// ---- Beside nghttp2 ----

/// The fields of a request, often not quite right; always the same for the same number.
Fields odd_fields(std::mt19937& random, bool trailers) {
  static const Fields odd = {{":method", "GET"},
                             {":method", "CONNECT"},
                             {":method", "OPTIONS"},
                             {":method", "G T"},
                             {":path", "/page"},
                             {":path", "*"},
                             {":path", "page"},
                             {":path", "/a b"},
                             {":path", ""},
                             {":scheme", "https"},
                             {":scheme", "coap+x"},
                             {":scheme", ""},
                             {":scheme", "1"},
                             {":authority", "a"},
                             {":status", "200"},
                             {":protocol", "x"},
                             {":", "x"},
                             {"", "x"},
                             {"Upper", "x"},
                             {"a b", "x"},
                             {"connection", "x"},
                             {"keep-alive", "x"},
                             {"upgrade", "x"},
                             {"transfer-encoding", "x"},
                             {"te", "gzip"},
                             {"te", "trailers"},
                             {"host", "a"},
                             {"content-length", "0"},
                             {"content-length", "3"},
                             {"content-length", ""},
                             {"content-length", "-3"},
                             {"content-length", "3 "},
                             {"x", "a\nb"},
                             {"x", " a"},
                             {"x", "a "},
                             {"x", "good"}};
  Fields fields;
  if (!trailers) {
    fields = {
        {":method", random() % 2 == 0 ? "POST" : "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/page"}};
  }
  for (auto changes = random() % 4; changes > 0; --changes) {
    const auto place = fields.begin() + static_cast<std::ptrdiff_t>(random() % (fields.size() + 1));
    if (random() % 4 == 0 && place != fields.end()) {
      fields.erase(place);
    } else {
      fields.insert(random() % 2 == 0 ? fields.end() : place, odd[random() % odd.size()]);
    }
  }
  return fields;
}

TEST_F(SessionTest, WhereAnyAuthorityIsTakenAllElseIsJudgedAsByNghttp2) {
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    const auto head = odd_fields(random, false);
    // Without either, nghttp2 refuses what is taken here.
    const bool names = std::ranges::any_of(
        head, [](const auto& field) { return field.first == ":authority" || field.first == "host"; });
    if (!names) continue;
    nghttp2_hd_deflater* deflater = nullptr;
    ASSERT_EQ(nghttp2_hd_deflate_new(&deflater, 4096), 0);
    const auto block = [&](const Fields& fields, bool end) {
      std::vector<nghttp2_nv> raw;
      for (const auto& [name, value] : fields) {
        raw.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                       reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                       NGHTTP2_NV_FLAG_NONE});
      }
      std::array<std::uint8_t, 4096> bytes{};
      const ssize_t size = nghttp2_hd_deflate_hd(deflater, bytes.data(), bytes.size(), raw.data(), raw.size());
      EXPECT_GE(size, 0);
      const int flags = NGHTTP2_FLAG_END_HEADERS | (end ? NGHTTP2_FLAG_END_STREAM : 0);
      return raw_frame(NGHTTP2_HEADERS, static_cast<std::uint8_t>(flags), 1,
                       {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size)});
    };
    std::string request = NGHTTP2_CLIENT_MAGIC + raw_frame(NGHTTP2_SETTINGS, 0, 0, "");
    const auto shape = random() % 4;
    auto trailers = odd_fields(random, true);
    // nghttp2 takes it when it is right; what it would be good for there nobody knows.
    std::erase_if(trailers, [](const auto& field) { return field.first == "content-length"; });
    request += block(head, shape == 0);
    if (shape >= 1) request += Speaker::data(1, std::string(random() % 5, 'x'), shape == 1);
    if (shape >= 2) request += block(trailers, shape == 2 || random() % 2 == 0);
    nghttp2_hd_deflate_del(deflater);

    std::vector<std::string> answers;
    for (const auto authorities : {Session::Authorities::of_http, Session::Authorities::any}) {
      begin(authorities);
      feed(request);
      std::string answer;
      for (const Frame& frame : frames()) {
        if (frame.type == NGHTTP2_SETTINGS || frame.type == NGHTTP2_WINDOW_UPDATE) continue;
        answer += std::to_string(frame.type) + " " +
                  (frame.type == NGHTTP2_RST_STREAM ? std::to_string(frame.number(0)) : "") + ",";
      }
      answers.push_back(answer);
      end();
      ended = false;
    }
    std::string shown;
    for (const auto& [name, value] : head) shown += name + "=" + value + ";";
    for (const auto& [name, value] : trailers) shown += " " + name + "=" + value + ";";
    EXPECT_EQ(answers[0], answers[1]) << "seed " << seed << ": " << shown << " shape " << shape;
  }
}

}  // namespace
}  // namespace wasm_grpc::http2
