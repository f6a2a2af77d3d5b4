// Guests of pantopic/wazero-atomic: what its functions do, and which calls trap.
#include "hostmodules/host_module_guest.h"

namespace wasm_grpc::hostmodules {
namespace {

constexpr std::string_view imports = R"(
    (import "pantopic/wazero-atomic" "__atomic_uint64_load" (func $wazero_load))
    (import "pantopic/wazero-atomic" "__atomic_uint64_store" (func $wazero_store))
    (import "pantopic/wazero-atomic" "__atomic_uint64_add" (func $wazero_add))
    (import "pantopic/wazero-atomic" "__atomic_uint64_del" (func $wazero_del)))";

constexpr std::string_view helpers = R"(
    ;; Where pantopic/wazero-atomic finds the numbers: set 212, id 216, value 224.
    (func $say (param $set i32) (param $id i64) (param $value i64)
      (i32.store (i32.const 212) (local.get $set))
      (i64.store (i32.const 216) (local.get $id))
      (i64.store (i32.const 224) (local.get $value)))
    (func $value (result i32) (i32.load (i32.const 224)))
    (func $loaded (param $set i32) (param $id i64) (result i32)
      (call $say (local.get $set) (local.get $id) (i64.const 99)) (call $wazero_load) (call $value)))";

/// The export by which the guest says where its numbers are.
constexpr std::string_view places = R"(
    (data (i32.const 200) "\d4\00\00\00\d8\00\00\00\e0\00\00\00")
    (func (export "__atomic") (result i32) (i32.const 200)))";

std::string wazero_text(std::string_view body, std::string_view its_places = places) {
  return text(body, imports, std::string(helpers) + std::string(its_places));
}

struct WazeroAtomicTest : HostModulesTest {
  std::string module_text(std::string_view body) const override { return wazero_text(body); }
};

TEST_F(WazeroAtomicTest, WazeroGuestsShareCounters) {
  load("(call $say (i32.const 1) (i64.const 7) (i64.const 5)) (call $wazero_add) (call $value)");
  EXPECT_EQ(answer(), 5);
  EXPECT_EQ(answer(), 10);
  EXPECT_EQ(answer_to("(call $loaded (i32.const 1) (i64.const 7))"), 0) << "another module has its own";
}

TEST_F(WazeroAtomicTest, WazeroCountersAreKnownBySetAndId) {
  EXPECT_EQ(answer_to(R"(
    (call $say (i32.const 1) (i64.const 7) (i64.const 5)) (call $wazero_store)
    (call $say (i32.const 2) (i64.const 7) (i64.const 60)) (call $wazero_store)
    (call $say (i32.const 1) (i64.const 0x100000007) (i64.const 700)) (call $wazero_store)
    (i32.add (call $loaded (i32.const 1) (i64.const 7))
      (i32.add (call $loaded (i32.const 2) (i64.const 7)) (call $loaded (i32.const 1) (i64.const 0x100000007)))))"),
            765);
  EXPECT_EQ(answer_to("(call $loaded (i32.const 0) (i64.const 0))"), 0);
}

TEST_F(WazeroAtomicTest, AWazeroCounterThatIsDeletedIs0AndMakesRoom) {
  EXPECT_EQ(answer_to(R"((local $i i64)
    (loop $again
      (call $say (i32.const 1) (local.get $i) (i64.const 5)) (call $wazero_add) (call $wazero_del)
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if $again (i64.lt_u (local.get $i) (i64.const 10))))
    (call $loaded (i32.const 1) (i64.const 9)))"),
            0);
}

TEST_F(WazeroAtomicTest, AWazeroCounterTooManyTrapsTheGuest) {
  answer_to(R"((local $i i64)
    (loop $again
      (call $say (i32.const 1) (local.get $i) (i64.const 5)) (call $wazero_add)
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if $again (i64.lt_u (local.get $i) (i64.const 4))))
    (i32.const 0))");
  EXPECT_EQ(trap, "the module has the 3 counters it may have");
}

TEST_F(WazeroAtomicTest, TheNewerNameOfTheModuleOffersTheSame) {
  std::string newer = wazero_text(
      "(call $say (i32.const 1) (i64.const 7) (i64.const 5)) (call $wazero_add) (call $wazero_add)"
      "(call $value)");
  for (std::size_t at = 0; (at = newer.find("pantopic/wazero-atomic", at)) != std::string::npos;) {
    newer.replace(at, std::string_view("pantopic/wazero-atomic").size(), "pantopic/ext-atomic");
  }
  auto loaded = try_load(newer);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  take(std::move(loaded).value());
  EXPECT_EQ(answer(), 10) << "5, and 5 of the sum that was told, which is added to it";
}

TEST_F(WazeroAtomicTest, AWazeroGuestWithoutItsExportIsRefused) {
  const auto refused = try_load(wazero_text("(i32.const 0)", "(func $none)"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(
      refused.error().message,
      "it imports from \"pantopic/wazero-atomic\", so it must export the function \"__atomic\" of type () -> i32");
}

TEST_F(WazeroAtomicTest, AWazeroGuestThatPointsOutsideItsMemoryTraps) {
  const auto refused =
      try_load(wazero_text("(i32.const 0)", R"((func (export "__atomic") (result i32) (i32.const 65525)))"));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("outside its memory"), std::string::npos) << refused.error().message;

  // Each of the three in turn at the end of memory, and not wholly inside.
  for (const std::string wrong : {R"(\fd\ff\00\00\d8\00\00\00\e0\00\00\00)", R"(\d4\00\00\00\f9\ff\00\00\e0\00\00\00)",
                                  R"(\d4\00\00\00\d8\00\00\00\ff\ff\ff\ff)"}) {
    for (const std::string use : {"load", "store", "add", "del"}) {
      if (use == "del" && wrong.ends_with("ff")) continue;  // it does not look at the value
      auto loaded = try_load(wazero_text(
          "(call $wazero_" + use + ") (i32.const 0)",
          "(data (i32.const 200) \"" + wrong + "\") (func (export \"__atomic\") (result i32) (i32.const 200))"));
      ASSERT_TRUE(loaded.ok()) << loaded.error().message;
      take(loaded.value());
      answer();
      EXPECT_NE(trap.find("outside its memory"), std::string::npos) << use << " " << wrong << trap;
    }
  }
}

TEST_F(WazeroAtomicTest, AGuestWhoseStateIsToLastIsRefused) {
  options.store = {.backend = StoreBackend::sqlite, .path = "/nowhere/store"};
  const auto refused = try_load(wazero_text("(i32.const 0)"));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("kept in memory only"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace wasm_grpc::hostmodules
