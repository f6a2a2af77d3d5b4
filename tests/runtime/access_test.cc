// A server with rules of who may call what.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "http2/client.h"
#include "net/folder.h"
#include "runtime/guest_server.h"

namespace wasm_grpc::runtime {
namespace {

// Status 5 is the guest's.
constexpr std::string_view answers = "(i32.const 5)";
constexpr const char* allows_the_guest =
    R"({"name":"p","allow_rules":[{"name":"guest","request":{"paths":["/test.Service/*"]}}]})";
constexpr const char* allows_another =
    R"({"name":"p","allow_rules":[{"name":"another","request":{"paths":["/test.Another/*"]}}]})";

void write(const std::string& file, std::string_view text) {
  // As a whole: it may be read at any moment.
  std::ofstream(file + ".new") << text;
  std::filesystem::rename(file + ".new", file);
}

TEST(AccessTest, APolicyHoldsForGuestsAndForServicesOfTheServer) {
  ServerOptions options = of_workers(2);
  options.access.policy = allows_the_guest;
  GuestServer server(options, guest_text(answers));
  http2::Client client(server.port());
  EXPECT_EQ(client.call(path, "").status(), 5);
  EXPECT_EQ(client.call("/grpc.health.v1.Health/Check", "").status(), 7);
  EXPECT_EQ(client.call("/test.Service/Nothing", "").status(), 12);
  EXPECT_EQ(server.counters().calls_denied, 1U);
}

TEST(AccessTest, NoInstanceIsMadeForACallThatIsDenied) {
  ServerOptions options = of_workers(1);
  options.access.policy = allows_another;
  GuestServer server(options, guest_text(answers));
  http2::Client client(server.port());
  // The warm one is made by the worker, when it gets to it.
  ASSERT_TRUE(server.eventually([](const ServerCounters& now) { return now.modules.front().instances_idle == 1; }));
  const auto before = server.counters().modules.front().instances_made;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.call(path, "").status(), 7);
  EXPECT_EQ(server.counters().modules.front().instances_made, before);
  EXPECT_EQ(server.counters().calls_started, 0U);
}

TEST(AccessTest, AFileIsReadAgainWhenItHasChangedAndTheLastGoodOneHolds) {
  const net::Folder folder;
  ServerOptions options = of_workers(2);
  options.access.policy_file = folder.file("policy.json");
  write(options.access.policy_file, allows_the_guest);
  GuestServer server(options, guest_text(answers));
  http2::Client client(server.port());
  EXPECT_EQ(client.call(path, "").status(), 5);
  const auto becomes = [&](int status) {
    return server.eventually([&](const ServerCounters&) { return client.call(path, "").status() == status; });
  };
  write(options.access.policy_file, allows_another);
  EXPECT_TRUE(becomes(7));
  write(options.access.policy_file, "no policy");
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_EQ(client.call(path, "").status(), 7);
  write(options.access.policy_file, allows_the_guest);
  EXPECT_TRUE(becomes(5));
}

TEST(AccessTest, APolicyThatMakesNoSenseIsAnErrorThatNamesItsFile) {
  const net::Folder folder;
  ServerOptions options = of_workers(1);
  options.access.policy_file = folder.file("policy.json");
  const auto why = [&] { return Server::create(options).error().message; };
  EXPECT_NE(why().find("policy.json: cannot be opened"), std::string::npos) << why();
  write(options.access.policy_file, R"({"name":"p"})");
  EXPECT_NE(why().find("policy.json: policy: allow_rules is missing"), std::string::npos) << why();
  options.access.policy = allows_the_guest;
  EXPECT_NE(why().find("give one of them"), std::string::npos) << why();
}

}  // namespace
}  // namespace wasm_grpc::runtime
