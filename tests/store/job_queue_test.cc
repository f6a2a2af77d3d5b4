#include "store/sqlite/job_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

namespace wasm_grpc::store::sqlite {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t any = std::size_t{1} << 30;

struct Unanswered final : Request {
  using Request::Request;
  bool wanted() const noexcept override { return true; }
  void answer(Answer, Wakes&) noexcept override {}
};

Job job(std::int64_t space, Operation operation = Get{"key"}) {
  Job made;
  Asker asker;
  asker.space.id = space;
  made.asker = std::make_shared<const Asker>(std::move(asker));
  made.request = std::make_unique<Unanswered>(std::move(operation));
  return made;
}

bool push(JobQueue& queue, std::int64_t space, Operation operation = Get{"key"}) {
  Job made = job(space, std::move(operation));
  return queue.push(made);
}

TEST(JobQueue, HandsOutInOrderAndNotMoreThanAsked) {
  JobQueue queue;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(push(queue, i));
  EXPECT_EQ(queue.take(2, any, milliseconds(0)).at(1).asker->space.id, 1);
  EXPECT_EQ(queue.take(9, any, milliseconds(0)).size(), 3u);
  EXPECT_TRUE(queue.take(9, any, milliseconds(1)).empty());
}

TEST(JobQueue, HandsOutByBytesButAlwaysOne) {
  JobQueue queue;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(push(queue, 1, Set{"key", std::string(1000, 'x')}));
  EXPECT_EQ(queue.take(9, 1, milliseconds(0)).size(), 1u);
  EXPECT_EQ(queue.take(9, 2000, milliseconds(0)).size(), 2u);
}

TEST(JobQueue, OneSpaceCannotFillItForOthers) {
  JobQueue queue;
  for (std::size_t i = 0; i < StoreOptions::usual_max_waiting; ++i) ASSERT_TRUE(push(queue, 1));
  Job one_more = job(1);
  EXPECT_FALSE(queue.push(one_more));
  EXPECT_NE(one_more.request, nullptr) << "it is still the caller's";
  EXPECT_TRUE(push(queue, 2));
  static_cast<void>(queue.take(1, any, milliseconds(0)));
  EXPECT_TRUE(queue.push(one_more));
}

TEST(JobQueue, BytesOfASpaceAreBounded) {
  JobQueue queue;
  const std::string value(JobQueue::max_bytes / 2, 'x');
  EXPECT_TRUE(push(queue, 1, Set{"key", value}));
  EXPECT_FALSE(push(queue, 1, Set{"key", value}));
  EXPECT_TRUE(push(queue, 2, Set{"key", value}));
}

TEST(JobQueue, WhoWaitsIsWokenByAJobAndByTheEnd) {
  JobQueue queue;
  std::thread pusher([&] { static_cast<void>(push(queue, 1)); });
  EXPECT_EQ(queue.take(1, any, milliseconds(20'000)).size(), 1u);
  pusher.join();
  std::thread closer([&] { queue.close(); });
  EXPECT_TRUE(queue.take(1, any, milliseconds(20'000)).empty());
  closer.join();
  EXPECT_TRUE(queue.closed());
  EXPECT_FALSE(push(queue, 1));
}

TEST(JobQueue, WhatWaitedWhenItClosedIsStillHandedOut) {
  JobQueue queue;
  ASSERT_TRUE(push(queue, 1));
  queue.close();
  EXPECT_FALSE(queue.closed());
  EXPECT_EQ(queue.take(9, any, milliseconds(0)).size(), 1u);
  EXPECT_TRUE(queue.closed());
}

}  // namespace
}  // namespace wasm_grpc::store::sqlite
