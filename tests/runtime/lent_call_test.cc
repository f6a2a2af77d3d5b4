// A call that is lent is to its client and its guest as any other, whether the guest had begun or not.

#include <gtest/gtest.h>

#include "abi/pantopic_fixture.h"
#include "abi/v1/numbers.h"
#include "runtime/loans_fixture.h"

namespace wasm_grpc::runtime {
namespace {

using namespace abi::v1;
using rpc::MethodKind;
using rpc::StatusCode;

constexpr std::string_view echo = R"(
  (local $size i32)
  (block $end (loop $next
    (local.set $size (call $recv (local.get $call) (i32.const 1024) (i32.const 2000)))
    (if (i32.ge_s (local.get $size) (i32.const 0)) (then
      (drop (call $send (local.get $call) (i32.const 1024) (local.get $size)))
      (br $next)))
    (br_if $end (i32.ne (local.get $size) (i32.const -2)))  ;; AGAIN
    (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
    (br $next)))
  (call $tell (local.get $size))
  (i32.const 0))";

constexpr std::string_view for_ever = "(loop $for_ever (call $slices (i32.const 1)) (br $for_ever)) (i32.const 0)";

/// Before its guest has begun, or in the middle of it.
enum class Moment : bool { before, within };

struct LentCallTest : LoansFixture, testing::WithParamInterface<Moment> {
  /// Begins a call that is lent. The guest's `body` begins with a local, if it has any, named $size.
  void lend(TestCall& call) {
    if (GetParam() == Moment::before) {
      begin_long_call(call);
    } else {
      lender->handler.start(call);
    }
    lender->turn();
    if (GetParam() == Moment::within) lender->turn();
    EXPECT_EQ(calls_lent(), GetParam() == Moment::before ? 1 : 0);
    EXPECT_EQ(guests_lent(), GetParam() == Moment::within ? 1 : 0);
    EXPECT_TRUE(lender->scheduler.empty());
  }
  void make(MethodKind kind, std::string_view body, std::string_view more = "",
            const InstanceLife& life = no_warm_instances()) {
    std::string text(body);
    if (GetParam() == Moment::within) {
      constexpr std::string_view local = "(local $size i32)";
      const std::size_t at = text.find(local);
      text.insert(at == std::string::npos ? 0 : at + local.size(), "(call $slices (i32.const 1))");
    }
    make_workers(kind, text, more, life);
  }
  static_assert(AGAIN == -2);
};

INSTANTIATE_TEST_SUITE_P(Lent, LentCallTest, testing::Values(Moment::before, Moment::within),
                         [](const auto& moment) { return moment.param == Moment::before ? "before" : "within"; });

TEST_P(LentCallTest, AUnaryCallIsAnswered) {
  make(MethodKind::unary, echo);
  TestCall call(MethodKind::unary);
  call.client_sends("hello");
  call.client_ends();
  lend(call);
  run_both();
  EXPECT_EQ(call.messages(), std::vector<std::string>{"hello"});
  EXPECT_TRUE(call.finished());
  EXPECT_EQ(call.status().code, StatusCode::ok);
  EXPECT_EQ(call.consumed(), 10U);
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(exchange.desk(1).loans, 0U);
  EXPECT_EQ(exchange.desk(1).running_loans, 0U);
}

TEST_P(LentCallTest, AStreamGoesBothWaysWhileItIsLent) {
  make(MethodKind::bidi_stream, echo);
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("one");
  call.client_sends("two");
  lend(call);
  run_both();
  EXPECT_EQ(call.messages(), (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(call.headers_sent());
  EXPECT_EQ(exchange.desk(1).running_loans, 0U) << "it waits";
  call.client_sends("three");
  run_both();
  call.client_sends("");
  call.client_sends(std::string(1500, 'x'));
  run_both();
  EXPECT_EQ(call.messages(), (std::vector<std::string>{"one", "two", "three", "", std::string(1500, 'x')}));
  EXPECT_EQ(call.consumed(), 3 + 3 + 5 + 1500 + 5 * 5U);
  EXPECT_FALSE(call.finished());
  call.client_ends();
  run_both();
  EXPECT_TRUE(call.finished());
  EXPECT_EQ(call.status().code, StatusCode::ok);
  EXPECT_EQ(notes, std::vector<std::int32_t>{END});
  EXPECT_TRUE(call.let_go_of());
}

/// A guest that is called for each message of a stream, and answers with how many there were in this stream. Where it
/// has begun it is sliced in its first export, at the call of a function.
std::string counting_guest(Moment moment) {
  abi::pantopic::Description description;
  description.services = "/test.Service/b.Method";
  std::string text = abi::pantopic::push_text(
      "(global $count (mut i32) (i32.const 48))" +
          abi::pantopic::function(
              "__grpc_server_bidirectional_open",
              moment == Moment::within
                  ? "(call $tick) (call $tick) (call $len (i32.const 0)) (global.set $count (i32.const 48))"
                  : "(global.set $count (i32.const 48))") +
          abi::pantopic::function("__grpc_server_bidirectional_recv", R"(
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (i32.store8 (i32.const 4096) (global.get $count))
            (call $len (i32.const 1)) (call $send))"),
      description);
  return text.insert(text.find("(module") + 7, R"((import "test" "tick" (func $tick)))");
}

TEST_P(LentCallTest, AGuestIsCalledForEachMessageWhereItWorks) {
  make_workers_of(MethodKind::bidi_stream, counting_guest(GetParam()));
  TestCall call(MethodKind::bidi_stream);
  lend(call);
  run_both();
  call.client_sends("a");
  run_both();
  EXPECT_EQ(exchange.desk(1).running_loans, 0U) << "it waits";
  call.client_sends("b");
  call.client_sends("c");
  run_both();
  EXPECT_EQ(call.messages(), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_FALSE(call.finished());
  call.client_ends();
  run_both();
  EXPECT_TRUE(call.finished());
  EXPECT_EQ(call.status().code, StatusCode::ok);
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(exchange.desk(1).loans, 0U);
}

TEST_P(LentCallTest, AGuestBetweenTheMessagesOfAStreamLosesItsClient) {
  make_workers_of(MethodKind::bidi_stream, counting_guest(GetParam()));
  TestCall call(MethodKind::bidi_stream);
  lend(call);
  call.client_sends("a");
  run_both();
  EXPECT_EQ(call.messages(), std::vector<std::string>{"1"});
  call.client_cancels();
  run_both();
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(exchange.desk(1).loans, 0U);
  EXPECT_EQ(exchange.desk(1).running_loans, 0U);
  const InstancePool& home = (GetParam() == Moment::before ? taker : lender)->instances;
  EXPECT_EQ(home.idle(), 1U) << "the instance is as good as before";
}

TEST_P(LentCallTest, APieceOfAMessageWaitsForItsRestAtTheLender) {
  make(MethodKind::bidi_stream, echo);
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("whole");
  const std::string_view message("\0\0\0\0\6pieces", 11);
  call.client_sends_bytes(message.substr(0, 7));
  lend(call);
  run_both();
  EXPECT_EQ(call.messages(), std::vector<std::string>{"whole"});
  call.client_sends_bytes(message.substr(7));
  run_both();
  EXPECT_EQ(call.messages(), (std::vector<std::string>{"whole", "pieces"}));
  call.client_ends();
  run_both();
}

TEST_P(LentCallTest, TheGuestSeesWhoCallsAndWhatFor) {
  make(MethodKind::unary, R"(
    (call $tell (call $info (local.get $call) (i32.const 0) (i32.const 1024) (i32.const 100)))
    (call $tell (call $info (local.get $call) (i32.const 1) (i32.const 1024) (i32.const 100)))
    (call $tell (call $info (local.get $call) (i32.const 2) (i32.const 1024) (i32.const 100)))
    (call $tell (i32.load8_u (i32.const 1024)))
    (call $tell (call $info (local.get $call) (i32.const 3) (i32.const 1024) (i32.const 100)))
    (call $tell (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const 0)
                                    (i32.const 1024) (i32.const 100)))
    (call $tell (i64.ne (call $deadline (local.get $call)) (i64.const 9223372036854775807)))
    (i32.const 0))");
  TestCall call(MethodKind::unary);
  call.add_request_metadata("x-key", "four");
  call.set_deadline(rpc::Clock::now() + std::chrono::hours(1));
  call.client_sends("");
  call.client_ends();
  lend(call);
  run_both();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{20, 11, 14, '1', ABSENT, 4, 1}));
}

TEST_P(LentCallTest, WhoItsClientIsOutlivesTheConnectionUntilTheLoanEnds) {
  make(MethodKind::bidi_stream, echo);
  TestCall call(MethodKind::bidi_stream);
  EXPECT_FALSE(call.client_is_shared());
  lend(call);
  run_both();
  EXPECT_TRUE(call.client_is_shared());
  call.client_ends();
  run_both();
  EXPECT_TRUE(call.let_go_of());
  EXPECT_FALSE(call.client_is_shared());
}

TEST_P(LentCallTest, HeadersAndTrailersReachTheClient) {
  make(MethodKind::bidi_stream, R"(
    (call $tell (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 5)
                                    (i32.const 80) (i32.const 5)))
    (call $tell (call $headers_send (local.get $call)))
    (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
    (call $tell (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 5)
                                    (i32.const 80) (i32.const 5)))
    (call $finish (local.get $call) (i32.const 7) (i32.const 80) (i32.const 5)))");
  TestCall call(MethodKind::bidi_stream);
  lend(call);
  run_both();
  EXPECT_TRUE(call.headers_sent()) << "before there is a message";
  EXPECT_EQ(call.headers().get("x-key"), "value");
  EXPECT_FALSE(call.finished());
  call.client_ends();
  run_both();
  EXPECT_EQ(call.trailers().get("x-key"), "value");
  EXPECT_EQ(call.status().code, StatusCode::permission_denied);
  EXPECT_EQ(call.status().message, "value");
  EXPECT_EQ(notes, (std::vector<std::int32_t>{0, 0, 0}));
}

TEST_P(LentCallTest, AnOkWithoutTheOneResponseIsInternal) {
  make(MethodKind::unary, "(i32.const 0)");
  TestCall call(MethodKind::unary);
  call.client_sends("");
  call.client_ends();
  lend(call);
  run_both();
  EXPECT_EQ(call.status().code, StatusCode::internal);
}

TEST_P(LentCallTest, WhatWaitsToBeSentIsBoundedWhereverItWaits) {
  // Sends messages of 1000 bytes whose first is their number, and waits when it is told to.
  make(MethodKind::server_stream, R"((local $size i32)
    (block $end (loop $next
      (i32.store8 (i32.const 1024) (local.get $size))
      (if (call $send (local.get $call) (i32.const 1024) (i32.const 1000)) (then
        (drop (call $wait (local.get $call) (i32.const 2) (i64.const -1)))
        (br $next)))
      (local.set $size (i32.add (local.get $size) (i32.const 1)))
      (call $tell (local.get $size))
      (br_if $next (i32.lt_s (local.get $size) (i32.const 1000)))))
    (i32.const 0))");
  TestCall call(MethodKind::server_stream);
  call.client_sends("");
  call.client_ends();
  lend(call);
  run_both();
  EXPECT_LE(notes.size() * 1000, 4 * rpc::output_high_water) << "with a client that does not read";
  EXPECT_FALSE(call.finished());
  for (int rounds = 0; !call.finished() && rounds < 1000; ++rounds) {
    call.client_reads_everything();
    run_both();
  }
  ASSERT_TRUE(call.finished());
  const auto messages = call.messages();
  ASSERT_EQ(messages.size(), 1000U);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    ASSERT_EQ(messages[i].size(), 1000U);
    ASSERT_EQ(static_cast<unsigned char>(messages[i][0]), i % 256);
  }
}

