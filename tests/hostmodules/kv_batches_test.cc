// What guests ask of several pairs at once, wherever they are kept: what is answered, where, and what is refused.
#include <cstdint>
#include <cstring>
#include <vector>

#include "hostmodules/host_module_guest.h"
#include "store/operation.h"
#include "store/temporary_store.h"

namespace wasm_grpc::hostmodules {
namespace {

constexpr std::string_view batch_imports = R"(
    (import "wasm_grpc_kv_1" "list" (func $list (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_kv_1" "get_many" (func $get_many (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_kv_1" "change_each" (func $change_each (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_kv_1" "change_all" (func $change_all (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_kv_1" "swap" (func $swap (param i32 i32 i32 i32 i64 i64 i32 i32 i32) (result i64))))";

/// Bytes as WebAssembly text has them.
std::string escaped(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += {'\\', digits[static_cast<unsigned char>(c) >> 4], digits[static_cast<unsigned char>(c) & 15]};
  }
  return text;
}

template <typename T>
std::string bytes_of(T number) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &number, sizeof(T));
  return bytes;
}

std::string key(std::string_view name) { return bytes_of(static_cast<std::uint32_t>(name.size())) + std::string(name); }
std::string set(std::string_view name, std::string_view value, std::int64_t if_version = -1, std::int64_t ttl = -1) {
  return bytes_of(static_cast<std::uint32_t>(name.size())) + bytes_of(static_cast<std::uint32_t>(value.size())) +
         bytes_of(ttl) + bytes_of(if_version) + std::string(name) + std::string(value);
}
std::string removal(std::string_view name, std::int64_t if_version = -1) {
  return bytes_of(static_cast<std::uint32_t>(name.size())) + bytes_of(~std::uint32_t{0}) + bytes_of(std::int64_t{-1}) +
         bytes_of(if_version) + std::string(name);
}

struct KvBatchesTest : HostModulesTest, testing::WithParamInterface<StoreBackend> {
  KvBatchesTest() {
    options.store.backend = GetParam();
    if (GetParam() == StoreBackend::sqlite) options.store.path = file.path();
  }
  [[nodiscard]] std::string module_text(std::string_view body) const override {
    return text(body, batch_imports,
                "(data (i32.const 10000) \"" + escaped(asked) + "\") (data (i32.const 200) \"" +
                    escaped(key("a") + key("none") + key("b")) + "\")");
  }
  /// What `function` answers that is given `bytes`, where it may write `room` bytes at 20000; in a new module, in which
  /// the changes `before` have been made.
  std::int32_t ask(std::string_view function, std::string_view bytes, std::size_t room = 1000,
                   std::string_view before = "") {
    asked = std::string(before) + std::string(bytes);
    const auto call = [](std::string_view name, std::size_t place, std::size_t size, std::size_t cap) {
      return "(call $" + std::string(name) + " (i32.const " + std::to_string(place) + ") (i32.const " +
             std::to_string(size) + ") (i32.const 20000) (i32.const " + std::to_string(cap) + "))";
    };
    return answer_to((before.empty() ? "" : "(drop " + call("change_each", 10000, before.size(), 1000) + ")") +
                     call(function, 10000 + before.size(), bytes.size(), room));
  }
  /// What `then` answers in a new module in which these changes have been made, whose results are at 20000.
  std::int32_t answer_to_changes(std::string changes, std::string_view then) {
    asked = std::move(changes);
    return answer_to("(drop (call $change_each (i32.const 10000) (i32.const " + std::to_string(asked.size()) +
                     ") (i32.const 20000) (i32.const 8000))) " + std::string(then));
  }
  template <typename T>
  T at(std::size_t place) {
    T number;
    std::memcpy(&number, last->instance.memory().data() + place, sizeof(T));
    return number;
  }
  std::string text_at(std::size_t place, std::size_t size) {
    return {reinterpret_cast<const char*>(last->instance.memory().data()) + place, size};
  }

