// A session without a socket: bytes in, bytes out.
#include "http2/session/session.h"

#include <gtest/gtest.h>

#include "session_fixture.h"

namespace wasm_grpc::http2 {
namespace {

TEST_F(SessionTest, ARequestComesInAndItsAnswerGoesOut) {
  begin();
  feed(client.call("/t.T/Echo", "hello", 1));
  EXPECT_EQ(owner->openings, 1);
  EXPECT_EQ(data_said(), message("hello"));
  EXPECT_FALSE(session().has_streams());
  EXPECT_EQ(session().data_sent(), 1U);
  EXPECT_EQ(session().answers_sent(), 3U) << "head, message and trailers";
}

TEST_F(SessionTest, BytesOneByOneMeanTheSame) {
  begin();
  const std::string request = client.call("/t.T/Echo", "hello", 1);
  for (const char& byte : request) feed({&byte, 1});
  EXPECT_EQ(data_said(), message("hello"));
}

TEST_F(SessionTest, ThatThereIsOutputIsToldOnceUntilTheOwnerActsOnIt) {
  begin();
  feed(client.call("/t.T/Echo", "a", 1));
  feed(client.call("/t.T/Echo", "b", 3));
  EXPECT_EQ(owner->outputs, 1);
  static_cast<void>(said());
  feed(client.call("/t.T/Echo", "c", 5));
  EXPECT_EQ(owner->outputs, 2);
}

TEST_F(SessionTest, AStreamBeyondThoseAClientMayHaveIsRefusedAndTheOthersGoOn) {
  settings.max_concurrent_streams = 2;
  begin();
  feed(client.call("/t.T/Keep", "a", 1));
  const auto hello = frames();
  ASSERT_EQ(hello.at(0).type, NGHTTP2_SETTINGS);
  bool told = false;
  for (std::size_t at = 0; at < hello[0].payload.size(); at += 6) {
    told =
        told || (hello[0].payload[at + 1] == NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS && hello[0].number(at + 2) == 2);
  }
  EXPECT_TRUE(told);
  feed(raw_frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, ""));  // it cannot say that it did not know
  feed(client.call("/t.T/Keep", "b", 3));
  feed(client.call("/t.T/Echo", "one too many", 5));
  auto refused = frames();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].type, NGHTTP2_RST_STREAM);
  EXPECT_EQ(refused[0].id, 5U);
  EXPECT_EQ(refused[0].number(0), std::uint32_t{NGHTTP2_REFUSED_STREAM});
  EXPECT_FALSE(owner->is_broken);
  EXPECT_TRUE(owner->violations.empty());

  static_cast<void>(kept.at(0)->send(bytes_of("answer")));
  kept[0]->finish({});
  EXPECT_EQ(data_said(), message("answer"));
  feed(client.call("/t.T/Echo", "in its place", 7));
  EXPECT_EQ(data_said(), message("in its place"));
}

TEST_F(SessionTest, APathIsAnAuthorityWhereAnyIs) {
  begin(Session::Authorities::any);
  feed(client.head("/t.T/Keep", "/run/plugin.sock") + Speaker::data(1, message("x"), true));
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0]->authority(), "/run/plugin.sock");
}

TEST_F(SessionTest, APathIsNoAuthorityElsewhere) {
  begin();
  feed(client.head("/t.T/Keep", "/run/plugin.sock") + Speaker::data(1, message("x"), true));
  EXPECT_TRUE(kept.empty());
  const auto said = frames();
  EXPECT_TRUE(std::ranges::any_of(said, [](const Frame& frame) { return frame.type == NGHTTP2_RST_STREAM; }));
}

