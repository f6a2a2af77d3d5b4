// Flags by themselves, and over a file.
#include <gtest/gtest.h>

#include "reading.h"

namespace wasm_grpc::config::test {
namespace {

TEST(CommandLine, IsEnoughByItself) {
  const Reading reading = read({{"a.wasm", "b.wasm"}, {given("workers", "2"), given("max-memory", "65536")}});
  ASSERT_TRUE(reading.ok()) << reading.problems.front();
  EXPECT_EQ(reading.config->server.workers, 2U);
  ASSERT_EQ(reading.config->modules.size(), 2U);
  EXPECT_EQ(reading.config->modules[1].path, "b.wasm");
  EXPECT_EQ(reading.config->modules[1].options.guests->max_memory_bytes, 65536U);
}

TEST(CommandLine, HoldsOverTheFile) {
  const Reading reading = read_text(R"(
workers = 4
instances = 7
listen = ["127.0.0.1:1"]
[[module]]
path = "m.wasm"
max-stack = "1 MiB"
env = { A = "file", B = "file" }
arg = ["file"]
)",
                                    {{},
                                     {given("workers", "2"), given("listen", "127.0.0.1:2"),
                                      given("max-stack", "65536"), given("env", "A=flag"), given("arg", "flag")}});
  ASSERT_TRUE(reading.ok()) << reading.problems.front();
  const Config& config = *reading.config;
  EXPECT_EQ(config.server.workers, 2U);
  EXPECT_EQ(config.server.max_instances, 7U);
  ASSERT_EQ(config.listen.size(), 1U);
  EXPECT_EQ(config.listen[0].address, "127.0.0.1:2");
  const ModuleOptions& module = config.modules.front().options;
  EXPECT_EQ(module.guests->max_stack_bytes, 65536U);
  EXPECT_EQ(module.environment, (Variables{{"A", "flag"}, {"B", "file"}}));
  EXPECT_EQ(module.arguments, std::vector<std::string>{"flag"});
}

TEST(CommandLine, HoldsOverWhatAddressesSay) {
  const std::string file = R"(
[[listen]]
address = "127.0.0.1:1"
stream-window = "1 MiB"
max-connections = 5
tls = { cert = "a.pem", key = "a.key" }
)" + std::string(one_module);
  const Reading limits = read_text(file, {{}, {given("stream-window", "65536")}});
  ASSERT_TRUE(limits.ok()) << limits.problems.front();
  const ListenOptions& own = limits.config->listen.front().options;
  EXPECT_EQ(own.connections->clients.stream_window, 65536U);
  EXPECT_EQ(own.connections->clients.max_connections, 5U);
  EXPECT_EQ(own.tls->certificate_file, "a.pem");
  const Reading tls = read_text(file, {{}, {given("tls-cert", "b.pem"), given("tls-key", "b.key")}});
  ASSERT_TRUE(tls.ok()) << tls.problems.front();
  EXPECT_FALSE(tls.config->listen.front().options.tls.has_value());
  EXPECT_EQ(tls.config->server.tls.certificate_file, "b.pem");
  const Reading elsewhere = read_text(file, {{}, {given("listen", "127.0.0.1:2")}});
  ASSERT_TRUE(elsewhere.ok()) << elsewhere.problems.front();
  EXPECT_EQ(elsewhere.config->listen.front().options, ListenOptions());
}

TEST(CommandLine, NamesItsFlagsInProblems) {
  EXPECT_EQ(read({{"m.wasm"}, {given("tls-client-ca", "ca.pem")}}).problems,
            std::vector<std::string>{"--tls-client-ca requires --tls-cert"});
  EXPECT_EQ(read({{"m.wasm"}, {given("tls-cert", "c.pem")}}).problems,
            std::vector<std::string>{"--tls-cert requires --tls-key"});
  EXPECT_EQ(read_text("[tls]\nclient-ca = \"ca\"\n" + std::string(one_module)).problems,
            std::vector<std::string>{"wasm-grpc.toml:2:1: tls.client-ca requires tls.cert"});
}

TEST(CommandLine, MayNotNameModulesBesidesThoseOfTheFile) {
  EXPECT_EQ(read_text(one_module, {{"other.wasm"}, {}}).problems,
            std::vector<std::string>{
                "wasm-grpc.toml:1:1: the file has a [[module]], and the command line a MODULE: give one of both"});
  const Reading reading = read_text("workers = 1\n", {{"other.wasm"}, {}});
  ASSERT_TRUE(reading.ok()) << reading.problems.front();
  EXPECT_EQ(reading.config->modules.front().path, "other.wasm");
}

TEST(CommandLine, WantsAModule) {
  EXPECT_EQ(read({}).problems,
            std::vector<std::string>{"no module to serve: give a MODULE, or in the file a [[module]] with its path"});
}

}  // namespace
}  // namespace wasm_grpc::config::test
