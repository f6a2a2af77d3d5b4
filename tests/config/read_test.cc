#include "config/read.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "reading.h"

namespace wasm_grpc::config::test {
namespace {

using std::chrono::milliseconds;

/// What was read of a text that is sound.
Config config_of(std::string_view text, const CommandLine& command_line = {}, const FakeSecrets& secrets = {},
                 const std::string& folder = "") {
  Reading reading = read_text(text, command_line, secrets, folder);
  EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.problems.front());
  return reading.ok() ? std::move(*reading.config) : Config();
}

TEST(ReadConfig, SetsTheServer) {
  const Config config = config_of(R"(
workers = 3
max-message-size = "8 MiB"
max-call-time = "2 s"
health = false
cors-origin = ["https://a.test", "https://b.test"]
proxy-protocol = "10.0.0.0/8"
listen = ["127.0.0.1:1", "unix:/run/s.sock"]
[log]
level = "debug"
[[module]]
path = "m.wasm"
)");
  EXPECT_EQ(config.server.workers, 3U);
  EXPECT_EQ(config.server.max_message_size, std::size_t{8} << 20);
  EXPECT_EQ(config.server.max_call_time, milliseconds(2000));
  EXPECT_FALSE(config.server.health);
  EXPECT_TRUE(config.server.reflection);
  EXPECT_EQ(config.server.cors_origins, (std::vector<std::string>{"https://a.test", "https://b.test"}));
  EXPECT_EQ(config.server.proxies, std::vector<std::string>{"10.0.0.0/8"});
  EXPECT_EQ(config.server.log_level, LogLevel::debug);
  ASSERT_EQ(config.listen.size(), 2U);
  EXPECT_EQ(config.listen[1].address, "unix:/run/s.sock");
}

TEST(ReadConfig, GivesModulesWhatIsSaidAtTheTopUnlessTheySayOtherwise) {
  const Config config = config_of(R"(
max-memory = "32 MiB"
instance-mode = "fresh"
[log]
burst = 5
[[module]]
path = "a.wasm"
[[module]]
path = "b.wasm"
name = "second"
max-memory = "64 MiB"
instance-mode = "shared"
log.burst = 7
dir = ["/srv:/data:rw"]
arg = ["x", "y"]
)");
  ASSERT_EQ(config.modules.size(), 2U);
  const ModuleOptions& a = config.modules[0].options;
  const ModuleOptions& b = config.modules[1].options;
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.guests->max_memory_bytes, std::size_t{32} << 20);
  EXPECT_EQ(a.instances.mode, InstanceMode::fresh);
  EXPECT_EQ(a.log.burst, 5U);
  EXPECT_EQ(b.name, "second");
  EXPECT_EQ(b.guests->max_memory_bytes, std::size_t{64} << 20);
  EXPECT_EQ(b.instances.mode, InstanceMode::shared);
  EXPECT_EQ(b.log.burst, 7U);
  EXPECT_EQ(b.directories, (Directories{{"/srv", "/data", false}}));
  EXPECT_EQ(b.arguments, (std::vector<std::string>{"x", "y"}));
}

TEST(ReadConfig, LetsTheServerHaveAsMuchAsAnyModule) {
  const Config config = config_of(R"(
max-memory = "32 MiB"
time-slice = 5
[[module]]
path = "a.wasm"
max-memory = "1 GiB"
max-stack = "1 MiB"
[[module]]
path = "b.wasm"
max-table-elements = 100
)");
  EXPECT_EQ(config.server.guests.max_memory_bytes, std::size_t{1} << 30);
  EXPECT_EQ(config.server.guests.max_stack_bytes, std::size_t{1} << 20);
  EXPECT_EQ(config.server.guests.max_table_elements, GuestLimits().max_table_elements);
  EXPECT_EQ(config.modules[1].options.guests->max_memory_bytes, std::size_t{32} << 20);
  EXPECT_EQ(config.modules[1].options.guests->time_slice, milliseconds(5));
}

TEST(ReadConfig, KeepsSlotMemoryWhereAModuleHasFreshInstances) {
  EXPECT_EQ(config_of(one_module).server.kept_slot_memory, 0U);
  const std::string fresh = "[[module]]\npath = \"m.wasm\"\ninstance-mode = \"fresh\"\n";
  EXPECT_EQ(config_of(fresh).server.kept_slot_memory, std::size_t{128} << 10);
  EXPECT_EQ(config_of("kept-slot-memory = 0\n" + fresh).server.kept_slot_memory, 0U);
}

