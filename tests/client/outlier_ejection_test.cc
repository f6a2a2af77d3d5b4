// Addresses that are left out for a while since their calls fail.

#include "client/outgoing/outlier_ejection.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "calling_servers.h"

namespace wasm_grpc::client {
namespace {

using std::chrono::hours;

class Addresses {
 public:
  Addresses(std::size_t count, std::uint32_t failures, std::uint32_t percent)
      : ejection_(
            {.consecutive_failures = failures, .base_time = hours(1), .max_time = hours(10), .max_percent = percent},
            [this](const std::string& what) { told.push_back(what); }) {
    for (std::size_t i = 0; i < count; ++i) all_.push_back(ejection_.begin());
    ejection_.use(all_);
  }
  void note(std::size_t address, StatusCode code) { all_[address]->note(code); }
  [[nodiscard]] bool is_out(std::size_t address, hours later = hours(0)) const {
    return all_[address]->is_out(rpc::Clock::now() + later);
  }
  std::vector<std::string> told;

 private:
  OutlierEjection ejection_;
  std::vector<std::shared_ptr<AddressHealth>> all_;
};

TEST(OutlierEjection, LeavesOutAnAddressWhoseCallsFailOneAfterTheOther) {
  Addresses addresses(2, 3, 50);
  for (const StatusCode code : {StatusCode::unavailable, StatusCode::internal}) addresses.note(0, code);
  EXPECT_FALSE(addresses.is_out(0));
  addresses.note(0, StatusCode::not_found);  // an answer
  for (const StatusCode code : {StatusCode::unknown, StatusCode::data_loss}) addresses.note(0, code);
  EXPECT_FALSE(addresses.is_out(0));
  addresses.note(0, StatusCode::deadline_exceeded);
  EXPECT_TRUE(addresses.is_out(0));
  EXPECT_FALSE(addresses.is_out(1));
  EXPECT_FALSE(addresses.is_out(0, hours(2)));
  ASSERT_EQ(addresses.told.size(), 1U);
  EXPECT_NE(addresses.told[0].find("after 3 failures"), std::string::npos) << addresses.told[0];
}

TEST(OutlierEjection, LeavesOutNoMoreThanItMay) {
  Addresses half(4, 1, 50);
  for (std::size_t i = 0; i < 4; ++i) half.note(i, StatusCode::unavailable);
  EXPECT_TRUE(half.is_out(0) && half.is_out(1));
  EXPECT_FALSE(half.is_out(2) || half.is_out(3));
  Addresses all(2, 1, 100);
  for (std::size_t i = 0; i < 2; ++i) all.note(i, StatusCode::unavailable);
  EXPECT_TRUE(all.is_out(0));
  EXPECT_FALSE(all.is_out(1));
  Addresses one(1, 1, 100);
  one.note(0, StatusCode::unavailable);
  EXPECT_FALSE(one.is_out(0));
}

TEST(OutlierEjection, HasNothingToSayUnlessItIsAskedFor) {
  OutlierEjection none({}, nullptr);
  EXPECT_FALSE(none.enabled());
  EXPECT_EQ(none.begin(), nullptr);
}

TEST(OutlierEjection, SendsCallsToTheOthers) {
  OwnServer sound;
  OwnServer failing([](rpc::Call&, auto, auto&) { return rpc::Status{StatusCode::internal, "broken"}; });
  TargetChannelOptions options;
  options.policy = TargetBalancing::round_robin;
  options.outlier_ejection.consecutive_failures = 3;
  Caller caller("ipv4:" + sound.address + "," + failing.address, options);
  int failures = 0;
  for (int i = 0; i < 200 && failures < 3; ++i) failures += caller.call().ok() ? 0 : 1;
  ASSERT_EQ(failures, 3);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(caller.call().code, StatusCode::ok);
}

TEST(OutlierEjection, TakesNoNoticeOfCallersThatCancelOrAreInAHurry) {
  OwnServer sound;
  Pair silent({""});
  TargetChannelOptions options;
  options.policy = TargetBalancing::round_robin;
  options.outlier_ejection.consecutive_failures = 1;
  std::vector<std::string> log;
  Caller caller("ipv4:" + sound.address + "," + silent.server.address(), options,
                [&](const std::string& line) { log.push_back(line); });
  for (int i = 0; i < 6; ++i) {
    static_cast<void>(caller.call("hello", std::chrono::milliseconds(50)));
    caller.begin()->cancel({StatusCode::internal, "enough"});
  }
  EXPECT_EQ(log, std::vector<std::string>{});
}

TEST(WaitForReady, CallsWaitUntilTheServerIsThere) {
  asio::io_context io;
  tcp::acceptor taken(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const std::string address = "127.0.0.1:" + std::to_string(taken.local_endpoint().port());
  taken.close();
  TargetChannelOptions options;
  options.wait_for_ready = true;
  std::vector<std::string> log;
  Caller caller(address, options, [&](const std::string& line) { log.push_back(line); });
  EXPECT_EQ(caller.call("hello", std::chrono::milliseconds(100)).code, StatusCode::deadline_exceeded);
  auto call = caller.begin();
  ASSERT_EQ(call->send(bytes_of("hello"), true), rpc::SendResult::ok);
  ASSERT_TRUE(caller.run_until([&] { return !log.empty(); }));
  EXPECT_FALSE(call->ended());
  OwnServer server(OwnServer::echo, address);
  ASSERT_TRUE(caller.run_until([&] { return call->ended(); }));
  EXPECT_EQ(call->status().code, StatusCode::ok) << call->status().message;
}

TEST(WaitForReady, EndsWithTheChannel) {
  TargetChannelOptions options;
  options.wait_for_ready = true;
  std::vector<std::string> log;
  Caller caller("127.0.0.1:1", options, [&](const std::string& line) { log.push_back(line); });
  auto call = caller.begin();
  ASSERT_TRUE(caller.run_until([&] { return !log.empty(); }));
  EXPECT_FALSE(call->ended());
  caller.close();
  ASSERT_TRUE(call->ended());
  EXPECT_EQ(call->status().code, StatusCode::unavailable);
}

}  // namespace
}  // namespace wasm_grpc::client