TEST_P(LentCallTest, AResponseLargerThanTheHostSendsEndsIt) {
  make(MethodKind::unary, R"(
    (drop (memory.grow (i32.const 1)))
    (call $tell (call $send (local.get $call) (i32.const 0) (i32.const 100001)))
    (call $tell (call $send (local.get $call) (i32.const 0) (i32.const 1)))
    (i32.const 0))");
  TestCall call(MethodKind::unary);
  call.client_sends("");
  call.client_ends();
  lend(call);
  run_both();
  EXPECT_EQ(call.status().code, StatusCode::resource_exhausted);
  EXPECT_EQ(call.status().message, "the response message has 100001 bytes; the server sends at most 100000");
  EXPECT_EQ(notes, (std::vector<std::int32_t>{CLOSED, CLOSED}));
  EXPECT_TRUE(call.messages().empty());
  EXPECT_TRUE(call.let_go_of());
}

TEST_P(LentCallTest, AWaitingGuestIsToldThatItsClientHasGone) {
  make(MethodKind::bidi_stream,
       "(call $tell (call $wait (local.get $call) (i32.const 1) (i64.const -1))) (i32.const 0)");
  TestCall call(MethodKind::bidi_stream);
  lend(call);
  run_both();
  call.client_cancels();
  run_both();
  EXPECT_EQ(notes, std::vector<std::int32_t>{CANCELLED});
  EXPECT_TRUE(call.let_go_of());
}

