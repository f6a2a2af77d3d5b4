// Host functions: what crosses into and out of a guest.
#include "wasm_grpc/host_function.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support.h"

namespace wasm_grpc::wasm::test {
namespace {

/// A guest whose export "f" calls env.f with these arguments.
Sandboxed calling(const std::string& parameters, const std::string& result, const std::string& arguments,
                  HostFunction function) {
  const std::string results = result.empty() ? "" : " (result " + result + ")";
  const std::string params = parameters.empty() ? "" : " (param " + parameters + ")";
  const std::string text = "(module (import \"env\" \"f\" (func $f" + params + results +
                           ")) (memory (export \"memory\") 1) (data (i32.const 16) \"hello\")" +
                           "(func (export \"f\")" + results + " (call $f " + arguments + ")))";
  return Sandboxed(text, [&](Linker& linker) { expect_value(linker.define("env", "f", std::move(function))); });
}

std::string trap_of(Sandboxed& guest, bool has_result = false) {
  EXPECT_EQ(guest.instantiate(), Progress::done);
  guest.begin("f", {}, has_result);
  EXPECT_EQ(guest.finish(), Progress::failed);
  return guest.instance->failure().message;
}

TEST(HostFunction, TakesAndReturnsNumbers) {
  std::string seen;
  auto guest = calling("i32 i64 f32 f64 i32", "i32",
                       "(i32.const -1) (i64.const -2) (f32.const 1.5) (f64.const 2.5) (i32.const -3)",
                       host_function([&](std::int32_t a, std::int64_t b, float c, double d, std::uint32_t e) {
                         seen = std::to_string(a) + " " + std::to_string(b) + " " + std::to_string(c) + " " +
                                std::to_string(d) + " " + std::to_string(e);
                         return std::uint32_t{0xffff'fff0};
                       }));
  ASSERT_EQ(guest.instantiate(), Progress::done);
  EXPECT_EQ(guest.call("f"), -16);
  EXPECT_EQ(seen, "-1 -2 1.500000 2.500000 4294967293");
}

TEST(HostFunction, ReadsStringsOfTheGuestBetweenNumbers) {
  auto guest = calling("i32 i32 i32 i32", "i32", "(i32.const 1) (i32.const 16) (i32.const 5) (i32.const 2)",
                       host_function([](std::int32_t before, std::string_view text, std::int32_t after) {
                         return text == "hello" ? before + after : -1;
                       }));
  ASSERT_EQ(guest.instantiate(), Progress::done);
  EXPECT_EQ(guest.call("f"), 3);
}

TEST(HostFunction, WritesIntoTheGuest) {
  auto guest = calling("i32 i32 i32", "", "(i32.const 100) (i32.const 3) (i32.const 201)",
                       host_function([](std::span<std::byte> bytes, GuestPointer<std::uint64_t> number) {
                         std::fill(bytes.begin(), bytes.end(), std::byte{7});
                         number.store(number.load() + 9);
                       }));
  ASSERT_EQ(guest.instantiate(), Progress::done);
  guest.begin("f", {}, false);
  ASSERT_EQ(guest.finish(), Progress::done);
  const auto memory = guest.instance->memory();
  EXPECT_EQ(memory[99], std::byte{0});
  EXPECT_EQ(memory[102], std::byte{7});
  EXPECT_EQ(memory[103], std::byte{0});
  EXPECT_EQ(memory[201], std::byte{9});
}

TEST(HostFunction, AcceptsAnEmptyRangeAtTheEndOfMemory) {
  bool called = false;
  auto guest = calling("i32 i32", "", "(i32.const 65536) (i32.const 0)",
                       host_function([&](std::span<const std::byte> bytes) { called = bytes.empty(); }));
  ASSERT_EQ(guest.instantiate(), Progress::done);
  guest.begin("f", {}, false);
  ASSERT_EQ(guest.finish(), Progress::done);
  EXPECT_TRUE(called);
}

TEST(HostFunction, IsNotCalledWithARangeOutsideMemory) {
  for (const char* range :
       {"(i32.const 65536) (i32.const 1)", "(i32.const 65535) (i32.const 2)", "(i32.const -1) (i32.const 1)",
        "(i32.const -1) (i32.const -1)", "(i32.const 1) (i32.const -1)", "(i32.const 65537) (i32.const 0)"}) {
    bool called = false;
    auto guest = calling("i32 i32", "", range, host_function([&](std::string_view) { called = true; }));
    const std::string message = trap_of(guest);
    EXPECT_NE(message.find("outside its memory of 65536 bytes"), std::string::npos) << message;
    EXPECT_FALSE(called);
  }
  for (const char* pointer : {"(i32.const 65529)", "(i32.const -1)"}) {
    auto guest = calling("i32", "", pointer, host_function([](GuestPointer<std::uint64_t> p) { p.store(1); }));
    EXPECT_NE(trap_of(guest).find("outside its memory"), std::string::npos);
  }
}

TEST(HostFunction, TrapsTheGuestByAnErrorOrAnException) {
  auto error = calling("i32", "i32", "(i32.const 1)",
                       host_function([](std::int32_t) -> Result<std::int32_t> { return Error{"this cannot be"}; }));
  EXPECT_EQ(trap_of(error, true), "this cannot be");
  auto exception =
      calling("i32", "", "(i32.const 1)", host_function([](std::int32_t) { throw std::runtime_error("thrown"); }));
  EXPECT_EQ(trap_of(exception), "a host function failed: thrown");
  auto good = calling("", "i32", "", host_function([]() -> Result<std::int32_t> { return 5; }));
  ASSERT_EQ(good.instantiate(), Progress::done);
  EXPECT_EQ(good.call("f"), 5);
}

TEST(HostFunction, KnowsItsCaller) {
  auto guest = calling("", "i32", "", host_function([](Caller& caller) {
                         return caller.module_name() == "guest" ? static_cast<std::int32_t>(caller.memory().size()) : 0;
                       }));
  ASSERT_EQ(guest.instantiate(), Progress::done);
  EXPECT_EQ(guest.call("f"), 65536);
}

TEST(HostFunction, SeesMemoryAlsoWhileTheModuleStarts) {
  std::string seen;
  Sandboxed guest(R"((module (import "env" "f" (func $f (param i32 i32))) (memory (export "memory") 1)
                        (data (i32.const 16) "hello")
                        (func $start (call $f (i32.const 16) (i32.const 5))) (start $start)))",
                  [&](Linker& linker) {
                    expect_value(linker.define("env", "f", host_function([&](std::string_view text) { seen = text; })));
                  });
  ASSERT_EQ(guest.instantiate(), Progress::done);
  EXPECT_EQ(seen, "hello");
}

TEST(HostFunction, HasNoMemoryToOfferWhereTheGuestExportsNone) {
  Sandboxed guest(
      R"((module (import "env" "f" (func $f (param i32 i32)))
                        (func (export "f") (call $f (i32.const 0) (i32.const 1)))))",
      [](Linker& linker) { expect_value(linker.define("env", "f", host_function([](std::string_view) {}))); });
  EXPECT_NE(trap_of(guest).find("outside its memory of 0 bytes"), std::string::npos);
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
