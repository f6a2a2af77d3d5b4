// Arguments, environment, clocks, random numbers, exit.
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "support.h"

namespace wasm_grpc::wasi::test {
namespace {

using namespace std::chrono_literals;

/// Fetches a string table as C libraries do.
std::vector<std::string> fetch(Machine& machine, const std::string& what) {
  const std::uint32_t sizes = machine.allocate(8);
  EXPECT_EQ(machine.call(what + "_sizes_get", {sizes, sizes + 4}), Errno::success);
  const auto count = machine.get<std::uint32_t>(sizes);
  const auto bytes = machine.get<std::uint32_t>(sizes + 4);
  const std::uint32_t pointers = machine.allocate(count * 4);
  const std::uint32_t buffer = machine.allocate(bytes);
  EXPECT_EQ(machine.call(what + "_get", {pointers, buffer}), Errno::success);
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto place = machine.get<std::uint32_t>(pointers + 4 * i);
    EXPECT_TRUE(place >= buffer && place < buffer + bytes);
    out.emplace_back(machine.bytes(place, buffer + bytes - place).c_str());
  }
  return out;
}

TEST(Process, GetsItsArgumentsAndEnvironment) {
  Config config;
  config.arguments = {"greeter", "", "two words"};
  config.environment = {{"LANG", "C"}, {"EMPTY", ""}};
  Machine machine(config);
  EXPECT_EQ(fetch(machine, "args"), (std::vector<std::string>{"greeter", "", "two words"}));
  EXPECT_EQ(fetch(machine, "environ"), (std::vector<std::string>{"LANG=C", "EMPTY="}));
}

TEST(Process, SeesNothingOfTheHostsEnvironment) {
  Machine machine;
  EXPECT_TRUE(fetch(machine, "args").empty());
  EXPECT_TRUE(fetch(machine, "environ").empty());
}

TEST(Process, ReadsTheTime) {
  Machine machine;
  const std::uint32_t out = machine.allocate(8);
  const auto before = std::chrono::system_clock::now().time_since_epoch() / 1ns;
  ASSERT_EQ(machine.call("clock_time_get", {0, 0, out}), Errno::success);
  const auto after = std::chrono::system_clock::now().time_since_epoch() / 1ns;
  EXPECT_GE(machine.get<std::uint64_t>(out), static_cast<std::uint64_t>(before));
  EXPECT_LE(machine.get<std::uint64_t>(out), static_cast<std::uint64_t>(after));

  ASSERT_EQ(machine.call("clock_time_get", {1, 0, out}), Errno::success);
  const auto first = machine.get<std::uint64_t>(out);
  ASSERT_EQ(machine.call("clock_time_get", {1, 0, out}), Errno::success);
  EXPECT_GE(machine.get<std::uint64_t>(out), first);

  for (const std::uint64_t clock : {0, 1}) {
    ASSERT_EQ(machine.call("clock_res_get", {clock, out}), Errno::success);
    EXPECT_GT(machine.get<std::uint64_t>(out), 0U);
  }
}

TEST(Process, IsRefusedClocksThatAreNotKept) {
  Machine machine;
  const std::uint32_t out = machine.allocate(8);
  for (const std::uint64_t clock : {2, 3}) {
    EXPECT_EQ(machine.call("clock_time_get", {clock, 0, out}), Errno::notsup);
    EXPECT_EQ(machine.call("clock_res_get", {clock, out}), Errno::notsup);
  }
  EXPECT_EQ(machine.call("clock_time_get", {4, 0, out}), Errno::inval);
  EXPECT_EQ(machine.call("clock_res_get", {0xffff'ffff, out}), Errno::inval);
}

TEST(Process, GetsRandomBytes) {
  Machine machine;
  std::set<std::string> seen;
  const std::uint32_t buffer = machine.allocate(16);
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(machine.call("random_get", {buffer, 16}), Errno::success);
    seen.insert(machine.bytes(buffer, 16));
  }
  EXPECT_EQ(seen.size(), 8U);
  EXPECT_EQ(machine.call("random_get", {buffer, 0}), Errno::success);
  EXPECT_EQ(machine.guest.suspensions, 0);
}

TEST(Process, GivesWayWhileItGetsManyRandomBytes) {
  Machine machine;
  constexpr std::uint32_t size = 1'000'000;
  const std::uint32_t buffer = machine.allocate(size + 1);
  ASSERT_EQ(machine.call("random_get", {buffer, size}), Errno::success);
  EXPECT_GE(machine.guest.suspensions, 3);
  // Every part of it was filled, and nothing beyond: 64 zeros in a row are all but impossible.
  const std::string bytes = machine.bytes(buffer, size + 1);
  EXPECT_EQ(bytes.find(std::string(64, '\0')), std::string::npos);
  EXPECT_EQ(bytes.back(), '\0');
}

TEST(Process, ExitsWithItsCode) {
  for (const int code : {0, 1, 42}) {
    Machine machine;
    const std::string message = machine.trap("proc_exit", {static_cast<std::uint64_t>(code)});
    EXPECT_EQ(message, "the guest exited with code " + std::to_string(code));
    EXPECT_EQ(machine.guest.instance.failure().kind, wasm::Failure::Kind::exit);
    EXPECT_EQ(machine.guest.instance.failure().exit_code, code);
  }
}

TEST(Sandbox, RefusesAnEnvironmentThatCannotBe) {
  for (const char* name : {"", "A=B"}) {
    Config config;
    config.environment = {{name, "value"}};
    EXPECT_FALSE(Sandbox::create(config).ok()) << name;
  }
  Config config;
  config.arguments = {std::string("a\0b", 3)};
  EXPECT_FALSE(Sandbox::create(config).ok());
  config.arguments = {std::string(Sandbox::max_table_bytes, 'x')};
  EXPECT_FALSE(Sandbox::create(config).ok());
}

TEST(Sandbox, NamesTheDirectoryThatCannotBeGranted) {
  const TemporaryDirectory directory;
  directory.write("file", "");
  for (const std::string path : {directory.path() / "absent", directory.path() / "file"}) {
    Config config;
    config.directories = {{path, "/data", true}};
    const auto made = Sandbox::create(config);
    ASSERT_FALSE(made.ok());
    EXPECT_NE(made.error().message.find(path), std::string::npos) << made.error().message;
  }
  Config twice;
  twice.directories = {{directory.path(), "/data", true}, {directory.path(), "/data", false}};
  EXPECT_FALSE(Sandbox::create(twice).ok());
}

}  // namespace
}  // namespace wasm_grpc::wasi::test