TEST_P(LentCallTest, AComputingGuestWhoseClientHasGoneIsDropped) {
  make(MethodKind::unary, for_ever);
  TestCall call(MethodKind::unary);
  lend(call);
  taker->turn();
  EXPECT_FALSE(taker->scheduler.empty());
  call.client_cancels();
  run_both();
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(exchange.desk(1).loans, 0U);
}

TEST_P(LentCallTest, ADeadlineEndsIt) {
  make(MethodKind::unary, for_ever);
  TestCall call(MethodKind::unary);
  lend(call);
  taker->turn();
  call.deadline_passes();
  run_both();
  EXPECT_EQ(call.status().code, StatusCode::deadline_exceeded);
  EXPECT_TRUE(call.let_go_of());
}

TEST_P(LentCallTest, UsedUpCpuTimeEndsIt) {
  make(MethodKind::unary, for_ever);
  TestCall call(MethodKind::unary);
  lend(call);
  run_both();
  EXPECT_EQ(call.status().code, StatusCode::resource_exhausted);
  EXPECT_EQ(taker->instances.counters().failures[static_cast<std::size_t>(GuestFailure::cpu_time)], 1U);
  EXPECT_TRUE(call.let_go_of());
}

TEST_P(LentCallTest, ATrapEndsIt) {
  make(MethodKind::unary, "(unreachable)");
  TestCall call(MethodKind::unary);
  call.client_sends("");
  call.client_ends();
  lend(call);
  run_both();
  EXPECT_EQ(call.status().code, StatusCode::internal);
  EXPECT_TRUE(call.let_go_of());
  EXPECT_TRUE(logged("unreachable"));
  auto& owner = GetParam() == Moment::before ? *taker : *lender;
  EXPECT_EQ(owner.instances.counters().instances_discarded, 1U);
  EXPECT_EQ(owner.instances.counters().instances_idle, 0U);
}

