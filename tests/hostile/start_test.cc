// Starts that do not end, declare too much or fill the log.
#include <gtest/gtest.h>

#include "host.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::hostile {
namespace {

constexpr auto soon = std::chrono::milliseconds(50);

/// guest_text() with a start that does this at one of its moments.
std::string with_start(std::string_view body, std::string_view moment) {
  const std::string text(body);
  const std::string more = R"(
    (func $sleep (param $ns i64)
      (i32.store8 (i32.const 2008) (i32.const 0))
      (i32.store (i32.const 2016) (i32.const 1))
      (i64.store (i32.const 2024) (local.get $ns))
      (drop (call $poll_oneoff (i32.const 2000) (i32.const 2100) (i32.const 1) (i32.const 2200)))))";
  std::string module = R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "descriptors" (func $descriptors (param i32 i32) (result i32)))
    (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
    (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
    (memory (export "memory") 64) (data (i32.const 0) "/a.B/C"))" +
                       more;
  const std::string declare =
      "(drop (call $method (i32.const 0) (i32.const 6) (i32.const 3) (i32.const 0) (i32.const 0)))";
  if (moment == "start section") module += "(func $early " + text + ") (start $early)";
  if (moment == "_initialize" || moment == "_start")
    module += "(func (export \"" + std::string(moment) + "\") " + text + ")";
  module += "(func (export \"wasm_grpc_start\") " + (moment == "wasm_grpc_start" ? text + declare : declare) + ")";
  return module + R"((func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0))))";
}

TEST(Start, ThatNeverEndsIsGivenUpAtItsLimitWhereverItHangs) {
  for (const std::string_view moment : {"start section", "_initialize", "_start", "wasm_grpc_start"}) {
    for (const std::string_view body : {
             "(loop $l (br $l))",
             "(call $sleep (i64.const 9223372036854775807))",
             "(call $sleep (i64.const -1))",
             "(loop $l (drop (call $sched_yield)) (br $l))",
             "(loop $l (call $sleep (i64.const 1)) (br $l))",
             "(loop $l (drop (call $wait (i32.const 1) (i32.const 3) (i64.const -1))) (br $l))",
         }) {
      SCOPED_TRACE(std::string(moment) + ": " + std::string(body));
      EXPECT_EQ(host().load_error(with_start(body, moment), soon), "its start did not finish within 50 ms");
      EXPECT_TRUE(Instance(host().guest()).serves());
    }
  }
}

TEST(Start, ThatTrapsIsToldInOneLineWhereverItDoes) {
  for (const std::string_view moment : {"start section", "_initialize", "_start", "wasm_grpc_start"}) {
    const std::string error = host().load_error(with_start("(unreachable)", moment));
    EXPECT_NE(error.find("its start failed: wasm trap: wasm `unreachable` instruction executed"), std::string::npos)
        << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
}

TEST(Start, ThatRecursesWithoutEndIsToldSo) {
  for (const std::string_view moment : {"start section", "_initialize", "wasm_grpc_start"}) {
    std::string module = with_start("(call $down)", moment);
    module.insert(module.size() - 1, "(func $down (call $down) (call $down))");
    EXPECT_NE(host().load_error(module).find("call stack exhausted"), std::string::npos);
  }
}

/// A loop in wasm_grpc_start, with $i counting up to `times`.
std::string repeat(int times, std::string_view body) {
  return "(local $i i32) (loop $l " + std::string(body) +
         "(local.set $i (i32.add (local.get $i) (i32.const 1)))"
         "(br_if $l (i32.lt_u (local.get $i) (i32.const " +
         std::to_string(times) + "))))";
}

// Writes $i in letters, as "/a.B/" and 4 of them, to 3000.
constexpr std::string_view write_path = R"(
  (i64.store (i32.const 3000) (i64.const 0x2f422e612f))
  (i32.store8 (i32.const 3005) (i32.add (i32.const 97) (i32.and (local.get $i) (i32.const 15))))
  (i32.store8 (i32.const 3006) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $i) (i32.const 4)) (i32.const 15))))
  (i32.store8 (i32.const 3007) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $i) (i32.const 8)) (i32.const 15))))
  (i32.store8 (i32.const 3008) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $i) (i32.const 12)) (i32.const 15))))
  (drop (call $method (i32.const 3000) (i32.const 9) (i32.const 0) (i32.const 0) (local.get $i))))";

