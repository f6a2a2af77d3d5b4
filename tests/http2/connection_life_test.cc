// What a connection's time brings, told by given times.
#include "http2/connection_life.h"

#include <gtest/gtest.h>

#include <optional>

namespace wasm_grpc::http2 {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Action = ConnectionLife::Action;
using State = ConnectionLife::State;
using Time = ConnectionLife::Time;

const Time start = Time(hours(1000));

class Life : public testing::Test {
 protected:
  Life() {
    settings.keepalive_time = milliseconds(0);
    settings.min_ping_interval = minutes(5);
  }
  /// One that is open since `start`.
  ConnectionLife& open() {
    life.emplace(settings);
    life->begin(start);
    life->opened(start);
    EXPECT_EQ(look(start), Action::none);
    return *life;
  }
  Action look(Time now, bool has_streams = false) { return life->look(now, {.has_streams = has_streams}); }

  ConnectionOptions settings;
  std::optional<ConnectionLife> life;
};

TEST_F(Life, AConnectionThatDoesNotOpenIsGivenUpAndOneThatDoesIsNot) {
  settings.clients.handshake_timeout = seconds(10);
  ConnectionLife slow(settings);
  slow.begin(start);
  EXPECT_EQ(slow.next(), start + seconds(10));
  EXPECT_EQ(slow.look(start + seconds(9), {}), Action::none);
  EXPECT_EQ(slow.look(start + seconds(10), {}), Action::give_up_opening);

  open();
  EXPECT_EQ(look(start + hours(100)), Action::none);
  EXPECT_EQ(life->next(), Time::max());
}

TEST_F(Life, WithoutAHandshakeTimeoutItMayOpenWheneverItLikes) {
  settings.clients.handshake_timeout = seconds(0);
  ConnectionLife slow(settings);
  slow.begin(start);
  EXPECT_EQ(slow.next(), Time::max());
  EXPECT_EQ(slow.look(start + hours(100), {}), Action::none);
}

TEST_F(Life, ASilentClientIsAskedAndGivenUpWhereItDoesNotAnswer) {
  settings.keepalive_time = seconds(100);
  settings.keepalive_timeout = seconds(20);
  open();
  EXPECT_EQ(life->next(), start + seconds(100));
  EXPECT_EQ(look(start + seconds(100)), Action::ping);
  EXPECT_EQ(look(start + seconds(100)), Action::none);
  EXPECT_EQ(life->next(), start + seconds(120));
  EXPECT_EQ(look(start + seconds(120)), Action::give_up_silence);
}

TEST_F(Life, WhateverTheClientSendsAnswersAPing) {
  settings.keepalive_time = seconds(100);
  settings.keepalive_timeout = seconds(20);
  open();
  ASSERT_EQ(look(start + seconds(100)), Action::ping);
  life->heard();
  EXPECT_EQ(look(start + seconds(120)), Action::none);
  EXPECT_EQ(life->next(), start + seconds(220));
  EXPECT_EQ(look(start + seconds(220)), Action::ping);
}

TEST_F(Life, AClientThatCannotBePingedIsLeftAlone) {
  settings.keepalive_time = seconds(100);
  open();
  EXPECT_EQ(life->look(start + hours(10), {.can_ping = false}), Action::none);
  EXPECT_EQ(life->next(), Time::max());
}

TEST_F(Life, IdleTimeBeginsWhenTheLastStreamHasEnded) {
  settings.max_connection_idle = seconds(60);
  open();
  EXPECT_EQ(look(start + seconds(60), true), Action::none);
  EXPECT_EQ(life->next(), start + seconds(120));
  life->idle(start + seconds(100));
  EXPECT_EQ(look(start + seconds(120)), Action::none);
  EXPECT_EQ(life->next(), start + seconds(160));
  EXPECT_EQ(look(start + seconds(160)), Action::announce_end);
  EXPECT_EQ(life->state(), State::announced);
}

TEST_F(Life, AnOldConnectionIsToldToGoAndCutOffAfterTheGrace) {
  settings.max_connection_age = seconds(100);
  settings.max_connection_age_grace = seconds(30);
  open();
  EXPECT_GE(life->next(), start + seconds(90));
  EXPECT_LE(life->next(), start + seconds(110));
  const Time old = life->next();
  EXPECT_EQ(look(old, true), Action::announce_end);
  EXPECT_EQ(look(old, true), Action::none);
  EXPECT_EQ(life->end_was_read(), Action::name_last_stream);
  EXPECT_EQ(look(old + seconds(29), true), Action::none);
  EXPECT_EQ(life->next(), old + seconds(30));
  EXPECT_EQ(look(old + seconds(30), true), Action::close);
}

TEST_F(Life, ConnectionsThatCameTogetherDoNotGetOldTogether) {
  settings.max_connection_age = hours(1);
  open();
  const Time first = life->next();
  ConnectionLife other(settings);
  other.begin(start);
  other.opened(start + milliseconds(1));
  static_cast<void>(other.look(start + milliseconds(1), {}));
  EXPECT_GT(std::chrono::abs(first - other.next()), seconds(1));
}

TEST_F(Life, TheLastStreamIsNamedWhenTheClientHasReadTheAnnouncementOrHadTheTime) {
  open();
  EXPECT_EQ(life->end_was_read(), Action::none) << "nothing was announced";
  EXPECT_EQ(life->drain(start), Action::announce_end);
  EXPECT_EQ(life->drain(start), Action::none) << "once is enough";
  EXPECT_EQ(life->next(), start + seconds(1));
  EXPECT_EQ(look(start + milliseconds(999)), Action::none);
  EXPECT_EQ(look(start + seconds(1)), Action::name_last_stream);
  EXPECT_EQ(life->state(), State::draining);
  EXPECT_EQ(life->end_was_read(), Action::none);
  EXPECT_EQ(life->next(), Time::max()) << "its calls may take their time";
}

TEST_F(Life, AStopWaitsASecondForAConnectionThatIsOpening) {
  life.emplace(settings);
  life->begin(start);
  EXPECT_EQ(life->drain(start), Action::none);
  EXPECT_EQ(life->next(), start + seconds(1));
  life->opened(start + milliseconds(500));
  EXPECT_EQ(look(start + milliseconds(500)), Action::announce_end);

  ConnectionLife silent(settings);
  silent.begin(start);
  static_cast<void>(silent.drain(start));
  EXPECT_EQ(silent.look(start + seconds(1), {}), Action::close) << "it did nothing wrong";
}

TEST_F(Life, TheThirdPingTooManyEndsIt) {
  open();
  EXPECT_EQ(life->client_pinged(start, 0, true), Action::none) << "the first is never too many";
  EXPECT_EQ(life->client_pinged(start + seconds(1), 0, true), Action::none);
  EXPECT_EQ(life->client_pinged(start + seconds(2), 0, true), Action::none);
  EXPECT_EQ(life->client_pinged(start + seconds(3), 0, true), Action::refuse_pings);
  EXPECT_TRUE(life->said_goodbye());
  EXPECT_EQ(look(start + seconds(4)), Action::close) << "who does not read it is not waited for";
}

TEST_F(Life, AnAnswerBetweenPingsAllowsThem) {
  open();
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(life->client_pinged(start, i, true), Action::none);
}

TEST_F(Life, WithoutACallAClientMayPingEveryTwoHoursUnlessPermittedMoreOften) {
  for (const bool permitted : {false, true}) {
    settings.pings_without_calls = permitted;
    open();
    Action last = Action::none;
    for (int i = 0; i < 6; ++i) last = life->client_pinged(start + i * minutes(6), 0, false);
    EXPECT_EQ(last != Action::none || life->said_goodbye(), !permitted);
  }
  settings.pings_without_calls = false;
  open();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(life->client_pinged(start + i * hours(2), 0, false), Action::none);
}

TEST_F(Life, AnEndForBadBehaviourIsGivenASecond) {
  open();
  life->ended(start);
  EXPECT_EQ(life->next(), start + seconds(1));
  EXPECT_EQ(look(start + seconds(1)), Action::close);
}

TEST_F(Life, ALingeringConnectionThinksOfNothingElse) {
  settings.keepalive_time = milliseconds(10);
  settings.max_connection_age = milliseconds(10);
  open();
  life->linger(start);
  EXPECT_EQ(life->next(), start + seconds(1));
  EXPECT_EQ(look(start + milliseconds(999)), Action::none);
  EXPECT_EQ(look(start + seconds(1)), Action::close);
  life->close();
  EXPECT_EQ(look(start + seconds(2)), Action::none);
}

}  // namespace
}  // namespace wasm_grpc::http2