TEST_P(LentCallTest, AGuestThatHasAnsweredMayGoOnForASlice) {
  make(MethodKind::unary, R"(
    (drop (call $finish (local.get $call) (i32.const 5) (i32.const 0) (i32.const 0)))
    (call $slices (i32.const 1))
    (call $tell (call $send (local.get $call) (i32.const 0) (i32.const 1)))
    (i32.const 0))");
  TestCall call(MethodKind::unary);
  lend(call);
  run_both();
  EXPECT_EQ(call.status().code, StatusCode::not_found);
  EXPECT_EQ(notes, std::vector<std::int32_t>{CLOSED});
  EXPECT_TRUE(call.let_go_of());
}

TEST_P(LentCallTest, MessagesAreCompressedBothWays) {
  make(MethodKind::bidi_stream, R"(
    (call $tell (call $compress (local.get $call) (i32.const 1)))
    (call $tell (call $recv (local.get $call) (i32.const 1024) (i32.const 1000)))
    (call $tell (call $info (local.get $call) (i32.const 4) (i32.const 2048) (i32.const 8)))
    (drop (call $send (local.get $call) (i32.const 1024) (i32.const 16)))
    (i32.const 0))");
  rpc::BufferPool buffers;
  rpc::Codec codec(buffers);
  std::vector<std::byte> compressed;
  ASSERT_TRUE(codec.compress(rpc::Encoding::gzip, std::as_bytes(std::span("to be compressed", 16)), compressed));
  const std::string message(reinterpret_cast<const char*>(compressed.data()), compressed.size());
  TestCall call(MethodKind::bidi_stream);
  call.client_accepts("gzip");
  call.client_compresses_by(rpc::Encoding::gzip);
  call.client_sends(message, '\1');
  lend(call);
  run_both();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 16, 4}));
  EXPECT_EQ(call.announced(), rpc::Encoding::gzip);
  EXPECT_EQ(call.flags(), std::vector<int>{1});
  EXPECT_EQ(call.messages(), std::vector<std::string>{message});
  EXPECT_EQ(call.consumed(), message.size() + 5);
}

