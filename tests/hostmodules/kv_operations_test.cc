// What guests in event style begin with their store: when they are told, what they take, and what is refused.
#include "hostmodules/kv_operations.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "hostmodules/answers.h"
#include "hostmodules/modules.h"
#include "runtime/guest_fixture.h"
#include "runtime/guests/event_hub.h"
#include "store/sqlite_handle.h"
#include "store/stores.h"
#include "store/temporary_store.h"

namespace wasm_grpc::hostmodules {
namespace {

using rpc::MethodKind;
using runtime::EventHub;

constexpr std::int32_t opened = 0;
constexpr std::int32_t told = 900;

/// A module with one unary method in event style, whose guest notes each event times 100 plus its number and does what
/// `body` says, whose parameters are $number, $event and $value. At 200 is a set of "ab" to "value", of 31 bytes; at
/// 300 a watch of keys that begin with "a", of 5; at 224 the key "ab".
std::string event_text(std::string_view body, std::string_view in_start = "") {
  return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_kv_1" "begin" (func $begin (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_kv_1" "take" (func $take (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_kv_1" "close" (func $close (param i32) (result i32)))
    (import "test" "note" (func $note (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "/test.Service/Method")
    (data (i32.const 200) "\02\00\00\00\05\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffabvalue")
    (data (i32.const 300) "\01\00\00\00a")
    (func $set (result i32) (call $begin (i32.const 1) (i32.const 200) (i32.const 31)))
    (func $get (result i32) (call $begin (i32.const 0) (i32.const 224) (i32.const 2)))
    (func $watch (result i32) (call $begin (i32.const 8) (i32.const 300) (i32.const 5)))
    (func $is (param i32 i32) (result i32) (i32.eq (local.get 0) (local.get 1)))
    (func (export "wasm_grpc_start")
      )" +
         std::string(in_start) +
         R"((drop (call $method (i32.const 0) (i32.const 20) (i32.const 0) (i32.const 1) (i32.const 7))))
    (func (export "wasm_grpc_event") (param $number i32) (param $event i32) (param $value i32) (local $i i32)
      (call $note (i32.add (i32.mul (local.get $event) (i32.const 100)) (local.get $number)))
      )" +
         std::string(body) + "))";
}

/// What takes the answer of an event of the store, and notes its action, its length, and the low part of its result.
constexpr std::string_view take_all = R"(
  (if (call $is (local.get $event) (i32.const 9)) (then
    (call $note (local.get $value))
    (call $note (call $take (local.get $number) (i32.const 1000) (i32.const 1000)))
    (call $note (i32.load (i32.const 1000))))))";

using Notes = std::vector<std::int32_t>;

struct KvOperationsTest : runtime::GuestTest, runtime::EventHubOwner {
  KvOperationsTest() {
    host_waits.open([] {});
    EXPECT_TRUE(linker.define(kv()).ok());
    const auto stores = std::make_shared<store::Stores>([](LogLevel, const std::string&) {});
    EXPECT_TRUE(linker.define(stored_kv(stores)).ok());
    options.instances = no_warm_instances();
    options.guests = limits;
    options.name = "guest";
  }
  ~KvOperationsTest() override { hub.reset(); }

  void hub_idle() noexcept override {}
  void hub_in_use() noexcept override {}

  void serve_events(std::string_view body, std::string_view in_start = "") {
    const std::string text = event_text(body, in_start);
    auto loaded = runtime::GuestModule::load(engine(), linker, "guest", std::as_bytes(std::span(text)),
                                             wasi::Sandbox::create({}).value(), log, std::chrono::seconds(10), options);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    make_pool(loaded.value());
    notes.clear();  // of the load
    hub = std::make_unique<EventHub>(*pool, guest_context(), *this);
  }
  abi::TestCall& open() {
    abi::TestCall& call = calls_made.emplace_back(MethodKind::unary);
    call.client_sends("x");
    call.client_ends();
    hub->open(call, 7);
    run_on();
    return call;
  }
  void run_on() {
    do {
      run();
      host_waits.deliver();
    } while (turn());
  }
  /// Until the guest has noted so much.
  Notes take_notes(std::size_t count) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (notes.size() < count && std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      run_on();
    }
    run_on();
    return std::exchange(notes, {});
  }

  ModuleOptions options;
  store::TemporaryStore file;
  std::deque<abi::TestCall> calls_made;
  std::unique_ptr<EventHub> hub;
};

TEST_F(KvOperationsTest, WhatIsBegunIsToldOfWhenItIsAnswered) {
  for (const StoreBackend backend : {StoreBackend::memory, StoreBackend::sqlite}) {
    options.store.backend = backend;
    options.store.path = backend == StoreBackend::sqlite ? file.path() : "";
    hub.reset();
    serve_events(R"(
      (if (call $is (local.get $event) (i32.const 0)) (then (call $note (call $set))))
      (if (i32.and (call $is (local.get $event) (i32.const 9)) (call $is (local.get $value) (i32.const 1))) (then
        (call $note (call $take (local.get $number) (i32.const 1000) (i32.const 7)))
        (call $note (call $take (local.get $number) (i32.const 1000) (i32.const 8)))
        (call $note (call $take (local.get $number) (i32.const 1000) (i32.const 8)))
        (call $note (call $get))))
      (if (i32.and (call $is (local.get $event) (i32.const 9)) (call $is (local.get $value) (i32.const 0))) (then
        (call $note (call $take (local.get $number) (i32.const 1000) (i32.const 1000)))
        (call $note (i32.load (i32.const 1009)))
        (call $note (i32.load (i32.const 1000))))))");
    open();
    EXPECT_EQ(take_notes(10), (Notes{opened + 1, 1, told + 1, 8, 8, CLOSED, 2, told + 2, 13, 0x65756c61, 1}));
  }
}

TEST_F(KvOperationsTest, AnInstanceThatDoesNotWaitServesOtherCallsMeanwhile) {
  options.store = {.backend = StoreBackend::sqlite, .path = file.path(), .timeout = std::chrono::milliseconds(300)};
  serve_events("(if (call $is (local.get $event) (i32.const 0)) (then (call $note (call $set))))" +
               std::string(take_all));
  store::SqliteHandle holder(file.path());
  holder.run("BEGIN IMMEDIATE");
  open();
  open();
  EXPECT_EQ(notes, (Notes{opened + 1, 1, opened + 2, 2}));
  notes.clear();
  EXPECT_EQ(take_notes(8), (Notes{told + 1, 1, 8, UNAVAILABLE, told + 2, 1, 8, UNAVAILABLE})) << "in time";
  holder.run("ROLLBACK");
  open();
  const Notes after = take_notes(6);
  ASSERT_EQ(after.size(), 6u);
  EXPECT_GT(after.back(), 0);
}

TEST_F(KvOperationsTest, WhoWatchesIsToldOfWhatChangesAndOnce) {
  serve_events(R"(
    (if (call $is (local.get $event) (i32.const 0)) (then
      (if (i32.eq (local.get $number) (i32.const 1)) (then (call $note (call $watch))))
      (drop (call $set)) (drop (call $set)))) )" +
               std::string(take_all));
  open();
  const Notes first = take_notes(12);
  EXPECT_EQ(Notes(first.begin(), first.begin() + 6), (Notes{opened + 1, 1, told + 1, 8, 8 + 4 + 2, 0}))
      << "one key, however often it was set";
  open();
  const Notes second = take_notes(13);
  EXPECT_EQ(std::count(second.begin(), second.end(), told + 1), 1) << "it goes on";
}

TEST_F(KvOperationsTest, WhatIsClosedIsToldOfNoMore) {
  serve_events(R"(
    (if (call $is (local.get $event) (i32.const 0)) (then
      (call $note (call $watch))
      (call $note (call $take (i32.const 1) (i32.const 1000) (i32.const 1000)))
      (call $note (call $close (call $set)))
      (call $note (call $close (i32.const 1)))
      (call $note (call $close (i32.const 1)))
      (call $note (call $take (i32.const 1) (i32.const 1000) (i32.const 1000))))))");
  open();
  EXPECT_EQ(take_notes(7), (Notes{opened + 1, 1, AGAIN, OK, OK, CLOSED, CLOSED}));
}

TEST_F(KvOperationsTest, MoreThanAFewKeysAreToldAsAll) {
  serve_events(R"(
    (if (call $is (local.get $event) (i32.const 0)) (then
      (drop (call $watch))
      (loop $more
        (i32.store8 (i32.const 225) (i32.add (i32.const 32) (local.get $i)))
        (drop (call $close (call $set)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $more (i32.lt_s (local.get $i) (i32.const 65))))) ))" +
               std::string(take_all));
  open();
  EXPECT_EQ(take_notes(5), (Notes{opened + 1, told + 1, 8, 8, 1}));
}

TEST_F(KvOperationsTest, AnInstanceBeginsNoMoreThanItMay) {
  options.store = {.backend = StoreBackend::sqlite, .path = file.path()};
  serve_events(R"(
    (if (call $is (local.get $event) (i32.const 0)) (then
      (loop $more
        (local.set $i (call $watch))
        (br_if $more (i32.gt_s (local.get $i) (i32.const 0))))
      (call $note (local.get $i))
      (call $note (i32.sub (call $get) (i32.const 64)))
      (loop $more
        (local.set $i (call $get))
        (br_if $more (i32.and (i32.gt_s (local.get $i) (i32.const 0)) (i32.lt_s (local.get $i) (i32.const 5000)))))
      (call $note (local.get $i)))))");
  open();
  const Notes all = take_notes(4);
  ASSERT_GE(all.size(), 4u);
  EXPECT_EQ(Notes(all.begin(), all.begin() + 4), (Notes{opened + 1, FULL, 1, FULL}));
}

TEST_F(KvOperationsTest, WhatIsNotAsItShouldBeIsRefused) {
  serve_events(R"(
    (if (call $is (local.get $event) (i32.const 0)) (then
      (call $note (call $begin (i32.const -1) (i32.const 224) (i32.const 2)))
      (call $note (call $begin (i32.const 9) (i32.const 224) (i32.const 2)))
      (call $note (call $begin (i32.const 0) (i32.const 224) (i32.const 0)))
      (call $note (call $begin (i32.const 0) (i32.const 224) (i32.const 1025)))
      (call $note (call $begin (i32.const 1) (i32.const 200) (i32.const 30)))
      (call $note (call $begin (i32.const 1) (i32.const 200) (i32.const 32)))
      (call $note (call $begin (i32.const 2) (i32.const 200) (i32.const 31)))
      (call $note (call $begin (i32.const 3) (i32.const 200) (i32.const 3)))
      (call $note (call $begin (i32.const 4) (i32.const 200) (i32.const 0)))
      (call $note (call $begin (i32.const 8) (i32.const 300) (i32.const 3)))
      (call $note (call $begin (i32.const 8) (i32.const 200) (i32.const 5)))
      (call $note (call $take (i32.const 1) (i32.const 0) (i32.const 8))))))",
               "(if (i32.ne (call $get) (i32.const -6)) (then (unreachable)))");
  open();
  Notes wanted(13, INVALID);
  wanted.front() = opened + 1;
  wanted.back() = CLOSED;
  EXPECT_EQ(take_notes(13), wanted);
}

TEST_F(KvOperationsTest, AnInstanceThatEndsLeavesNothingBehind) {
  options.store = {.backend = StoreBackend::sqlite, .path = file.path()};
  serve_events("(if (call $is (local.get $event) (i32.const 0)) (then (drop (call $watch)) (drop (call $set))))");
  store::SqliteHandle holder(file.path());
  holder.run("BEGIN IMMEDIATE");
  open();
  hub->abandon();
  holder.run("ROLLBACK");
  open();
  EXPECT_EQ(take_notes(2).front(), opened + 1);
}

}  // namespace
}  // namespace wasm_grpc::hostmodules