  std::string asked;
  store::TemporaryStore file;
};

INSTANTIATE_TEST_SUITE_P(Stores, KvBatchesTest, testing::Values(StoreBackend::memory, StoreBackend::sqlite),
                         [](const auto& backend) {
                           return backend.param == StoreBackend::memory ? "Memory" : "Sqlite";
                         });

TEST_P(KvBatchesTest, KeysAreListedWithWhatIsKnownOfThem) {
  // Keys that begin with "na", after the first of them.
  const std::int32_t size = answer_to_changes(set("nab", "1") + set("nac", "22", -1, 3'600'000'000'000) + set("b", ""),
                                              "(call $list (i32.const 100) (i32.const 2) (i32.const 10024) "
                                              "(i32.const 3) (i32.const 10) (i32.const 30000) (i32.const 1000))");
  ASSERT_EQ(size, 24 + 3);
  EXPECT_EQ(at<std::uint32_t>(30000), 3u);
  EXPECT_EQ(at<std::uint32_t>(30004), 2u);
  EXPECT_EQ(at<std::uint64_t>(30008), at<std::uint64_t>(20008)) << "the version that was told";
  EXPECT_GT(at<std::int64_t>(30016), 3'500'000'000'000);
  EXPECT_EQ(text_at(30024, 3), "nac");
}

TEST_P(KvBatchesTest, APageHasWhatFits) {
  const auto list = [](int most, int room) {
    return "(call $list (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const " + std::to_string(most) +
           ") (i32.const 30000) (i32.const " + std::to_string(room) + "))";
  };
  const std::string pairs = set("a", "1") + set("b", "2") + set("c", "3");
  EXPECT_EQ(answer_to_changes(pairs, list(1000, 1000)), 75);
  EXPECT_EQ(answer_to_changes(pairs, list(1000, 74)), 50);
  EXPECT_EQ(answer_to_changes(pairs, list(1, 1000)), 25);
  EXPECT_EQ(answer_to_changes(pairs, list(1000, 24)), TOO_LARGE);
  EXPECT_EQ(answer_to_changes(pairs, list(0, 1000)), INVALID);
  EXPECT_EQ(answer_to_changes(pairs, list(1001, 1000)), INVALID);
  EXPECT_EQ(answer_to(list(1000, 1000)), 0) << "there is nothing";
}

TEST_P(KvBatchesTest, SeveralAreReadWithTheirVersions) {
  EXPECT_EQ(answer_to_changes(set("a", "one") + set("b", ""),
                              "(call $get_many (i32.const 200) (i32.const 18) (i32.const 30000) (i32.const 1000))"),
            3 * 12 + 3);
  EXPECT_EQ(at<std::int32_t>(30000), 3);
  EXPECT_EQ(at<std::uint64_t>(30004), at<std::uint64_t>(20000));
  EXPECT_EQ(text_at(30012, 3), "one");
  EXPECT_EQ(at<std::int32_t>(30015), ABSENT);
  EXPECT_EQ(at<std::uint64_t>(30019), 0u);
  EXPECT_EQ(at<std::int32_t>(30027), 0);
  EXPECT_EQ(at<std::uint64_t>(30031), at<std::uint64_t>(20008));
}

TEST_P(KvBatchesTest, WhatDoesNotFitIsNotRead) {
  const auto read = [&](int room) {
    return answer_to_changes(
        set("a", "one"),
        "(call $get_many (i32.const 200) (i32.const 5) (i32.const 30000) (i32.const " + std::to_string(room) + "))");
  };
  EXPECT_EQ(read(15), 15);
  EXPECT_EQ(read(14), TOO_LARGE);
  EXPECT_EQ(at<std::int32_t>(30000), 0) << "nothing was written";
  EXPECT_EQ(read(0), TOO_LARGE);
}

TEST_P(KvBatchesTest, ChangesForThemselvesHaveEachTheirResult) {
  EXPECT_EQ(ask("change_each", set("a", "1", 0) + set("a", "2", 0) + removal("b") + removal("a")), OK);
  EXPECT_GT(at<std::int64_t>(20000), 0);
  EXPECT_EQ(at<std::int64_t>(20008), CONFLICT);
  EXPECT_EQ(at<std::int64_t>(20016), ABSENT);
  EXPECT_EQ(at<std::int64_t>(20024), OK);
}

TEST_P(KvBatchesTest, ChangesTogetherAreMadeOrNot) {
  EXPECT_EQ(ask("change_all", set("a", "1", 0) + set("b", "2", 0)), OK);
  EXPECT_GT(at<std::int64_t>(20000), 0);
  EXPECT_GT(at<std::int64_t>(20008), 0);
  EXPECT_EQ(ask("change_all", set("c", "1", 0) + set("a", "2", 9), 1000, set("a", "1")), CONFLICT);
  EXPECT_EQ(at<std::int64_t>(20000), 0) << "it could have been";
  EXPECT_EQ(at<std::int64_t>(20008), CONFLICT);
  EXPECT_EQ(ask("change_all", set("a", "1") + set("a", "2")), INVALID) << "each is of another key";
  EXPECT_EQ(ask("change_all",
                set("a", std::string(500, 'a')) + set("b", std::string(500, 'b')) + set("c", std::string(500, 'c'))),
            FULL);
}

TEST_P(KvBatchesTest, ABatchThatIsNotAsItShouldBeIsRefused) {
  const std::string good = set("a", "value");
  for (const std::string_view function : {"change_each", "change_all"}) {
    EXPECT_EQ(ask(function, ""), INVALID) << "it has none";
    EXPECT_EQ(ask(function, good, 7), INVALID) << "its result has no room";
    for (std::size_t size = 1; size < good.size(); ++size) {
      EXPECT_EQ(ask(function, good.substr(0, size)), INVALID) << size << " bytes of it";
    }
    EXPECT_EQ(ask(function, good + "x"), INVALID);
    EXPECT_EQ(ask(function, set("", "value")), INVALID);
    EXPECT_EQ(ask(function, set(std::string(store::max_key_bytes + 1, 'k'), "value")), INVALID);
    EXPECT_EQ(ask(function, set("a", "value", -2)), INVALID);
    EXPECT_EQ(ask(function, set("a", "value", -1, 0)), INVALID);
    EXPECT_EQ(ask(function, set("a", std::string(501, 'v'))), TOO_LARGE);
    EXPECT_EQ(ask(function, bytes_of(~std::uint32_t{0}) + bytes_of(~std::uint32_t{0}) + good), INVALID);
    std::string many;
    for (int i = 0; i <= 100; ++i) many += removal("k" + std::to_string(i));
    EXPECT_EQ(ask(function, many, 8 * 101), INVALID) << "there may be a hundred";
  }
  EXPECT_EQ(ask("get_many", ""), INVALID);
  EXPECT_EQ(ask("get_many", key("")), INVALID);
  EXPECT_EQ(ask("get_many", key("abc").substr(0, 5)), INVALID);
  EXPECT_EQ(ask("get_many", bytes_of(~std::uint32_t{0})), INVALID);
  std::string many;
  for (int i = 0; i <= 100; ++i) many += key("k");
  EXPECT_EQ(ask("get_many", many, 10'000), INVALID);
}

TEST_P(KvBatchesTest, ASwapTellsWhatWasThere) {
  const std::string swap =
      "(call $i32 (call $swap (i32.const 100) (i32.const 4) (i32.const 104) (i32.const 5) (i64.const -1) ";
  EXPECT_GT(answer_to(swap + "(i64.const 0) (i32.const 30000) (i32.const 100) (i32.const 20000)))"), 0);
  EXPECT_EQ(at<std::int32_t>(20000), ABSENT);
  EXPECT_EQ(answer_to("(local $v i64) (local.set $v (call $set_if (i64.const 0)))" + swap +
                      "(i64.const 0) (i32.const 30000) (i32.const 100) (i32.const 20000))) (drop)"
                      "(i32.wrap_i64 (i64.sub (local.get $v) (i64.load (i32.const 20008))))"),
            0)
      << "a version that is there";
  EXPECT_EQ(at<std::int32_t>(20000), 5);
  EXPECT_EQ(text_at(30000, 5), "other");
  EXPECT_GT(answer_to("(drop (call $set_if (i64.const 0)))" + swap +
                      "(i64.const -1) (i32.const 30000) (i32.const 4) (i32.const 20000)))"),
            0);
  EXPECT_EQ(at<std::int32_t>(20000), 5);
  EXPECT_EQ(text_at(30000, 4), std::string(4, '\0')) << "it does not fit";
  EXPECT_EQ(answer_to(swap + "(i64.const -2) (i32.const 0) (i32.const 0) (i32.const 20000)))"), INVALID);
}

// ---- Where a host does not have them ----

TEST_P(KvBatchesTest, WhatMayBeMissingIsImportedAsOptional) {
  const auto loaded = try_load(text(
      R"((if (i32.ne (call $later (i32.const 1)) (i32.const -7)) (then (return (i32.const 1))))
         (if (i32.ne (call $optional_get (i32.const 100) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 2000))
              (i32.const -4)) (then (return (i32.const 2))))
         (i32.const 0))",
      R"((import "wasm_grpc_kv_1_optional" "of_a_later_host" (func $later (param i32) (result i32)))
         (import "wasm_grpc_kv_1_optional" "get" (func $optional_get (param i32 i32 i32 i32 i32) (result i32))))"));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  take(loaded.value());
  EXPECT_EQ(answer(), 0);
}

}  // namespace
}  // namespace wasm_grpc::hostmodules
