// Guests whose state outlives the process: what they find again, and what they are told when the store is away.
#include "hostmodules/host_module_guest.h"
#include "store/sqlite_handle.h"
#include "store/temporary_store.h"

namespace wasm_grpc::hostmodules {
namespace {

struct StoredGuestsTest : HostModulesTest {
  StoredGuestsTest() { options.store = {.backend = StoreBackend::sqlite, .path = file.path()}; }
  /// What f answers in a module that is loaded under the same name again, as by another process.
  std::int32_t answer_again(std::string_view body) {
    module.reset();
    last.reset();
    --loads;
    return answer_to(body);
  }
  store::TemporaryStore file;
};

/// Another program that holds the file for writing.
struct Holder : store::SqliteHandle {
  explicit Holder(const std::string& path) : SqliteHandle(path) { run("BEGIN IMMEDIATE"); }
};

TEST_F(StoredGuestsTest, APairIsThereWhenTheModuleIsLoadedAgain) {
  EXPECT_GT(answer_to("(call $i32 (call $set_if (i64.const 0)))"), 0);
  EXPECT_EQ(answer_again("(call $get (i32.const 100) (i32.const 4) (i32.const 1000) (i32.const 100) (i32.const 2000))"),
            5);
  EXPECT_EQ(number_at(1000) & 0xff'ffff'ffff, 0x72'6568'746fu) << "other";
}

TEST_F(StoredGuestsTest, ACounterGoesOnWhereItWas) {
  const std::string_view add = "(call $i32 (call $add (call $counter (i32.const 100) (i32.const 4)) (i64.const 3)))";
  EXPECT_EQ(answer_to(add), 3);
  EXPECT_EQ(answer_again(add), 6);
}

TEST_F(StoredGuestsTest, LimitsHoldForWhatWasThereBefore) {
  EXPECT_EQ(answer_to(R"((drop (call $counter (i32.const 100) (i32.const 1)))
    (drop (call $counter (i32.const 100) (i32.const 2))) (call $counter (i32.const 100) (i32.const 3)))"),
            2);
  EXPECT_EQ(answer_again("(call $counter (i32.const 100) (i32.const 4))"), FULL);
  options.shared_state.max_kv_bytes = 700;  // a pair of this test counts for 329 bytes
  EXPECT_GT(answer_again("(call $i32 (call $set_if (i64.const 0)))"), 0);
  options.shared_state.max_kv_bytes = 400;
  EXPECT_EQ(answer_again(R"((call $i32 (call $set (i32.const 100) (i32.const 5) (i32.const 104) (i32.const 5)
      (i64.const -1) (i64.const -1))))"),
            FULL);
}

TEST_F(StoredGuestsTest, AStoreThatIsHeldByAnotherProcessIsUnavailable) {
  options.store.timeout = std::chrono::milliseconds(200);
  load(R"((local $size i32)
    (local.set $size (call $get (i32.const 100) (i32.const 4) (i32.const 1000) (i32.const 100) (i32.const 2000)))
    (if (i32.ne (local.get $size) (i32.const -4)) (then (return (local.get $size))))
    (call $i32 (call $set_if (i64.const -1))))");
  {
    const Holder holder(file.path());
    EXPECT_EQ(answer(), UNAVAILABLE) << "reading goes on";
  }
  EXPECT_GT(answer(), 0);
}

TEST_F(StoredGuestsTest, ACounterThatIsAwayTrapsTheGuest) {
  options.store.timeout = std::chrono::milliseconds(200);
  load(R"((local $c i32)
    (local.set $c (call $counter (i32.const 100) (i32.const 4)))
    (if (i32.lt_s (local.get $c) (i32.const 0)) (then (return (local.get $c))))
    (call $i32 (call $add (local.get $c) (i64.const 3))))");
  {
    const Holder holder(file.path());
    EXPECT_EQ(answer(), UNAVAILABLE);
  }
  EXPECT_EQ(answer(), 3);
  {
    const Holder holder(file.path());
    answer();
    EXPECT_EQ(trap, "the store of its counters does not answer");
  }
  EXPECT_EQ(answer(), 6) << "what was given up is not done";
}

TEST_F(StoredGuestsTest, AStoreThatCannotBeOpenedIsAnErrorOfTheLoad) {
  options.store.path = "/nowhere/state";
  const auto refused = try_load(text("(i32.const 0)"));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("the store /nowhere/state: its directory is missing; make it first"),
            std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace wasm_grpc::hostmodules