TEST_P(LentCallTest, AMessageThatCannotBeDecompressedEndsIt) {
  make(MethodKind::unary, echo);
  TestCall call(MethodKind::unary);
  call.client_compresses_by(rpc::Encoding::gzip);
  call.client_sends("no gzip", '\1');
  call.client_ends();
  lend(call);
  run_both();
  EXPECT_EQ(notes, std::vector<std::int32_t>{CANCELLED});
  EXPECT_EQ(call.status().code, StatusCode::internal);
  EXPECT_NE(call.status().message.find("gzip"), std::string::npos);
  EXPECT_TRUE(call.let_go_of());
}

TEST_P(LentCallTest, AnInstanceGoesBackToWhereItCameFrom) {
  make(MethodKind::unary, "(i32.const 5)");
  for (int i = 0; i < 3; ++i) {
    TestCall call(MethodKind::unary);
    exchange.desk(0).calls_lent.set(0);
    exchange.desk(0).guests_lent.set(0);
    lend(call);
    run_both();
    EXPECT_EQ(call.status().code, StatusCode::not_found);
  }
  auto& owner = GetParam() == Moment::before ? *taker : *lender;
  auto& other = GetParam() == Moment::before ? *lender : *taker;
  EXPECT_EQ(owner.instances.counters().instances_made, 1U);
  EXPECT_EQ(owner.instances.counters().instances_idle, 1U);
  EXPECT_EQ(other.instances.counters().instances_made, 0U);
}

TEST_P(LentCallTest, InFreshModeItsInstanceIsItsOwn) {
  InstanceLife fresh = no_warm_instances();
  fresh.mode = InstanceMode::fresh;
  make(MethodKind::unary, R"(
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (global.get $calls))",
       "(global $calls (mut i32) (i32.const 4))", fresh);
  for (int i = 0; i < 3; ++i) {
    TestCall call(MethodKind::unary);
    exchange.desk(0).calls_lent.set(0);
    exchange.desk(0).guests_lent.set(0);
    lend(call);
    run_both();
    EXPECT_EQ(call.status().code, StatusCode::not_found) << "5: what it counts to in a new instance";
  }
  const auto& owner = GetParam() == Moment::before ? *taker : *lender;
  const auto& other = GetParam() == Moment::before ? *lender : *taker;
  EXPECT_EQ(owner.instances.counters().instances_made, 3U);
  EXPECT_EQ(owner.instances.counters().instances_discarded, 3U);
  EXPECT_EQ(owner.instances.alive(), 0U);
  EXPECT_EQ(other.instances.counters().instances_made, 0U);
}

TEST_P(LentCallTest, ATakerThatIsCutOffSaysSo) {
  make(MethodKind::bidi_stream, echo);
  TestCall call(MethodKind::bidi_stream);
  lend(call);
  run_both();
  taker->stop();
  run_both();
  EXPECT_EQ(call.status().code, StatusCode::unavailable);
  EXPECT_TRUE(call.let_go_of());
}

TEST_P(LentCallTest, ALoanThatTheTakerHasNotSeenComesBackWhenItIsCutOff) {
  make(MethodKind::bidi_stream, echo);
  TestCall call(MethodKind::bidi_stream);
  lend(call);
  taker->stop();
  EXPECT_EQ(exchange.desk(1).loans, 0U);
  run_both();
  EXPECT_EQ(call.status().code, StatusCode::unavailable);
  EXPECT_TRUE(call.let_go_of());
}

TEST_P(LentCallTest, ALenderThatIsCutOffEndsWhatItLent) {
  make(MethodKind::bidi_stream, echo);
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("one");
  lend(call);
  run_both();
  lender->stop();
  EXPECT_TRUE(call.let_go_of());
  while (taker->turn()) {
  }
  EXPECT_EQ(notes, std::vector<std::int32_t>{CANCELLED});
  EXPECT_EQ(exchange.desk(1).loans, 0U);
}

// ---- Coming home ----

