// Answers that clients leave unread, of all connections together.
#include "http2/session/output_budget.h"

#include <gtest/gtest.h>

#include <asio/post.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "client.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

/// Workers that do what is posted when they are told to.
class Workers {
 public:
  explicit Workers(OutputBudget& budget, int count) : budget_(budget), held_(static_cast<std::size_t>(count)) {
    for (std::size_t i = 0; i < held_.size(); ++i) {
      budget.join({.post = [this](std::function<void()> function) { posted_.push_back(std::move(function)); },
                   .largest = [this, i] { return held_[i]; },
                   .end_largest = [this, i] { hold(i, 0), ended_.push_back(i); }});
    }
  }
  /// That worker has one connection, which holds so much.
  void hold(std::size_t worker, std::size_t bytes) { budget_.change(std::exchange(held_[worker], bytes), bytes); }
  void run() {
    while (!posted_.empty()) {
      const auto function = std::move(posted_.front());
      posted_.pop_front();
      function();
    }
  }
  [[nodiscard]] const std::vector<std::size_t>& ended() const { return ended_; }

 private:
  OutputBudget& budget_;
  std::vector<std::size_t> held_;
  std::deque<std::function<void()>> posted_;
  std::vector<std::size_t> ended_;
};

TEST(OutputBudget, EndsWhoHoldsMostOnWhicheverWorkerUntilThereIsRoom) {
  OutputBudget budget(1000);
  Workers workers(budget, 4);
  for (std::size_t i = 0; i < 4; ++i) workers.hold(i, 300 + 100 * (i % 3));  // 300, 400, 500, 300
  ASSERT_TRUE(budget.is_short());
  budget.make_room();
  budget.make_room();  // it is being made
  workers.run();
  EXPECT_EQ(workers.ended(), (std::vector<std::size_t>{2}));
  EXPECT_EQ(budget.held(), 1000U);
  workers.hold(3, 2000);
  budget.make_room();
  workers.run();
  EXPECT_EQ(workers.ended(), (std::vector<std::size_t>{2, 3}));
}

TEST(OutputBudget, EndsNobodyWhoHasReadMeanwhile) {
  OutputBudget budget(1000);
  Workers workers(budget, 2);
  workers.hold(0, 2000);
  budget.make_room();
  workers.hold(0, 10);
  workers.run();
  EXPECT_TRUE(workers.ended().empty());
  workers.hold(1, 2000);
  budget.make_room();
  workers.run();
  EXPECT_EQ(workers.ended(), (std::vector<std::size_t>{1}));
}

class UnreadOutput : public testing::Test {
 protected:
  static Client::Options paused() {
    Client::Options options;
    options.consume = false;
    return options;
  }
  void use(std::size_t most) {
    budget_ = std::make_shared<OutputBudget>(most);
    server_.on_thread([&](Endpoint& endpoint) {
      endpoint.use_output_budget(
          budget_, [&endpoint](std::function<void()> function) { asio::post(endpoint.io(), std::move(function)); });
    });
  }
  /// Asks for answers of which 100,000 bytes do not fit into the window of a stream, and lets the server make them.
  void ask(Client& client, int answers) {
    const int sent = server_.seen().sent + answers;
    for (int i = 0; i < answers; ++i) client.send(client.open("/test.Test/Spread"), "1 165535", true);
    (void)client.run_until([&] { return server_.seen().sent >= sent || client.connection_ended(); });
  }
  std::uint64_t ended() {
    return server_.counters().connections_ended[static_cast<std::size_t>(EndReason::unread_output)];
  }
  static bool lives(Client& client) {
    const int pongs = client.pongs();
    client.ping();
    return client.run_until([&] { return client.pongs() > pongs; });
  }

  std::shared_ptr<OutputBudget> budget_;  // outlives the server
  Server server_;
};

TEST_F(UnreadOutput, AClientMayPauseWhileThereIsRoomAndReadLater) {
  use(8'000'000);
  Client client(server_.port(), paused());
  ask(client, 15);
  EXPECT_TRUE(eventually([&] { return budget_->held() > 1'300'000; })) << budget_->held();
  server_.let_hours_pass(10);
  EXPECT_TRUE(lives(client));
  EXPECT_EQ(ended(), 0U);
  client.drop();
  EXPECT_TRUE(eventually([&] { return budget_->held() == 0; })) << budget_->held();
}

TEST_F(UnreadOutput, WhatIsReadDoesNotCount) {
  use(400'000);
  Client client(server_.port());
  for (int i = 0; i < 30; ++i) {
    const auto id = client.open("/test.Test/Spread");
    client.send(id, "1 100000", true);
    ASSERT_TRUE(client.run_until_closed(id));
    EXPECT_EQ(client.reply(id).messages().at(0).size(), 100'000U);
  }
  EXPECT_EQ(ended(), 0U);
  EXPECT_EQ(budget_->held(), 0U);
}

TEST_F(UnreadOutput, AConnectionThatLeavesMoreThanHalfOfAllUnreadIsEnded) {
  use(1'000'000);
  Client client(server_.port(), paused());
  ask(client, 8);
  ASSERT_TRUE(client.run_until([&] { return !client.goaways().empty(); }));
  EXPECT_EQ(client.goaways().front().first, std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
  EXPECT_EQ(ended(), 1U);
  EXPECT_EQ(budget_->held(), 0U) << "it is not counted any more";
}

TEST_F(UnreadOutput, WhenAllLeaveTooMuchTheOneWithMostGoesAndTheOthersStay) {
  use(4'000'000);
  std::vector<std::unique_ptr<Client>> clients;
  for (const int answers : {5, 10, 11, 10, 10}) {
    clients.push_back(std::make_unique<Client>(server_.port(), paused()));
    ask(*clients.back(), answers);
  }
  Client& most = *clients[2];
  ASSERT_TRUE(most.run_until([&] { return !most.goaways().empty(); }));
  for (const std::size_t other : {0, 1, 3, 4}) EXPECT_TRUE(lives(*clients[other])) << other;
  EXPECT_EQ(ended(), 1U);
  EXPECT_LE(budget_->held(), 4'000'000U);
}

}  // namespace
}  // namespace wasm_grpc::http2
