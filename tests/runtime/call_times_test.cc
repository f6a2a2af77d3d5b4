// How long calls of a module's methods may take, by its options; and that they take no longer.
#include "runtime/instances/call_times.h"

#include <gtest/gtest.h>

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "http2/client.h"
#include "runtime/guest_fixture.h"
#include "runtime/guest_server.h"

namespace wasm_grpc::runtime {
namespace {

using std::chrono::milliseconds;

std::vector<abi::DeclaredMethod> shop() {
  std::vector<abi::DeclaredMethod> methods;
  for (const char* path : {"/shop.v1.Shop/Buy", "/shop.v1.Shop/Report", "/shop.v1.Stock/Look", "/files"}) {
    methods.emplace_back().path = path;
  }
  return methods;
}

CallTimes times_of(const ModuleOptions& options) {
  auto times = CallTimes::create(options, shop());
  EXPECT_TRUE(times.ok()) << times.error().message;
  return std::move(times).value();
}
std::string refusal_of(const ModuleOptions& options) {
  const auto times = CallTimes::create(options, shop());
  return times.ok() ? "" : times.error().message;
}
std::string refusal_of(const std::string& path) {
  ModuleOptions options;
  options.methods = {{path, milliseconds(5)}};
  return refusal_of(options);
}

TEST(CallTimesTest, AreOfNobodyWhereNothingIsSaid) { EXPECT_EQ(times_of({}).of("/shop.v1.Shop/Buy"), std::nullopt); }

TEST(CallTimesTest, TheNearestHolds) {
  ModuleOptions options;
  options.max_call_time = milliseconds(1);
  options.methods = {
      {"/shop.v1.Shop/Report", milliseconds(4)}, {"/shop.v1.Shop/", milliseconds(3)}, {"/files", milliseconds(0)}};
  const CallTimes times = times_of(options);
  EXPECT_EQ(times.of("/shop.v1.Shop/Report"), milliseconds(4));
  EXPECT_EQ(times.of("/shop.v1.Shop/Buy"), milliseconds(3));
  EXPECT_EQ(times.of("/shop.v1.Stock/Look"), milliseconds(1));
  EXPECT_EQ(times.of("/files"), milliseconds(0)) << "for ever, whatever the module says";
  options.methods.push_back({"/", milliseconds(2)});
  EXPECT_EQ(times_of(options).of("/shop.v1.Stock/Look"), milliseconds(2));
  EXPECT_EQ(times_of(options).of("/shop.v1.Shop/Buy"), milliseconds(3)) << "the longest of two beginnings";
}

TEST(CallTimesTest, AMethodThatSaysNothingHasWhatIsSaidFurtherAway) {
  ModuleOptions options;
  options.methods = {{"/shop.v1.Shop/", milliseconds(3)}, {"/shop.v1.Shop/Buy", std::nullopt}};
  EXPECT_EQ(times_of(options).of("/shop.v1.Shop/Buy"), milliseconds(3));
}

TEST(CallTimesTest, AreRefusedForWhatIsNotThere) {
  EXPECT_EQ(refusal_of("/shop.v1.Shop/Bye"),
            "its options for the method \"/shop.v1.Shop/Bye\" are of none that it has; did you mean "
            "\"/shop.v1.Shop/Buy\"?");
  EXPECT_EQ(refusal_of("/shop.v1.Shp/"),
            "its options for the method \"/shop.v1.Shp/\" are of none that it has; did you mean \"/shop.v1.Shop/\"?");
  EXPECT_EQ(refusal_of("/else.Where/Entirely"),
            "its options for the method \"/else.Where/Entirely\" are of none that it has; expected such as "
            "\"/shop.v1.Shop/Buy\"");
  EXPECT_EQ(refusal_of("/shop.v1.Shop"),
            "its options for the method \"/shop.v1.Shop\" are of none that it has; expected such as "
            "\"/shop.v1.Shop/Buy\"");
  EXPECT_EQ(refusal_of("shop.v1.Shop/Buy"),
            "its options for the method \"shop.v1.Shop/Buy\" are of no path; expected one such as "
            "\"/package.Service/Method\" or \"/package.Service/\"");
  EXPECT_NE(refusal_of(std::string(100'000, '/')), "");
}

TEST(CallTimesTest, AreRefusedWhenTheyMakeNoSense) {
  ModuleOptions options;
  options.max_call_time = milliseconds(-1);
  EXPECT_EQ(refusal_of(options), "its calls may take -1 ms; expected 0 or more");
  options.max_call_time.reset();
  options.methods = {{"/files", milliseconds(-2)}};
  EXPECT_EQ(refusal_of(options), "its options for the method \"/files\": its calls may take -2 ms; expected 0 or more");
  options.methods = {{"/files", milliseconds(2)}, {"/files", milliseconds(2)}};
  EXPECT_EQ(refusal_of(options), "it has options for the method \"/files\" twice");
}

// ---- In a server ----

constexpr std::string_view path = "/test.Service/Method";
constexpr std::string_view waits = "(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5)";

ModuleOptions of_method(std::optional<milliseconds> module, std::optional<milliseconds> method) {
  ModuleOptions options;
  options.max_call_time = module;
  if (method) options.methods = {{std::string(path), method}};
  return options;
}
/// The message of a call that never ends by itself.
std::string answer_of(milliseconds server_time, const ModuleOptions& module) {
  ServerOptions options = of_workers(1);
  options.max_call_time = server_time;
  GuestServer server(options, guest_text(waits), HostModule("more"), nullptr, module);
  http2::Client client(server.port());
  const auto reply = client.call(path, "");
  EXPECT_EQ(reply.status(), 4);
  EXPECT_EQ(server.counters().calls_over_time, 1U);
  return reply.message();
}

TEST(CallTimesTest, EndCallsOfTheirModule) {
  EXPECT_NE(answer_of(milliseconds(0), of_method(milliseconds(21), std::nullopt)).find("the 21 ms"), std::string::npos);
  EXPECT_NE(answer_of(milliseconds(10), of_method(milliseconds(22), std::nullopt)).find("the 22 ms"), std::string::npos)
      << "be it longer than the server's";
}

TEST(CallTimesTest, EndCallsOfTheirMethod) {
  EXPECT_NE(answer_of(milliseconds(600'000), of_method(milliseconds(0), milliseconds(23))).find("the 23 ms"),
            std::string::npos);
}

TEST(CallTimesTest, MakeNoDeadlineOfAClientLater) {
  GuestServer server(of_workers(1), guest_text(waits), HostModule("more"), nullptr,
                     of_method(milliseconds(600'000), std::nullopt));
  http2::Client client(server.port());
  const auto id = client.open(path, {{"grpc-timeout", "20m"}});
  client.send(id, "", true);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), 4);
  EXPECT_EQ(server.counters().calls_over_time, 0U);
}

TEST(CallTimesTest, HoldForNewCallsAfterAReload) {
  GuestServer server(of_workers(1), guest_text(waits));
  http2::Client client(server.port());
  const auto before = client.open(path);
  client.send(before, "", true);
  ASSERT_TRUE(client.run_until([&] { return server.counters().calls_started == 1; }));
  ModuleSource source;
  const std::string text = guest_text(waits);
  const auto bytes = std::as_bytes(std::span(text));
  source.bytes.emplace(bytes.begin(), bytes.end());
  source.options = of_method(std::nullopt, milliseconds(20));
  source.options.name = "guest";
  ASSERT_TRUE(server.server().reload(std::vector{source}).ok());
  EXPECT_EQ(client.call(path, "").status(), 4);
  EXPECT_FALSE(client.reply(before).closed) << "it had begun before, when none was said";
  source.options.methods.front().path = "/test.Service/Methot";
  const auto refused = server.server().reload(std::vector{source});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("did you mean \"/test.Service/Method\"?"), std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace wasm_grpc::runtime
