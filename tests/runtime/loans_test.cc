// Which calls are lent, and to whom; and what a guest that moves in the middle of its call finds.

#include "runtime/sharing/loans.h"

#include <gtest/gtest.h>

#include <thread>

#include "abi/v1/numbers.h"
#include "runtime/loans_fixture.h"

namespace wasm_grpc::runtime {
namespace {

using namespace abi::v1;
using rpc::MethodKind;
using rpc::StatusCode;

struct LoansTest : LoansFixture {};

constexpr std::string_view not_found = "(i32.const 5)";
constexpr std::string_view two_slices = "(call $slices (i32.const 2)) (i32.const 5)";

TEST_F(LoansTest, ALoneCallStaysWhereItIs) {
  make_workers(MethodKind::unary, not_found);
  TestCall call(MethodKind::unary);
  lender->calls.serve(call, lender->instances, 0, cost);
  run_both();
  EXPECT_TRUE(call.finished());
  EXPECT_EQ(calls_lent() + guests_lent(), 0U);
}

TEST_F(LoansTest, CheapCallsStayWhereTheyAre) {
  make_workers(MethodKind::unary, not_found);
  MethodCost low;
  low.add_sample(std::chrono::microseconds(10));
  TestCall first(MethodKind::unary), second(MethodKind::unary);
  lender->calls.serve(first, lender->instances, 0, low);
  lender->calls.serve(second, lender->instances, 0, low);
  run_both();
  EXPECT_TRUE(second.finished());
  EXPECT_EQ(calls_lent() + guests_lent(), 0U);
}

TEST_F(LoansTest, TheTakerHasAFewLongCallsOnHandAndTheLenderTheRest) {
  make_workers(MethodKind::unary, not_found);
  std::vector<std::unique_ptr<TestCall>> batch;
  for (int i = 0; i < 5; ++i) {
    batch.push_back(std::make_unique<TestCall>(MethodKind::unary));
    lender->calls.serve(*batch.back(), lender->instances, 0, cost);
  }
  lender->turn();
  EXPECT_EQ(calls_lent(), 2U);
  EXPECT_TRUE(batch[4]->finished());
  EXPECT_FALSE(batch[0]->finished());
  run_both();
  for (const auto& call : batch) EXPECT_EQ(call->status().code, StatusCode::not_found);
}

TEST_F(LoansTest, AWorkerWithWorkOfItsOwnTakesNothingTillItWasIdle) {
  make_workers(MethodKind::unary, two_slices);
  taker->sharing.own_work();
  TestCall busy(MethodKind::unary);
  lender->handler.start(busy);
  run_both();
  EXPECT_TRUE(busy.finished());
  EXPECT_EQ(guests_lent(), 0U);
  taker->sharing.idle();
  TestCall idle(MethodKind::unary);
  lender->handler.start(idle);
  run_both();
  EXPECT_TRUE(idle.finished());
  EXPECT_EQ(guests_lent(), 1U);
}

TEST_F(LoansTest, AWorkerTakesLoansUntilNoWorkerHasAConnection) {
  make_workers(MethodKind::unary, two_slices);
  taker->sharing.drained();
  EXPECT_FALSE(taker->sharing.has_returned_all()) << "the lender may have calls to lend";
  taker->sharing.idle();
  TestCall call(MethodKind::unary);
  lender->handler.start(call);
  run_both();
  EXPECT_TRUE(call.finished());
  EXPECT_EQ(guests_lent(), 1U);
  lender->sharing.drained();
  EXPECT_TRUE(lender->sharing.has_returned_all());
  EXPECT_TRUE(taker->sharing.has_returned_all());
}

TEST_F(LoansTest, AWorkerThatStopsTakesNothing) {
  make_workers(MethodKind::unary, two_slices);
  lender->sharing.drained();
  taker->sharing.drained();
  EXPECT_TRUE(taker->sharing.has_returned_all());
  taker->sharing.idle();
  TestCall call(MethodKind::unary);
  lender->handler.start(call);
  run_both();
  EXPECT_TRUE(call.finished());
  EXPECT_EQ(guests_lent(), 0U);
  EXPECT_TRUE(taker->sharing.has_returned_all());
}

TEST_F(LoansTest, ALentCallIsNotLentAgain) {
  make_workers(MethodKind::unary, "(call $slices (i32.const 5)) (i32.const 5)");
  lender->sharing.idle();
  TestCall call(MethodKind::unary);
  lender->handler.start(call);
  lender->sharing.idle();
  run_both();
  EXPECT_TRUE(call.finished());
  EXPECT_EQ(guests_lent(), 1U);
  EXPECT_EQ(exchange.desk(1).guests_lent, 0U);
}

TEST_F(LoansTest, SpinningGuestsAreDividedEvenly) {
  make_workers(MethodKind::unary, "(loop $for_ever (call $slices (i32.const 1)) (br $for_ever)) (i32.const 0)");
  std::vector<std::unique_ptr<TestCall>> batch;
  for (int i = 0; i < 4; ++i) {
    batch.push_back(std::make_unique<TestCall>(MethodKind::unary));
    lender->handler.start(*batch.back());
  }
  for (int i = 0; i < 20; ++i) {
    lender->turn();
    taker->turn();
  }
  EXPECT_EQ(guests_lent(), 2U);
  for (const auto& call : batch) call->client_cancels();
  run_both();
  for (const auto& call : batch) EXPECT_TRUE(call->let_go_of());
}

TEST_F(LoansTest, AGuestThatMovesFindsWhatItHasDoneBefore) {
  // Takes one of two messages, answers with headers and a message, moves, and goes on.
  make_workers(MethodKind::bidi_stream, R"(
    (drop (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (drop (call $compress (local.get $call) (i32.const 1)))
    (drop (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 5)
                              (i32.const 80) (i32.const 5)))
    (drop (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 5)
                              (i32.const 80) (i32.const 5)))
    (drop (call $send (local.get $call) (i32.const 1024) (i32.const 3)))
    (call $slices (i32.const 1))
    (call $tell (call $info (local.get $call) (i32.const 4) (i32.const 2048) (i32.const 8)))
    (call $tell (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 5)
                                    (i32.const 80) (i32.const 5)))
    (call $tell (call $compress (local.get $call) (i32.const 1)))
    (call $tell (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $tell (call $send (local.get $call) (i32.const 1024) (i32.const 5)))
    (i32.const 0))");
  TestCall call(MethodKind::bidi_stream);
  call.client_accepts("gzip");
  call.client_sends("one");
  call.client_sends("three");
  lender->handler.start(call);
  run_both();
  EXPECT_EQ(guests_lent(), 1U);
  EXPECT_EQ(notes, (std::vector<std::int32_t>{8, INVALID, 1, 5, OK}))
      << "the encoding of the message before; headers have left; compression is announced";
  EXPECT_EQ(call.flags(), (std::vector<int>{1, 1}));
  EXPECT_EQ(call.headers().size(), 1U);
  EXPECT_EQ(call.trailers().size(), 1U);
  EXPECT_EQ(call.consumed(), 3 + 5 + 5 + 5U);
}

TEST_F(LoansTest, AGuestThatMovesAwayIsNotCountedToItsClientAnyMore) {
  make_workers(MethodKind::unary, "(call $slices (i32.const 5)) (i32.const 5)");
  TestCall call(MethodKind::unary);
  const rpc::ClientUse& use = call.client()->use;
  lender->handler.start(call);
  while (guests_lent() == 0) lender->turn();
  EXPECT_EQ(use.instances, 0U);
  EXPECT_EQ(use.host->instances, 0U);
  run_both();
  EXPECT_TRUE(call.finished());
  EXPECT_EQ(use.instances, 0U) << "nor is it taken off twice";
}

TEST_F(LoansTest, AGuestThatMovesMayNotAnswerTwice) {
  make_workers(MethodKind::unary, R"(
    (drop (call $send (local.get $call) (i32.const 0) (i32.const 3)))
    (call $slices (i32.const 1))
    (call $tell (call $send (local.get $call) (i32.const 0) (i32.const 3)))
    (i32.const 0))");
  TestCall call(MethodKind::unary);
  lender->handler.start(call);
  run_both();
  EXPECT_EQ(guests_lent(), 1U);
  EXPECT_EQ(notes, std::vector<std::int32_t>{INVALID});
  EXPECT_EQ(call.messages().size(), 1U);
  EXPECT_EQ(call.status().code, StatusCode::ok);
}

TEST(MethodCost, AsksForLoansOfWhatTakesLongAndNotAfterOneSlowRun) {
  MethodCost cost;
  EXPECT_TRUE(cost.wants_sample()) << "the first run";
  EXPECT_FALSE(cost.wants_sample());
  for (int i = 0; i < 100; ++i) cost.add_sample(std::chrono::microseconds(200));
  EXPECT_EQ(cost.loans_on_hand(1), 2U);
  EXPECT_TRUE(cost.wants_sample()) << "each run, while it is high";
  for (int i = 0; i < 100; ++i) cost.add_sample(std::chrono::microseconds(1));
  EXPECT_EQ(cost.loans_on_hand(1000), 0U) << "cheap calls never move";
  cost.add_sample(std::chrono::seconds(10));
  for (int i = 0; i < 10; ++i) cost.add_sample(std::chrono::microseconds(1));
  EXPECT_EQ(cost.loans_on_hand(1000), 0U);
}

TEST(MethodCost, AsksForLoansOfShorterCallsWhenMoreOfThemWait) {
  MethodCost cost;
  for (int i = 0; i < 100; ++i) cost.add_sample(std::chrono::microseconds(30));
  EXPECT_EQ(cost.loans_on_hand(1), 0U);
  EXPECT_EQ(cost.loans_on_hand(3), 0U) << "they are served sooner than they could move";
  EXPECT_EQ(cost.loans_on_hand(4), 10U) << "so many that the other worker need not wait for the next";
}

TEST(Mailbox, LosesNothingAndKeepsTheOrderOfEachSender) {
  constexpr int senders = 3, letters = 20'000;
  Mailbox<std::pair<int, int>> mailbox;
  EXPECT_FALSE(mailbox.post({0, 0})) << "it is not open";
  std::atomic<int> wakes = 0;
  mailbox.open([&] { wakes.fetch_add(1); });
  std::vector<std::thread> threads;
  for (int sender = 0; sender < senders; ++sender) {
    threads.emplace_back([&, sender] {
      for (int i = 0; i < letters; ++i) ASSERT_TRUE(mailbox.post({sender, i}));
    });
  }
  int next[senders] = {};
  for (int taken = 0, woken = 0; taken < senders * letters;) {
    if (wakes.load() == woken) {
      std::this_thread::yield();
      continue;
    }
    woken = wakes.load();
    for (const auto& [sender, number] : mailbox.take()) {
      ASSERT_EQ(number, next[sender]++);
      ++taken;
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(mailbox.close().empty());
  EXPECT_FALSE(mailbox.post({0, 0}));
}

}  // namespace
}  // namespace wasm_grpc::runtime
