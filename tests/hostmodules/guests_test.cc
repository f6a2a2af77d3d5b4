// The host's modules as guests see them: what the functions answer, and which calls trap.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "hostmodules/answers.h"
#include "hostmodules/modules.h"
#include "runtime/guest_fixture.h"

namespace wasm_grpc::hostmodules {
namespace {

using runtime::GuestInstance;
using runtime::GuestModule;
using wasm::Progress;

/// A module that imports all of the three, keys in its memory, and calls what the test says in its export "f".
std::string text(std::string_view body, std::string_view more = "") {
  return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_atomics_1" "counter" (func $counter (param i32 i32) (result i32)))
    (import "wasm_grpc_atomics_1" "load" (func $load (param i32) (result i64)))
    (import "wasm_grpc_atomics_1" "store" (func $store (param i32 i64)))
    (import "wasm_grpc_atomics_1" "add" (func $add (param i32 i64) (result i64)))
    (import "wasm_grpc_atomics_1" "exchange" (func $exchange (param i32 i64) (result i64)))
    (import "wasm_grpc_atomics_1" "compare_exchange" (func $cas (param i32 i64 i64) (result i64)))
    (import "wasm_grpc_kv_1" "get" (func $get (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_kv_1" "set" (func $set (param i32 i32 i32 i32 i64 i64) (result i64)))
    (import "wasm_grpc_kv_1" "remove" (func $remove (param i32 i32 i64) (result i32)))
    (import "pantopic/wazero-atomic" "__atomic_uint64_load" (func $wazero_load))
    (import "pantopic/wazero-atomic" "__atomic_uint64_store" (func $wazero_store))
    (import "pantopic/wazero-atomic" "__atomic_uint64_add" (func $wazero_add))
    (import "pantopic/wazero-atomic" "__atomic_uint64_del" (func $wazero_del))
    (memory (export "memory") 1)
    (data (i32.const 0) "/test.Service/Method")
    (data (i32.const 100) "name" "other")
    (func $i32 (param i64) (result i32) (i32.wrap_i64 (local.get 0)))
    (func $set_if (param $version i64) (result i64)
      (call $set (i32.const 100) (i32.const 4) (i32.const 104) (i32.const 5) (i64.const -1) (local.get $version)))
    (func $remove_if (param $version i64) (result i32)
      (call $remove (i32.const 100) (i32.const 4) (local.get $version)))
    ;; Where pantopic/wazero-atomic finds the numbers: set 212, id 216, value 224.
    (func $say (param $set i32) (param $id i64) (param $value i64)
      (i32.store (i32.const 212) (local.get $set))
      (i64.store (i32.const 216) (local.get $id))
      (i64.store (i32.const 224) (local.get $value)))
    (func $value (result i32) (i32.load (i32.const 224)))
    (func $loaded (param $set i32) (param $id i64) (result i32)
      (call $say (local.get $set) (local.get $id) (i64.const 99)) (call $wazero_load) (call $value))
    (func (export "wasm_grpc_start")
      (drop (call $method (i32.const 0) (i32.const 20) (i32.const 0) (i32.const 0) (i32.const 0))))
    (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) (i32.const 0))
    (func (export "f") (result i32) )" +
         std::string(body) + ") " +
         (more.empty() ? R"((data (i32.const 200) "\d4\00\00\00\d8\00\00\00\e0\00\00\00")
                            (func (export "__atomic") (result i32) (i32.const 200)))"
                       : std::string(more)) +
         ")";
}

struct HostModulesTest : runtime::GuestTest {
  HostModulesTest() {
    for (auto* const make : {atomics, kv, wazero_atomic, ext_atomic}) EXPECT_TRUE(linker.define(make()).ok());
    options.shared_state = {.max_counters = 3, .max_kv_bytes = 2000, .max_kv_value = 500};
  }

  Result<std::shared_ptr<GuestModule>> try_load(const std::string& module_text) {
    return GuestModule::load(engine(), linker, "guest", std::as_bytes(std::span(module_text)),
                             wasi::Sandbox::create({}).value(), log, std::chrono::seconds(10), options);
  }
  void load(std::string_view body) {
    auto loaded = try_load(text(body));
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    take(loaded.value());
  }
  void take(std::shared_ptr<const GuestModule> other) {
    last.reset();  // no instance outlives its module
    module = std::move(other);
  }
  std::unique_ptr<GuestInstance> start() {
    auto guest = std::make_unique<GuestInstance>(*module, &module->declaration());
    EXPECT_EQ(guest->poll_start(), Progress::done);
    return guest;
  }
  /// What "f" of a new instance answers; `trap` is what it failed with.
  std::int32_t answer() {
    last = start();
    last->instance.begin_call(*last->instance.find_function("f"), {}, true);
    trap.clear();
    if (last->instance.poll() == Progress::done) return last->instance.result();
    trap = last->instance.failure().message;
    return -1000;
  }
  std::int32_t answer_to(std::string_view body) {
    load(body);
    return answer();
  }
  std::uint64_t number_at(std::size_t place) {
    std::uint64_t number = 0;
    std::memcpy(&number, last->instance.memory().data() + place, sizeof(number));
    return number;
  }

  ModuleOptions options;
  std::shared_ptr<const GuestModule> module;
  std::unique_ptr<GuestInstance> last;
  std::string trap;
};

// ---- Counters ----

TEST_F(HostModulesTest, InstancesShareACounter) {
  load(R"((call $i32 (call $add (call $counter (i32.const 100) (i32.const 4)) (i64.const 3))))");
  EXPECT_EQ(answer(), 3);
  EXPECT_EQ(answer(), 6);
  EXPECT_EQ(answer_to(R"((call $i32 (call $load (call $counter (i32.const 100) (i32.const 4)))))"), 0)
      << "another module has its own";
}

TEST_F(HostModulesTest, ACounterIsStoredExchangedAndCompared) {
  EXPECT_EQ(answer_to(R"((local $c i32)
    (local.set $c (call $counter (i32.const 100) (i32.const 4)))
    (call $store (local.get $c) (i64.const -5))
    (if (i64.ne (call $exchange (local.get $c) (i64.const 7)) (i64.const -5)) (then (return (i32.const 1))))
    (if (i64.ne (call $cas (local.get $c) (i64.const 8) (i64.const 9)) (i64.const 7)) (then (return (i32.const 2))))
    (if (i64.ne (call $load (local.get $c)) (i64.const 7)) (then (return (i32.const 3))))
    (if (i64.ne (call $cas (local.get $c) (i64.const 7) (i64.const 9)) (i64.const 7)) (then (return (i32.const 4))))
    (if (i64.ne (call $load (local.get $c)) (i64.const 9)) (then (return (i32.const 5))))
    (if (i64.ne (call $add (local.get $c) (i64.const 0x7fffffffffffffff)) (i64.const -9223372036854775800))
      (then (return (i32.const 6))))
    (i32.const 0))"),
            0);
}

TEST_F(HostModulesTest, ANameOfACounterHas1To256Bytes) {
  EXPECT_EQ(answer_to("(call $counter (i32.const 100) (i32.const 0))"), INVALID);
  EXPECT_EQ(answer_to("(call $counter (i32.const 100) (i32.const 256))"), 0);
  EXPECT_EQ(answer_to("(call $counter (i32.const 100) (i32.const 257))"), INVALID);
}

TEST_F(HostModulesTest, AModuleHasNoMoreCountersThanItMay) {
  EXPECT_EQ(answer_to(R"((drop (call $counter (i32.const 100) (i32.const 1)))
    (drop (call $counter (i32.const 100) (i32.const 2))) (drop (call $counter (i32.const 100) (i32.const 3)))
    (call $counter (i32.const 100) (i32.const 4)))"),
            FULL);
}

TEST_F(HostModulesTest, ACounterThatIsNoneTrapsTheGuest) {
  for (const std::string use :
       {"(drop (call $load (i32.const 0)))", "(call $store (i32.const 0) (i64.const 1))",
        "(drop (call $add (i32.const -1) (i64.const 1)))", "(drop (call $exchange (i32.const -9) (i64.const 1)))",
        "(drop (call $cas (i32.const 3) (i64.const 0) (i64.const 1)))"}) {
    answer_to(use + "(i32.const 0)");
    EXPECT_NE(trap.find("there is no counter"), std::string::npos) << use << trap;
  }
}

// ---- The store ----

TEST_F(HostModulesTest, InstancesShareAStore) {
  load(R"((local $size i32)
    (local.set $size (call $get (i32.const 100) (i32.const 4) (i32.const 1000) (i32.const 100) (i32.const 2000)))
    (drop (call $set (i32.const 100) (i32.const 4) (i32.const 104) (i32.const 5) (i64.const -1) (i64.const -1)))
    (local.get $size))");
  EXPECT_EQ(answer(), ABSENT);
  EXPECT_EQ(number_at(2000), 0u) << "nothing was written";
  EXPECT_EQ(answer(), 5);
  EXPECT_EQ(number_at(1000) & 0xff'ffff'ffff, 0x72'6568'746fu) << "other";
  EXPECT_GT(number_at(2000), 0u);
  load("(call $get (i32.const 100) (i32.const 4) (i32.const 1000) (i32.const 100) (i32.const 2000))");
  EXPECT_EQ(answer(), ABSENT) << "another module has its own";
}

TEST_F(HostModulesTest, AValueThatDoesNotFitIsNotWritten) {
  EXPECT_EQ(answer_to(R"(
    (drop (call $set (i32.const 100) (i32.const 4) (i32.const 104) (i32.const 5) (i64.const -1) (i64.const -1)))
    (call $get (i32.const 100) (i32.const 4) (i32.const 1000) (i32.const 4) (i32.const 2000)))"),
            5);
  EXPECT_EQ(number_at(1000), 0u);
  EXPECT_GT(number_at(2000), 0u);
}

TEST_F(HostModulesTest, APairIsSetAndRemovedByItsVersion) {
  EXPECT_EQ(answer_to(R"((local $v i64)
    (if (i64.ne (call $set_if (i64.const 5)) (i64.const -8)) (then (return (i32.const 1))))
    (local.set $v (call $set_if (i64.const 0)))
    (if (i64.le_s (local.get $v) (i64.const 0)) (then (return (i32.const 2))))
    (if (i64.ne (call $set_if (i64.const 0)) (i64.const -8)) (then (return (i32.const 3))))
    (if (i64.le_s (call $set_if (local.get $v)) (local.get $v)) (then (return (i32.const 4))))
    (if (i32.ne (call $remove_if (local.get $v)) (i32.const -8)) (then (return (i32.const 5))))
    (if (call $remove_if (i64.const -1)) (then (return (i32.const 6))))
    (if (i32.ne (call $remove_if (i64.const -1)) (i32.const -4)) (then (return (i32.const 7))))
    (i32.const 0))"),
            0);
}

TEST_F(HostModulesTest, WhatIsOutOfItsRangeIsInvalid) {
  const auto set = [](const char* key_size, const char* value_size, const char* ttl, const char* version) {
    return std::string("(call $i32 (call $set (i32.const 100) (i32.const ") + key_size +
           ") (i32.const 104) (i32.const " + value_size + ") (i64.const " + ttl + ") (i64.const " + version + ")))";
  };
  EXPECT_EQ(answer_to(set("0", "5", "-1", "-1")), INVALID);
  EXPECT_EQ(answer_to(set("1025", "5", "-1", "-1")), INVALID);
  EXPECT_EQ(answer_to(set("4", "5", "0", "-1")), INVALID);
  EXPECT_EQ(answer_to(set("4", "5", "-1", "-2")), INVALID);
  EXPECT_EQ(answer_to(set("4", "501", "-1", "-1")), TOO_LARGE);
  EXPECT_EQ(answer_to(set("1024", "500", "1000000000000", "-1")), 1);
  EXPECT_EQ(answer_to(set("1024", "500", "-1", "-1") + "(drop)" + set("1023", "500", "-1", "-1")), FULL);
  EXPECT_EQ(answer_to("(call $get (i32.const 100) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 0))"), INVALID);
  EXPECT_EQ(answer_to("(call $remove (i32.const 100) (i32.const 0) (i64.const -1))"), INVALID);
  EXPECT_EQ(answer_to("(call $remove (i32.const 100) (i32.const 4) (i64.const -2))"), INVALID);
}

// ---- pantopic/wazero-atomic ----

TEST_F(HostModulesTest, WazeroGuestsShareCounters) {
  load("(call $say (i32.const 1) (i64.const 7) (i64.const 5)) (call $wazero_add) (call $value)");
  EXPECT_EQ(answer(), 5);
  EXPECT_EQ(answer(), 10);
  EXPECT_EQ(answer_to("(call $loaded (i32.const 1) (i64.const 7))"), 0) << "another module has its own";
}

TEST_F(HostModulesTest, WazeroCountersAreKnownBySetAndId) {
  EXPECT_EQ(answer_to(R"(
    (call $say (i32.const 1) (i64.const 7) (i64.const 5)) (call $wazero_store)
    (call $say (i32.const 2) (i64.const 7) (i64.const 60)) (call $wazero_store)
    (call $say (i32.const 1) (i64.const 0x100000007) (i64.const 700)) (call $wazero_store)
    (i32.add (call $loaded (i32.const 1) (i64.const 7))
      (i32.add (call $loaded (i32.const 2) (i64.const 7)) (call $loaded (i32.const 1) (i64.const 0x100000007)))))"),
            765);
  EXPECT_EQ(answer_to("(call $loaded (i32.const 0) (i64.const 0))"), 0);
}

TEST_F(HostModulesTest, AWazeroCounterThatIsDeletedIs0AndMakesRoom) {
  EXPECT_EQ(answer_to(R"((local $i i64)
    (loop $again
      (call $say (i32.const 1) (local.get $i) (i64.const 5)) (call $wazero_add) (call $wazero_del)
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if $again (i64.lt_u (local.get $i) (i64.const 10))))
    (call $loaded (i32.const 1) (i64.const 9)))"),
            0);
}

TEST_F(HostModulesTest, AWazeroCounterTooManyTrapsTheGuest) {
  answer_to(R"((local $i i64)
    (loop $again
      (call $say (i32.const 1) (local.get $i) (i64.const 5)) (call $wazero_add)
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if $again (i64.lt_u (local.get $i) (i64.const 4))))
    (i32.const 0))");
  EXPECT_EQ(trap, "the module has the 3 counters it may have");
}

TEST_F(HostModulesTest, TheNewerNameOfTheModuleOffersTheSame) {
  std::string newer = text(
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

TEST_F(HostModulesTest, AWazeroGuestWithoutItsExportIsRefused) {
  const auto refused = try_load(text("(i32.const 0)", "(func $none)"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(
      refused.error().message,
      "it imports from \"pantopic/wazero-atomic\", so it must export the function \"__atomic\" of type () -> i32");
}

TEST_F(HostModulesTest, AWazeroGuestThatPointsOutsideItsMemoryTraps) {
  const auto refused = try_load(text("(i32.const 0)", R"((func (export "__atomic") (result i32) (i32.const 65525)))"));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("outside its memory"), std::string::npos) << refused.error().message;

  // Each of the three in turn at the end of memory, and not wholly inside.
  for (const std::string places : {R"(\fd\ff\00\00\d8\00\00\00\e0\00\00\00)", R"(\d4\00\00\00\f9\ff\00\00\e0\00\00\00)",
                                   R"(\d4\00\00\00\d8\00\00\00\ff\ff\ff\ff)"}) {
    for (const std::string use : {"load", "store", "add", "del"}) {
      if (use == "del" && places.ends_with("ff")) continue;  // it does not look at the value
      auto loaded = try_load(
          text("(call $wazero_" + use + ") (i32.const 0)",
               "(data (i32.const 200) \"" + places + "\") (func (export \"__atomic\") (result i32) (i32.const 200))"));
      ASSERT_TRUE(loaded.ok()) << loaded.error().message;
      take(loaded.value());
      answer();
      EXPECT_NE(trap.find("outside its memory"), std::string::npos) << use << " " << places << trap;
    }
  }
}

}  // namespace
}  // namespace wasm_grpc::hostmodules