TEST(ReadConfig, SaysHowLongCallsMayTakeOfTheServerAModuleAndAMethod) {
  const std::string text = R"(
max-call-time = "30 s"
[[module]]
path = "a.wasm"
[[module]]
path = "b.wasm"
max-call-time = "2 s"
[module.methods]
"/shop.v1.Shop/" = { max-call-time = 500 }
"/shop.v1.Shop/Report" = { max-call-time = "1 min" }
"/shop.v1.Shop/Watch" = {}
)";
  const Config config = config_of(text);
  EXPECT_EQ(config.server.max_call_time, milliseconds(30'000));
  EXPECT_EQ(config.modules[0].options.max_call_time, std::nullopt) << "the server's holds for it";
  EXPECT_EQ(config.modules[1].options.max_call_time, milliseconds(2000));
  EXPECT_EQ(config.modules[1].options.methods,
            (std::vector<MethodOptions>{{"/shop.v1.Shop/", milliseconds(500)},
                                        {"/shop.v1.Shop/Report", milliseconds(60'000)},
                                        {"/shop.v1.Shop/Watch", std::nullopt}}));
  CommandLine flag;
  flag.flags.push_back({find_setting("max-call-time"), std::int64_t{100}});
  const Config by_flag = config_of(text, flag);
  EXPECT_EQ(by_flag.server.max_call_time, milliseconds(100));
  EXPECT_EQ(by_flag.modules[1].options.max_call_time, milliseconds(100));
}

TEST(ReadConfig, ListensOnEachListen) {
  const Config config =
      config_of("[[listen]]\naddress = \"127.0.0.1:1\"\n[[listen]]\naddress = \"unix:a\"\n" + std::string(one_module));
  ASSERT_EQ(config.listen.size(), 2U);
  EXPECT_EQ(config.listen[0].address, "127.0.0.1:1");
  EXPECT_EQ(config_of(one_module).listen.front().address, "127.0.0.1:50051");
}

TEST(ReadConfig, GivesAddressesWhatIsSaidAtTheTopUnlessTheySayOtherwise) {
  const Config config = config_of(R"(
max-message-size = "1 MiB"
stream-window = "1 MiB"
protocols = ["grpc", "connect", "http1"]
[tls]
cert = "c.pem"
key = "k.pem"
client-ca = "ca.pem"
[[listen]]
address = "127.0.0.1:1"
[[listen]]
address = "127.0.0.1:2"
max-connections = 5
stream-window = "64 KiB"
protocols = ["grpc"]
[[listen]]
address = "127.0.0.1:3"
[listen.tls]
cert = "other.pem"
key = "other.key"
[[module]]
path = "m.wasm"
)");
  ASSERT_EQ(config.listen.size(), 3U);
  EXPECT_TRUE(config.server.protocols.connect);
  EXPECT_FALSE(config.server.protocols.rest);
  EXPECT_EQ(config.listen[0].options, ListenOptions());
  const ListenOptions& second = config.listen[1].options;
  EXPECT_FALSE(second.tls.has_value());
  ASSERT_TRUE(second.connections.has_value());
  EXPECT_EQ(second.connections->max_message_size, std::size_t{1} << 20);
  EXPECT_EQ(second.connections->clients.stream_window, 64U * 1024);
  EXPECT_EQ(second.connections->clients.max_connections, 5U);
  EXPECT_TRUE(second.connections->protocols.grpc);
  EXPECT_FALSE(second.connections->protocols.connect);
  const ListenOptions& third = config.listen[2].options;
  EXPECT_FALSE(third.connections.has_value());
  ASSERT_TRUE(third.tls.has_value());
  EXPECT_EQ(third.tls->certificate_file, "other.pem");
  EXPECT_EQ(third.tls->client_ca_file, "") << "TLS of its own is all of its own";
}

TEST(ReadConfig, TakesPathsFromTheFolderOfTheFile) {
  const Config config = config_of(R"(
code-cache = "cache"
listen = ["unix:s.sock", "127.0.0.1:1"]
tls = { cert = "c.pem", key = "/etc/k.pem" }
[[module]]
path = "m.wasm"
dir = ["data", "/srv:data"]
)",
                                  {}, {}, "/etc/wasm-grpc");
  EXPECT_EQ(config.server.code_cache, "/etc/wasm-grpc/cache");
  EXPECT_EQ(config.listen[0].address, "unix:/etc/wasm-grpc/s.sock");
  EXPECT_EQ(config.listen[1].address, "127.0.0.1:1");
  EXPECT_EQ(config.server.tls.certificate_file, "/etc/wasm-grpc/c.pem");
  EXPECT_EQ(config.server.tls.key_file, "/etc/k.pem");
  EXPECT_EQ(config.modules[0].path, "/etc/wasm-grpc/m.wasm");
  EXPECT_EQ(config.modules[0].options.directories,
            (Directories{{"/etc/wasm-grpc/data", "data", true}, {"/srv", "data", true}}));
}

TEST(ReadConfig, GivesEachCertificateItsKey) {
  const Config config = config_of(
      "[tls]\ncert = [\"a\", \"b\"]\nkey = [\"ka\", \"kb\"]\nclient-ca = \"ca\"\nclient-auth = "
      "\"request\"\n" +
      std::string(one_module));
  EXPECT_EQ(config.server.tls.certificate_file, "a");
  ASSERT_EQ(config.server.tls.further_certificates.size(), 1U);
  EXPECT_EQ(config.server.tls.further_certificates[0].key_file, "kb");
  EXPECT_EQ(config.server.tls.client_auth, TlsClientAuth::request);
}

TEST(ReadConfig, SaysWhoMayCallWhat) {
  const Config config = config_of(R"(
[access]
policy = "policy.json"
issuer = ["https://one.example/", "https://two.example/"]
keys = ["one.json", "/etc/two.json"]
audience = "greeter"
require-token = false
rate = ["identity 100/s burst 200 /pkg.Service/*", "address 10/m"]
[[module]]
path = "m.wasm"
)",
                                  {}, {}, "/etc/wasm-grpc");
  const AccessOptions& access = config.server.access;
  EXPECT_EQ(access.policy_file, "/etc/wasm-grpc/policy.json");
  ASSERT_EQ(access.tokens.issuers.size(), 2U);
  EXPECT_EQ(access.tokens.issuers[0].keys_file, "/etc/wasm-grpc/one.json");
  EXPECT_EQ(access.tokens.issuers[1].name, "https://two.example/");
  EXPECT_EQ(access.tokens.issuers[1].keys_file, "/etc/two.json");
  EXPECT_EQ(access.tokens.issuers[1].audiences, std::vector<std::string>{"greeter"});
  EXPECT_FALSE(access.tokens.required);
  EXPECT_FALSE(access.tokens.forward);
  ASSERT_EQ(access.rates.size(), 2U);
  EXPECT_EQ(access.rates[0].burst, 200);
  EXPECT_EQ(access.rates[1].per, RateKey::address);
}

TEST(ReadConfig, TakesVariablesFromFilesAndTheEnvironment) {
  FakeSecrets secrets;
  secrets.files["/etc/token"] = "hunter2\n";
  secrets.variables["ZONE"] = "eu";
  const Config config = config_of(R"(
env = { A = "top", B = "top" }
[[module]]
path = "m.wasm"
[module.env]
B = "own"
TOKEN = { file = "token" }
ZONE = { from-env = "ZONE" }
)",
                                  {}, secrets, "/etc");
  EXPECT_EQ(config.modules[0].options.environment,
            (Variables{{"A", "top"}, {"B", "own"}, {"TOKEN", "hunter2"}, {"ZONE", "eu"}}));
}