TEST_F(SessionTest, AMalformedRequestIsRefusedAloneWhereAnyAuthorityIsTaken) {
  begin(Session::Authorities::any);
  static_cast<void>(said());
  feed(client.head("no path", "a") + Speaker::data(1, message("x"), true));
  EXPECT_TRUE(kept.empty());
  EXPECT_FALSE(session().has_streams());
  feed(client.head("/t.T/Keep", "a") + Speaker::data(3, message("x"), true));
  ASSERT_EQ(kept.size(), 1U);
  int resets = 0;
  for (const Frame& frame : frames()) {
    if (frame.type != NGHTTP2_RST_STREAM) continue;
    ++resets;
    EXPECT_EQ(frame.id, 1U);
    EXPECT_EQ(frame.number(0), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  }
  EXPECT_EQ(resets, 1);
}

TEST_F(SessionTest, WhoKeepsOpeningMoreThanItMayIsEnded) {
  settings.max_concurrent_streams = 1;
  settings.clients.reset_burst = 10;
  settings.clients.resets_per_second = 1;
  begin();
  feed(client.call("/t.T/Keep", "a", 1));
  for (std::uint32_t id = 3; id < 60; id += 2) {
    feed(client.call("/t.T/Echo", "more", id));
    static_cast<void>(said());
  }
  EXPECT_EQ(owner->violations.at(0), EndReason::error_flood);
}

TEST_F(SessionTest, ALargeMessageIsWrittenFromWhereItIs) {
  begin();
  const std::string large(20'000, 'x');
  feed(client.head("/t.T/Echo"));
  const std::string whole = message(large);
  for (std::size_t at = 0; at < whole.size(); at += 16'000) {
    feed(Speaker::data(1, whole.substr(at, 16'000), at + 16'000 >= whole.size()));
  }
  session().submit();
  batch.clear();
  static_cast<void>(session().pull(batch));
  EXPECT_GT(batch.buffers().size(), 1U) << "frames and what they refer to";
  EXPECT_GT(batch.size(), large.size());
  session().written();
}

TEST_F(SessionTest, PingsAreToldAndAnswered) {
  begin();
  feed(client.head("/t.T/Keep") + raw_frame(NGHTTP2_PING, 0, 0, "12345678"));
  EXPECT_EQ(owner->pings, 1);
  const auto answers = frames();
  EXPECT_TRUE(std::ranges::any_of(answers, [](const Frame& frame) {
    return frame.type == NGHTTP2_PING && frame.flags == NGHTTP2_FLAG_ACK && frame.payload == "12345678";
  }));
  feed(raw_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "abcdefgh"));
  EXPECT_EQ(owner->answered, "abcdefgh");
}

TEST_F(SessionTest, TheEndIsAnnouncedThenTheLastStreamNamed) {
  begin();
  feed(client.call("/t.T/Keep", "x", 1));
  static_cast<void>(said());
  session().announce_end();
  auto goodbyes = frames();
  ASSERT_EQ(goodbyes.size(), 1U);
  EXPECT_EQ(goodbyes[0].type, NGHTTP2_GOAWAY);
  EXPECT_EQ(goodbyes[0].number(0), 0x7fffffffU);
  session().name_last_stream(NGHTTP2_NO_ERROR, "why");
  goodbyes = frames();
  ASSERT_EQ(goodbyes.size(), 1U);
  EXPECT_EQ(goodbyes[0].number(0), 1U);
  EXPECT_EQ(goodbyes[0].payload.substr(8), "why");
  EXPECT_FALSE(session().is_over()) << "a stream is left";
}

TEST_F(SessionTest, WhatIsNoHttp2BreaksIt) {
  begin();
  feed("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_TRUE(owner->is_broken);
  EXPECT_EQ(owner->ends, std::vector{EndReason::protocol_error});
}

TEST_F(SessionTest, WhatTheGuardRefusesIsAViolation) {
  begin();
  feed(client.call("/t.T/Keep", "x", 1));
  EXPECT_TRUE(owner->violations.empty());
  feed(Speaker::data(1, "more", false));
  EXPECT_EQ(owner->violations, std::vector{EndReason::protocol_error});
}

TEST_F(SessionTest, ItIsNotClosedWhileItIsFed) {
  begin();
  EXPECT_TRUE(session().may_close());
  feed(client.call("/t.T/Close", "x", 1));
  EXPECT_TRUE(session().close_wanted());
  EXPECT_FALSE(session().takes_input());
}

TEST_F(SessionTest, ItsOwnerLivesUntilTheLastCallIsLetGo) {
  begin();
  feed(client.call("/t.T/Keep", "x", 1));
  bool gone = false;
  owner->gone = &gone;
  session().close(rpc::CallEnd::connection);
  ended = true;
  owner = {};
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_TRUE(kept[0]->cancelled());
  EXPECT_FALSE(gone);
  std::exchange(kept, {})[0]->release();
  EXPECT_TRUE(gone);
}

TEST_F(SessionTest, DroppedStreamsAreCancelledAndSaidNothingOf) {
  begin();
  feed(client.call("/t.T/Keep", "x", 1));
  static_cast<void>(said());
  session().drop_streams();
  EXPECT_TRUE(kept.at(0)->cancelled());
  EXPECT_FALSE(session().takes_input());
  EXPECT_TRUE(frames().empty());
}

TEST_F(SessionTest, IdleTimeIsToldWhereItMatters) {
  for (const bool matters : {false, true}) {
    settings.max_connection_idle = std::chrono::seconds(matters ? 1 : 0);
    Speaker other;
    begin();
    feed(other.call("/t.T/Echo", "x", 1));
    static_cast<void>(said());
    EXPECT_EQ(owner->idles, matters ? 1 : 0);
    end();
    ended = false;
  }
}

}  // namespace
}  // namespace wasm_grpc::http2
