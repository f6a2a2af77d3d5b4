// What is healthy, and who hears of it.

#include "services/health.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "abi/test_call.h"
#include "services/health_messages.pb.h"

namespace wasm_grpc::services {
namespace {

using Healths = std::vector<std::pair<std::string, bool>>;

TEST(HealthRegistry, EveryServiceIsHealthyAtFirst) {
  HealthRegistry registry;
  (void)registry.add_module({"a.A", "b.B"});
  registry.add_service("own.Service");
  EXPECT_EQ(registry.all(), (Healths{{"", true}, {"a.A", true}, {"b.B", true}, {"own.Service", true}}));
  EXPECT_EQ(registry.serving("c.C"), std::nullopt);
}

TEST(HealthRegistry, AModuleSpeaksForItsOwnServicesOnly) {
  HealthRegistry registry;
  auto& module = registry.add_module({"a.A"});
  (void)registry.add_module({"b.B"});
  module.set_serving("a.A", false);
  module.set_serving("b.B", false);
  module.set_serving("", false);
  module.set_serving("c.C", true);
  EXPECT_EQ(registry.all(), (Healths{{"", true}, {"a.A", false}, {"b.B", true}}));
  module.set_serving("a.A", true);
  EXPECT_EQ(registry.serving("a.A"), true);
}

TEST(HealthRegistry, AServiceOfTwoModulesIsHealthyWhenBothSaySo) {
  HealthRegistry registry;
  auto& one = registry.add_module({"a.A"});
  auto& other = registry.add_module({"a.A"});
  one.set_serving("a.A", false);
  other.set_serving("a.A", false);
  one.set_serving("a.A", true);
  EXPECT_EQ(registry.serving("a.A"), false);
  other.set_serving("a.A", true);
  EXPECT_EQ(registry.serving("a.A"), true);
}

TEST(HealthRegistry, AModuleTakesThePlaceOfAnother) {
  HealthRegistry registry;
  const auto before = registry.make_module({"a.A", "b.B"});
  registry.exchange({}, {&before, 1});
  int told = 0;
  registry.add_observer([&] { ++told; });
  const auto after = registry.make_module({"a.A", "c.C"});
  after->set_serving("c.C", false);
  registry.withdraw(std::vector<std::string>{"b.B"});
  EXPECT_EQ(registry.all(), (Healths{{"", true}, {"a.A", true}}));
  registry.exchange({&before, 1}, {&after, 1});
  EXPECT_EQ(registry.all(), (Healths{{"", true}, {"a.A", true}, {"c.C", false}}));
  before->set_serving("a.A", false);
  EXPECT_EQ(registry.serving("a.A"), true) << "a guest of the old one has nothing to say any more";
  EXPECT_GE(told, 2);
}

TEST(HealthRegistry, AModuleThatCannotStartOnSomeWorkerIsNotHealthy) {
  HealthRegistry registry;
  auto& one = registry.add_module({"a.A"});
  auto& other = registry.add_module({"b.B"});
  one.change_failing_workers(1);
  one.change_failing_workers(1);
  EXPECT_EQ(registry.all(), (Healths{{"", true}, {"a.A", false}, {"b.B", true}}));
  other.change_failing_workers(1);
  EXPECT_EQ(registry.serving(""), false) << "no module can start";
  one.change_failing_workers(-1);
  EXPECT_EQ(registry.serving("a.A"), false);
  one.change_failing_workers(-1);
  EXPECT_EQ(registry.all(), (Healths{{"", true}, {"a.A", true}, {"b.B", false}}));
}

TEST(HealthRegistry, AModuleWithoutTheStoreItNeedsIsNotHealthy) {
  HealthRegistry registry;
  auto& module = registry.add_module({"a.A"});
  int told = 0;
  registry.add_observer([&] { ++told; });
  module.set_store_works(true);
  EXPECT_EQ(told, 0);
  module.set_store_works(false);
  EXPECT_EQ(registry.all(), (Healths{{"", false}, {"a.A", false}})) << "it is the only one";
  auto& other = registry.add_module({"b.B"});
  EXPECT_EQ(registry.all(), (Healths{{"", true}, {"a.A", false}, {"b.B", true}}));
  other.set_store_works(false);
  module.set_store_works(true);
  EXPECT_EQ(registry.all(), (Healths{{"", true}, {"a.A", true}, {"b.B", false}}));
  EXPECT_EQ(told, 4);
}

TEST(HealthRegistry, NothingIsHealthyOnceTheServerStops) {
  HealthRegistry registry;
  auto& module = registry.add_module({"a.A"});
  registry.add_service("own.Service");
  registry.stop();
  module.set_serving("a.A", true);
  EXPECT_EQ(registry.all(), (Healths{{"", false}, {"a.A", false}, {"own.Service", false}}));
}

TEST(HealthRegistry, ObserversAreToldOfChangesOnly) {
  HealthRegistry registry;
  auto& module = registry.add_module({"a.A"});
  int told = 0;
  registry.add_observer([&] { ++told; });
  module.set_serving("a.A", true);
  module.set_serving("c.C", false);
  EXPECT_EQ(told, 0);
  module.set_serving("a.A", false);
  EXPECT_EQ(told, 1);
  module.change_failing_workers(1);
  module.change_failing_workers(1);
  EXPECT_EQ(told, 2);
  registry.stop();
  registry.stop();
  EXPECT_EQ(told, 3);
}

std::vector<std::byte> request_of(const std::string& service) {
  health::HealthCheckRequest request;
  request.set_service(service);
  std::vector<std::byte> bytes(request.ByteSizeLong());
  EXPECT_TRUE(request.SerializeToArray(bytes.data(), static_cast<int>(bytes.size())));
  return bytes;
}

TEST(HealthCheck, AnswersForAService) {
  HealthRegistry registry;
  auto& module = registry.add_module({"a.A"});
  const auto check = [&](const std::string& service) {
    std::vector<std::byte> response;
    EXPECT_TRUE(check_health(registry, request_of(service), response).ok());
    health::HealthCheckResponse answer;
    EXPECT_TRUE(answer.ParseFromArray(response.data(), static_cast<int>(response.size())));
    return answer.status();
  };
  EXPECT_EQ(check("a.A"), health::HealthCheckResponse::SERVING);
  EXPECT_EQ(check(""), health::HealthCheckResponse::SERVING);
  module.set_serving("a.A", false);
  EXPECT_EQ(check("a.A"), health::HealthCheckResponse::NOT_SERVING);
}

TEST(HealthCheck, AnswersNotFoundForAServiceThatIsNot) {
  HealthRegistry registry;
  std::vector<std::byte> response;
  const auto status = check_health(registry, request_of("a.A"), response);
  EXPECT_EQ(status.code, rpc::StatusCode::not_found);
  EXPECT_EQ(status.message, "there is no service \"a.A\"");
  const std::byte broken[] = {std::byte{0xff}};
  EXPECT_EQ(check_health(registry, broken, response).code, rpc::StatusCode::invalid_argument);
  testing::internal::CaptureStderr();
  EXPECT_EQ(check_health(registry, request_of("\xff"), response).code, rpc::StatusCode::invalid_argument);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "clients do not write to the log";
}

/// What a worker would run soon.
struct Worker {
  std::vector<std::function<void()>> posted;
  std::chrono::milliseconds after{};  // of what was posted last
  void run() {
    for (const auto& function : std::exchange(posted, {})) function();
  }
};

struct HealthWatch : testing::Test {
  HealthRegistry registry;
  HealthRegistry::Module& module = registry.add_module({"a.A"});
  Worker worker;
  HealthWatchHandler handler{registry, [this](std::chrono::milliseconds after, std::function<void()> function) {
                               worker.after = after;
                               worker.posted.push_back(std::move(function));
                             }};
  abi::TestCall call{rpc::MethodKind::server_stream, std::string(health_watch_path)};

