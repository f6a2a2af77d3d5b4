// Counters and the store as guests see them, wherever they are kept: what the functions answer, and which calls trap.
#include "hostmodules/host_module_guest.h"
#include "store/temporary_store.h"

namespace wasm_grpc::hostmodules {
namespace {

struct SharedStateTest : HostModulesTest, testing::WithParamInterface<StoreBackend> {
  SharedStateTest() {
    options.store.backend = GetParam();
    if (GetParam() == StoreBackend::sqlite) options.store.path = file.path();
  }
  store::TemporaryStore file;
};

INSTANTIATE_TEST_SUITE_P(Stores, SharedStateTest, testing::Values(StoreBackend::memory, StoreBackend::sqlite),
                         [](const auto& backend) {
                           return backend.param == StoreBackend::memory ? "Memory" : "Sqlite";
                         });

// ---- Counters ----

TEST_P(SharedStateTest, InstancesShareACounter) {
  load(R"((call $i32 (call $add (call $counter (i32.const 100) (i32.const 4)) (i64.const 3))))");
  EXPECT_EQ(answer(), 3);
  EXPECT_EQ(answer(), 6);
  EXPECT_EQ(answer_to(R"((call $i32 (call $load (call $counter (i32.const 100) (i32.const 4)))))"), 0)
      << "another module has its own";
}

TEST_P(SharedStateTest, ACounterIsStoredExchangedAndCompared) {
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

TEST_P(SharedStateTest, ANameOfACounterHas1To256Bytes) {
  EXPECT_EQ(answer_to("(call $counter (i32.const 100) (i32.const 0))"), INVALID);
  EXPECT_EQ(answer_to("(call $counter (i32.const 100) (i32.const 256))"), 0);
  EXPECT_EQ(answer_to("(call $counter (i32.const 100) (i32.const 257))"), INVALID);
}

TEST_P(SharedStateTest, AModuleHasNoMoreCountersThanItMay) {
  EXPECT_EQ(answer_to(R"((drop (call $counter (i32.const 100) (i32.const 1)))
    (drop (call $counter (i32.const 100) (i32.const 2))) (drop (call $counter (i32.const 100) (i32.const 3)))
    (call $counter (i32.const 100) (i32.const 4)))"),
            FULL);
}

TEST_P(SharedStateTest, ACounterThatIsNoneTrapsTheGuest) {
  for (const std::string use :
       {"(drop (call $load (i32.const 0)))", "(call $store (i32.const 0) (i64.const 1))",
        "(drop (call $add (i32.const -1) (i64.const 1)))", "(drop (call $exchange (i32.const -9) (i64.const 1)))",
        "(drop (call $cas (i32.const 3) (i64.const 0) (i64.const 1)))"}) {
    answer_to(use + "(i32.const 0)");
    EXPECT_NE(trap.find("there is no counter"), std::string::npos) << use << trap;
  }
}

// ---- The store ----

TEST_P(SharedStateTest, InstancesShareAStore) {
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

TEST_P(SharedStateTest, AValueThatDoesNotFitIsNotWritten) {
  EXPECT_EQ(answer_to(R"(
    (drop (call $set (i32.const 100) (i32.const 4) (i32.const 104) (i32.const 5) (i64.const -1) (i64.const -1)))
    (call $get (i32.const 100) (i32.const 4) (i32.const 1000) (i32.const 4) (i32.const 2000)))"),
            5);
  EXPECT_EQ(number_at(1000), 0u);
  EXPECT_GT(number_at(2000), 0u);
}

TEST_P(SharedStateTest, APairIsSetAndRemovedByItsVersion) {
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

TEST_P(SharedStateTest, WhatIsOutOfItsRangeIsInvalid) {
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

}  // namespace
}  // namespace wasm_grpc::hostmodules
