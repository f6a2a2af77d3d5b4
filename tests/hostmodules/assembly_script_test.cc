// What guests of AssemblyScript import from "env", as they call it and as a hostile guest would.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <string>

#include "hostmodules/modules.h"
#include "runtime/guest_fixture.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::hostmodules {
namespace {

using runtime::GuestInstance;
using wasm::Progress;

/// Strings lie at 200 "boom" and 300 "assembly/index.ts", each after its length in bytes.
constexpr std::string_view text = R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
    (import "env" "seed" (func $seed (result f64)))
    (import "env" "trace" (func $trace (param i32 i32 f64 f64 f64 f64 f64)))
    (import "env" "console.log" (func $log (param i32)))
    (import "env" "console.error" (func $error (param i32)))
    (import "env" "Date.now" (func $date (result f64)))
    (import "env" "performance.now" (func $now (result f64)))
    (memory (export "memory") 1)
    (data (i32.const 0) "/test.Service/Method")
    (data (i32.const 196) "\08\00\00\00b\00o\00o\00m\00")
    (data (i32.const 296) "\22\00\00\00a\00s\00s\00e\00m\00b\00l\00y\00/\00i\00n\00d\00e\00x\00.\00t\00s\00")
    (func (export "wasm_grpc_start")
      (drop (call $method (i32.const 0) (i32.const 20) (i32.const 0) (i32.const 0) (i32.const 0))))
    (func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0))
    (func (export "abort") (param i32 i32 i32 i32)
      (call $abort (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
    (func (export "log") (param i32) (call $log (local.get 0)))
    (func (export "error") (param i32) (call $error (local.get 0)))
    (func (export "trace") (param i32 i32) (call $trace (local.get 0) (local.get 1)
      (f64.const 1) (f64.const -0.5) (f64.const 1e300) (f64.const nan) (f64.const inf)))
    (func (export "numbers") (f64.store (i32.const 1000) (call $seed)) (f64.store (i32.const 1008) (call $seed))
      (f64.store (i32.const 1016) (call $date)) (f64.store (i32.const 1024) (call $now))
      (f64.store (i32.const 1032) (call $now)))))";

struct AssemblyScriptTest : runtime::GuestTest {
  AssemblyScriptTest() {
    EXPECT_TRUE(linker
                    .define_replaceable(assembly_script([this](Caller&, LogLevel level, std::string_view line) {
                      lines.push_back(std::to_string(static_cast<int>(level)) + " " + std::string(line));
                    }))
                    .ok());
    module = load(text);
    renew();
  }
  void renew() {
    guest = std::make_unique<GuestInstance>(*module, &module->declaration());
    EXPECT_EQ(guest->poll_start(), Progress::done);
  }
  /// Calls an export; why it failed, or "".
  std::string call(std::string_view name, std::initializer_list<std::int32_t> arguments = {}) {
    const std::vector<std::int32_t> values(arguments);
    guest->instance.begin_call(*guest->instance.find_function(name), values, false);
    if (guest->instance.poll() == Progress::done) return "";
    const std::string message = guest->instance.failure().message;
    EXPECT_TRUE(wasm::is_printable(message)) << message;
    renew();
    return message;
  }
  void put(std::size_t place, const void* bytes, std::size_t size) {
    std::memcpy(guest->instance.memory().data() + place, bytes, size);
  }
  /// Puts a string of UTF-16 at 2000.
  std::int32_t put_string(std::u16string_view string) {
    const auto size = static_cast<std::uint32_t>(2 * string.size());
    put(1996, &size, sizeof size);
    put(2000, string.data(), size);
    return 2000;
  }
  double number_at(std::size_t place) {
    double number = 0;
    std::memcpy(&number, guest->instance.memory().data() + place, sizeof number);
    return number;
  }

  std::vector<std::string> lines;
  std::shared_ptr<const runtime::GuestModule> module;
  std::unique_ptr<GuestInstance> guest;
};

TEST_F(AssemblyScriptTest, AnAbortIsATrapWithTheGuestsMessageAndPlace) {
  EXPECT_EQ(call("abort", {200, 300, 12, 5}), "abort: boom in assembly/index.ts:12:5");
  EXPECT_EQ(call("abort", {0, 300, 0, -1}), "abort in assembly/index.ts:0:4294967295");
  EXPECT_EQ(call("abort", {200, 0, 12, 5}), "abort: boom");
  EXPECT_EQ(call("abort", {0, 0, 0, 0}), "abort");
}

TEST_F(AssemblyScriptTest, AnAbortWithPointersThatAreWrongIsATrapToo) {
  for (const std::int32_t pointer : {1, 3, 65537, -1, -4, 0x7fffffff}) {
    EXPECT_EQ(call("abort", {pointer, pointer, 1, 2}),
              "abort: (a message outside its memory) in (a file name outside its memory):1:2")
        << pointer;
  }
  for (const std::uint32_t size : {0xFFFFFFFFU, 0x80000000U, 65536U - 200U + 1U}) {
    put(196, &size, sizeof size);
    EXPECT_EQ(call("abort", {200, 0, 0, 0}), "abort: (a message outside its memory)") << size;
  }
  const std::uint32_t odd = 3;
  put(196, &odd, sizeof odd);
  EXPECT_EQ(call("abort", {200, 0, 0, 0}), "abort: b");
  EXPECT_EQ(call("abort", {4, 0, 0, 0}), "abort: (a message outside its memory)") << "the length is \"/tes\"";
}

TEST_F(AssemblyScriptTest, LinesGoToTheLogAtTheirLevels) {
  EXPECT_EQ(call("log", {200}), "");
  EXPECT_EQ(call("error", {300}), "");
  EXPECT_EQ(call("trace", {200, 0}), "");
  EXPECT_EQ(call("trace", {200, 2}), "");
  EXPECT_EQ(call("trace", {200, 1'000'000}), "");
  EXPECT_EQ(call("trace", {200, -1}), "");
  EXPECT_EQ(lines, (std::vector<std::string>{"2 boom", "4 assembly/index.ts", "2 boom", "2 boom 1, -0.5",
                                             "2 boom 1, -0.5, 1e+300, nan, inf", "2 boom"}));
}

TEST_F(AssemblyScriptTest, TextIsMadeFitToBeShown) {
  EXPECT_EQ(call("log", {put_string(u"gr\u00fc\u00df \u4f60 \U0001F600")}), "");
  EXPECT_EQ(call("log", {put_string(u"a\nb\x1b[31m")}), "");
  const char16_t halves[] = {0xDC00, u'x', 0xD800, 0xD800, 0xDC00, 0xD83D};
  EXPECT_EQ(call("log", {put_string({halves, 6})}), "");
  EXPECT_EQ(call("log", {put_string(u"")}), "");
  EXPECT_EQ(lines, (std::vector<std::string>{"2 gr\u00fc\u00df \u4f60 \U0001F600", "2 a\\x0ab\\x1b[31m",
                                             "2 \uFFFDx\uFFFD\U00010000\uFFFD", "2 "}));
  lines.clear();
  EXPECT_EQ(call("log", {put_string(std::u16string(20'000, u'y'))}), "");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], "2 " + std::string(4096, 'y') + "...");
}

TEST_F(AssemblyScriptTest, ALineOutsideOfMemoryTrapsTheGuest) {
  for (const std::int32_t pointer : {0, 1, 65537, -1}) {
    for (const std::string_view name : {"log", "error"}) {
      EXPECT_EQ(call(name, {pointer}), "the guest passed a string at " +
                                           std::to_string(static_cast<std::uint32_t>(pointer)) +
                                           " that is not inside its memory");
    }
    EXPECT_NE(call("trace", {pointer, 0}), "");
  }
  EXPECT_TRUE(lines.empty());
}

TEST_F(AssemblyScriptTest, SeedsDifferAndClocksGo) {
  EXPECT_EQ(call("numbers"), "");
  EXPECT_NE(number_at(1000), number_at(1008));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto milliseconds = static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  EXPECT_NEAR(number_at(1016), milliseconds, 60'000);
  EXPECT_EQ(number_at(1016), static_cast<double>(static_cast<std::int64_t>(number_at(1016)))) << "whole milliseconds";
  EXPECT_LE(number_at(1024), number_at(1032));
}

}  // namespace
}  // namespace wasm_grpc::hostmodules