  void watch() {
    const auto request = request_of("a.A");
    call.client_sends({reinterpret_cast<const char*>(request.data()), request.size()});
    call.client_ends();
    handler.start(call);
  }
  std::vector<bool> told() const {
    std::vector<bool> told;
    for (const std::string& message : call.messages()) {
      health::HealthCheckResponse answer;
      EXPECT_TRUE(answer.ParseFromString(message));
      told.push_back(answer.status() == health::HealthCheckResponse::SERVING);
    }
    return told;
  }
};

TEST_F(HealthWatch, TellsTheNewestOnlyHoweverOftenItChangedMeanwhile) {
  watch();
  for (int i = 0; i < 1001; ++i) module.set_serving("a.A", i % 2 != 0);
  EXPECT_EQ(worker.posted.size(), 1U) << "one look is enough for all of them";
  worker.run();
  EXPECT_EQ(told(), (std::vector<bool>{true, false}));
  module.set_serving("a.A", true);
  module.set_serving("a.A", false);
  worker.run();
  EXPECT_EQ(told().size(), 2U) << "what it knows it is not told again";
  call.client_cancels();
}

TEST_F(HealthWatch, TellsAChangeAtOnceAndThoseThatFollowAWhileLater) {
  watch();
  module.set_serving("a.A", false);
  EXPECT_EQ(worker.after.count(), 0);
  const auto first = std::chrono::steady_clock::now();
  worker.run();
  module.set_serving("a.A", true);
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_GE(asked + worker.after, first + HealthWatchHandler::pause);
  EXPECT_LE(worker.after, HealthWatchHandler::pause);
  worker.run();
  EXPECT_EQ(told(), (std::vector<bool>{true, false, true}));
  call.client_cancels();
}

TEST_F(HealthWatch, KeepsLittleForAClientThatDoesNotRead) {
  watch();
  const auto flip = [&](int times) {
    for (int i = 0; i < times; ++i) {
      module.set_serving("a.A", i % 2 != 0);
      worker.run();
    }
  };
  flip(50'000);
  const std::size_t kept = told().size();
  EXPECT_LT(kept, 50'000U);
  flip(10'000);
  EXPECT_EQ(told().size(), kept);
  module.set_serving("a.A", !told().back());
  worker.run();
  call.client_reads_everything();
  EXPECT_EQ(told().size(), kept + 1) << "it hears of the newest when it reads";
  EXPECT_EQ(told().back(), registry.serving("a.A"));
  call.client_cancels();
}

TEST_F(HealthWatch, EndsWhenTheServerStopsAlsoForAClientThatDoesNotRead) {
  watch();
  registry.stop();
  worker.run();
  EXPECT_EQ(told(), (std::vector<bool>{true, false}));
  EXPECT_EQ(call.status().code, rpc::StatusCode::unavailable);
  EXPECT_TRUE(call.let_go_of());
}

}  // namespace
}  // namespace wasm_grpc::services