struct HomeTest : LoansFixture {
  /// Something of the taker's own that computes without end.
  struct Spinner final : Task {
    explicit Spinner(Scheduler& its_scheduler) : scheduler(its_scheduler) {}
    void run() noexcept override { scheduler.sliced(*this); }
    Scheduler& scheduler;
  };
  /// A guest that echoes each message, with so many slices of computing before, is lent in its first.
  void lend_to_a_busy_worker(TestCall& call, int slices) {
    make_workers(MethodKind::bidi_stream, R"((local $size i32)
      (block $end (loop $next
        (local.set $size (call $recv (local.get $call) (i32.const 1024) (i32.const 2000)))
        (if (i32.ge_s (local.get $size) (i32.const 0)) (then
          (call $slices (i32.const )" + std::to_string(slices) +
                                              R"())
          (drop (call $send (local.get $call) (i32.const 1024) (local.get $size)))
          (br $next)))
        (br_if $end (i32.ne (local.get $size) (i32.const -2)))
        (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
        (br $next)))
      (i32.const 0))");
    call.handled_by(lender->handler);
    lender->handler.start(call);
    lender->turn();
    lender->turn();
    ASSERT_EQ(guests_lent(), 1U);
    spinner = std::make_unique<Spinner>(taker->scheduler);
    taker->scheduler.sliced(*spinner);
    taker->sharing.own_work();
    lender->sharing.idle();
  }
  /// So many turns of both.
  void turn_both(int count) {
    for (; count > 0; --count) {
      taker->turn();
      lender->turn();
    }
  }
  std::unique_ptr<Spinner> spinner;
};

TEST_F(HomeTest, AGuestGoesHomeWhereItsTakerComputesAndItsLenderIsIdle) {
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("one");
  lend_to_a_busy_worker(call, 20);
  turn_both(10);
  EXPECT_EQ(exchange.desk(1).loans, 0U);
  EXPECT_FALSE(call.finished());
  for (int i = 0; i < 60; ++i) lender->turn();
  EXPECT_EQ(call.messages(), std::vector<std::string>{"one"}) << "it has gone on where it was";
  call.client_sends("two");
  call.client_ends();
  for (int i = 0; i < 60; ++i) lender->turn();
  EXPECT_EQ(call.messages(), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(call.status().code, StatusCode::ok);
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(lender->instances.alive(), 1U);
  EXPECT_EQ(taker->instances.alive(), 0U);
}

TEST_F(HomeTest, WhatItsClientSendsOnTheWayIsNotLostAndKeepsItsOrder) {
  TestCall call(MethodKind::bidi_stream);
  std::vector<std::string> sent{"0"};
  call.client_sends(sent.back());
  lend_to_a_busy_worker(call, 3);
  for (int i = 1; i < 30; ++i) {
    sent.push_back(std::to_string(i));
    call.client_sends(sent.back());
    if (i % 2 == 0) taker->turn();
    if (i % 3 == 0) lender->turn();
  }
  call.client_ends();
  for (int i = 0; i < 400 && !call.finished(); ++i) turn_both(1);
  EXPECT_EQ(call.messages(), sent);
  EXPECT_EQ(call.status().code, StatusCode::ok);
  EXPECT_TRUE(call.let_go_of());
}

TEST_F(HomeTest, AGuestThatWaitsWhenItIsCalledHomeStaysAndHearsItsClient) {
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("one");
  lend_to_a_busy_worker(call, 2);
  for (int i = 0; i < 10; ++i) taker->turn();  // it asks, and comes to its end before the lender hears of that
  turn_both(4);
  call.client_sends("two");
  call.client_ends();
  for (int i = 0; i < 100 && !call.finished(); ++i) turn_both(1);
  EXPECT_EQ(call.messages(), (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(call.let_go_of());
}

TEST_F(HomeTest, ACallThatEndsOnTheWayHomeTakesItsGuestAlong) {
  for (int turns = 0; turns < 6; ++turns) {
    TestCall call(MethodKind::bidi_stream);
    call.client_sends("one");
    lend_to_a_busy_worker(call, 1000);
    for (int i = 0; i < turns; ++i) (i % 2 == 0 ? *taker : *lender).turn();
    call.client_cancels();
    turn_both(20);
    EXPECT_TRUE(call.let_go_of()) << turns;
    EXPECT_EQ(exchange.desk(1).loans, 0U);
    taker.reset();
    lender.reset();
  }
}

}  // namespace
}  // namespace wasm_grpc::runtime