TEST(Declarations, OfManyMethodsAreTakenUpToTheLimit) {
  const auto loaded = host().load(with_start(repeat(9'999, write_path), "wasm_grpc_start"));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded.value()->declaration().methods.size(), 10'000U);
  EXPECT_TRUE(Instance(*loaded.value()).started.returned());
  EXPECT_NE(
      host().load_error(with_start(repeat(10'000, write_path), "wasm_grpc_start")).find("may declare 10000 methods"),
      std::string::npos);
}

TEST(Declarations, OfTheSameMethodThousandsOfTimesFailOnTheSecond) {
  const std::string same =
      "(drop (call $method (i32.const 0) (i32.const 6) (i32.const 3) (i32.const 0) (i32.const 0)))";
  EXPECT_EQ(host().load_error(with_start(repeat(100'000, same), "wasm_grpc_start")),
            "the declaration of method \"/a.B/C\" was refused: it was declared before");
}

TEST(Declarations, WithKindsAndStylesOutOfRangeAreRefused) {
  for (const std::string_view number : {"-1", "5", "2147483647", "-2147483648"}) {
    const std::string i32 = "(i32.const " + std::string(number) + ")";
    const std::string kind = "(drop (call $method (i32.const 0) (i32.const 6) " + i32 + "(i32.const 0) (i32.const 0)))";
    EXPECT_NE(host().load_error(with_start(kind, "wasm_grpc_start")).find("its kind is " + std::string(number)),
              std::string::npos);
    const std::string style =
        "(drop (call $method (i32.const 0) (i32.const 6) (i32.const 0) " + i32 + "(i32.const 0)))";
    EXPECT_NE(host().load_error(with_start(style, "wasm_grpc_start")).find("its style is " + std::string(number)),
              std::string::npos);
  }
}

TEST(Declarations, WithAPathOfAMegabyteAreRefusedInAShortLine) {
  const std::string huge =
      "(memory.fill (i32.const 4096) (i32.const 97) (i32.const 1048576))"
      "(drop (call $method (i32.const 4096) (i32.const 1048576) (i32.const 0) (i32.const 0) (i32.const 0)))";
  const std::string error = host().load_error(with_start(huge, "wasm_grpc_start"));
  EXPECT_NE(error.find("its path is longer than 1024 bytes"), std::string::npos) << error.substr(0, 1000);
  EXPECT_LE(error.size(), 500U);
  const std::string binary =
      "(memory.fill (i32.const 4096) (i32.const 27) (i32.const 1024))"
      "(drop (call $method (i32.const 4096) (i32.const 1024) (i32.const 0) (i32.const 0) (i32.const 0)))";
  EXPECT_TRUE(wasm::is_printable(host().load_error(with_start(binary, "wasm_grpc_start"))));
}

TEST(Declarations, OfDescriptorsWithoutEndAreBounded) {
  EXPECT_EQ(host().load_error(with_start(repeat(5, "(drop (call $descriptors (i32.const 0) (i32.const 1048576)))"),
                                         "wasm_grpc_start")),
            "its descriptors are larger than 4 MiB");
  // Empty ones cost the host as well.
  EXPECT_NE(host()
                .load_error(with_start(repeat(10'000, "(drop (call $descriptors (i32.const 0) (i32.const 0)))"),
                                       "wasm_grpc_start"))
                .find("descriptors"),
            std::string::npos);
}

TEST(Logs, ThatFloodAreCutLineByLineAndDoNotHoldUpOthers) {
  host().log_lines().clear();
  const std::uint64_t dropped_before = host().log().dropped();
  const auto loaded = host().load(
      with_start(repeat(1'000, "(call $log (i32.const 2) (i32.const 0) (i32.const 4194304))"), "wasm_grpc_start"));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const std::vector<std::string>& lines = host().log_lines();
  const auto written = std::ranges::count_if(lines, [](const std::string& line) { return line.size() > 4096; });
  EXPECT_GE(written, 1);
  // What is written slower than it came, and what is beyond the limit of the module, is dropped and counted.
  EXPECT_EQ(written + host().log().dropped() - dropped_before + loaded.value()->guests_log().over_limit(), 1'000U);
  for (const std::string& line : lines) ASSERT_LE(line.size(), 4 * 8192U);
  host().log_lines().clear();
  EXPECT_TRUE(Instance(host().guest()).serves());
}

}  // namespace
}  // namespace wasm_grpc::hostile