TEST(ReadConfig, TellsOfSoManyProblemsAndNoMore) {
  std::string text(one_module);
  for (int i = 0; i < 60; ++i) text += "unknown-" + std::to_string(i) + " = 1\n";
  const Reading reading = read_text(text);
  EXPECT_FALSE(reading.ok());
  ASSERT_EQ(reading.problems.size(), 51U);
  EXPECT_EQ(reading.problems.back(), "wasm-grpc.toml: there are 10 more");
  EXPECT_TRUE(reading.problems.front().starts_with("wasm-grpc.toml:3:1: ")) << reading.problems.front();
}

TEST(ReadConfig, RefusesATextThatIsTooLarge) {
  EXPECT_TRUE(
      read_text("#" + std::string(max_config_bytes - 2 - one_module.size(), 'a') + "\n" + std::string(one_module))
          .ok());
  const Reading reading = read_text(std::string(max_config_bytes + 1, '#'));
  ASSERT_EQ(reading.problems.size(), 1U);
  EXPECT_NE(reading.problems[0].find("larger than"), std::string::npos);
}

TEST(ReadConfigFile, NamesAFileThatIsNotThere) {
  const Reading reading = read_file("/nonexistent/wasm-grpc.toml", {});
  ASSERT_EQ(reading.problems.size(), 1U);
  EXPECT_EQ(reading.problems[0], "/nonexistent/wasm-grpc.toml: cannot be opened: No such file or directory");
  EXPECT_EQ(read_file("/", {}).problems, std::vector<std::string>{"/: is a directory; expected a file"});
}

}  // namespace
}  // namespace wasm_grpc::config::test
