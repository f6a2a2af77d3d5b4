#include "http2/message_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

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
  /// Whether it is well-formed; `taken` are the names of the fields that count.
  bool judge(const Fields& fields, bool end_stream = false) {
    taken.clear();
    rules.begin(1, true);
    for (const auto& [name, value] : fields) {
      if (rules.take_field(name, value)) taken.push_back(name);
    }
    return rules.end_block(end_stream);
  }
  MessageRules rules;
  std::vector<std::string> taken;
};

TEST_F(MessageRulesTest, AnyTextIsAnAuthorityAndNoneIsNeeded) {
  EXPECT_TRUE(judge(plain));
  for (const char* authority : {"/run/csi/plugin.sock", "", "localhost", "unix:///a b", "%2Frun%2Fx"}) {
    EXPECT_TRUE(judge(with({{":authority", authority}}, plain))) << authority;
    EXPECT_EQ(taken.front(), ":authority");
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

TEST_F(MessageRulesTest, NamesAreInLowerCaseAndWhatIsNoFieldIsPassedOver) {
  EXPECT_FALSE(judge(with(plain, {{"Upper", "x"}})));
  EXPECT_TRUE(judge(with(plain, {{"a b", "x"}, {"", "x"}, {"good", "a\nb"}, {"last", "x"}})));
  EXPECT_EQ(taken, (std::vector<std::string>{":method", ":scheme", ":path", "last"}));
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
  EXPECT_TRUE(rules.end_block(true));
}

}  // namespace
}  // namespace wasm_grpc::http2
