// What ABI 1 has got since it was frozen: waiting for several calls, lines about a call, why it ended, its limits, and
// what is of the instance.

#include "abi/guest_fixture.h"
#include "abi/v1/numbers.h"

namespace wasm_grpc::abi {
namespace {

using namespace v1;
using rpc::MethodKind;
using Numbers = std::vector<std::int32_t>;

constexpr std::string_view declare_bidi = "(drop (call $declare (i32.const 3)))";
constexpr std::string_view report = "(drop (call $report (local.get $call))) (i32.const 0)";

/// Writes an entry of wait_any(), which are at 20000.
std::string entry(int index, std::string_view call, int interests) {
  const std::string at = std::to_string(20000 + index * 12);
  return "(i32.store (i32.const " + at + ") " + std::string(call) + ")(i32.store offset=4 (i32.const " + at +
         ") (i32.const " + std::to_string(interests) + "))";
}
std::string note_wait_any(int count, std::string_view timeout_ns) {
  return "(call $note (call $wait_any (i32.const 20000) (i32.const " + std::to_string(count) + ") (i64.const " +
         std::string(timeout_ns) + ")))";
}
std::string note_ready(int index) {
  return "(call $note (i32.load offset=8 (i32.const " + std::to_string(20000 + index * 12) + ")))";
}
constexpr std::string_view this_call = "(local.get $call)";

/// Runs `body` in a bidirectional call and returns what it noted.
Numbers answers(TestCall& call, const std::string& body, std::string_view more = "") {
  Guest guest(module_text(declare_bidi, body + std::string(report), more));
  EXPECT_EQ(guest.error, "");
  const auto outcome = guest.run(call);
  EXPECT_TRUE(outcome.returned) << outcome.failure;
  const auto messages = call.messages();
  return messages.empty() ? Numbers{} : numbers(messages.back());
}

TEST(WaitAny, AnswersForEachEntryWhatWaitWould) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(answers(call, entry(0, this_call, 1) + entry(1, this_call, 2) + entry(2, "(i32.const 77)", 1) +
                              entry(3, this_call, 4) + note_wait_any(4, "-1") + note_ready(0) + note_ready(1) +
                              note_ready(2) + note_ready(3)),
            (Numbers{3, 0, wait_writable, CLOSED, INVALID}));
}

TEST(WaitAny, SuspendsUntilOneHolds) {
  Guest guest(module_text(declare_bidi, entry(0, this_call, 1) + entry(1, this_call, 0) + note_wait_any(2, "-1") +
                                            note_ready(0) + note_ready(1) + std::string(report)));
  TestCall call(MethodKind::bidi_stream);
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  EXPECT_EQ(guest.instance->suspension().interests, interest::readable | interest::cancelled);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  call.client_sends("hello");
  ASSERT_TRUE(guest.finish_run().returned);
  EXPECT_EQ(numbers(call.messages().at(0)), (Numbers{1, wait_readable, 0}));
}

TEST(WaitAny, TellsThatTheCallIsCancelledWhateverTheInterests) {
  Guest guest(module_text(declare_bidi, entry(0, this_call, 0) + note_wait_any(1, "-1") + note_ready(0) +
                                            "(call $log (i32.const 2) (i32.const 4096) (i32.const 8)) (i32.const 0)"));
  TestCall call(MethodKind::bidi_stream);
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  call.client_cancels();
  ASSERT_TRUE(guest.finish_run().returned);
  EXPECT_EQ(guest.log.lines, std::vector<std::string>{"guest 2 \\x01\\x00\\x00\\x00\\xfd\\xff\\xff\\xff"});
}

TEST(WaitAny, EndsAtItsTimeAndWithoutTimeOnlyLooks) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(answers(call, entry(0, this_call, 1) + note_wait_any(1, "0") + note_wait_any(1, "1000000") + note_ready(0)),
            (Numbers{0, 0, 0}));
}

TEST(WaitAny, TakesFromOneTo1024Entries) {
  TestCall call(MethodKind::bidi_stream);
  // Of nothing, that is of calls with the number 0.
  EXPECT_EQ(answers(call, note_wait_any(0, "-1") + note_wait_any(1024, "-1") + note_wait_any(1025, "-1")),
            (Numbers{INVALID, 1024, INVALID}));
}

TEST(WaitAny, TrapsForEntriesOutsideMemory) {
  for (const std::string_view arguments :
       {"(i32.const 65525) (i32.const 1)", "(i32.const 0) (i32.const -1)", "(i32.const -1) (i32.const 0x15555556)"}) {
    Guest guest(module_text(declare_bidi, "(call $wait_any " + std::string(arguments) + " (i64.const 0))"));
    TestCall call(MethodKind::bidi_stream);
    const auto outcome = guest.run(call);
    EXPECT_NE(outcome.failure.find("outside its memory"), std::string::npos) << arguments << outcome.failure;
  }
}

TEST(WaitFd, IsNotOfferedWithoutWasi) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(answers(call, R"(
    (call $note (call $wait_fd (local.get $call) (i32.const 1)))
    (call $note (call $wait_fd (local.get $call) (i32.const 4)))
    (call $note (call $wait_fd (i32.const 99) (i32.const 1))))"),
            (Numbers{UNSUPPORTED, INVALID, CLOSED}));
}

/// log_call() of "value", with so many bytes of pairs, which are at 300.
std::string note_log_call(int pairs_len) {
  return "(call $note (call $log_call (local.get $call) (i32.const 2) (i32.const 80) (i32.const 5) (i32.const 300) "
         "(i32.const " +
         std::to_string(pairs_len) + ")))";
}
constexpr std::string_view pairs_data =
    R"((data (i32.const 300) "\03\00\00\00\02\00\00\00keyab\01\00\00\00\00\00\00\00k"))";

TEST(LogCall, HasTheCallAndWhatTheGuestSaysBesides) {
  Guest guest(module_text(declare_bidi, note_log_call(0) + note_log_call(13) + note_log_call(22) + std::string(report),
                          pairs_data));
  TestCall call(MethodKind::bidi_stream);
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(numbers(call.messages().at(0)), (Numbers{OK, OK, OK}));
  const std::string line = "guest 2 value of /test.Service/Method";
  EXPECT_EQ(guest.log.lines, (std::vector<std::string>{line, line + " key=ab", line + " key=ab k="}));
}

TEST(LogCall, RefusesPairsThatAreNotWhole) {
  TestCall call(MethodKind::bidi_stream);
  std::string body;
  for (int size = 1; size < 22; ++size) {
    if (size != 13) body += note_log_call(size);
  }
  EXPECT_EQ(answers(call, body, pairs_data), Numbers(20, INVALID));
}

TEST(LogCall, RefusesBadKeysAndMoreThanItKeeps) {
  const auto of_key = [](const std::string& size, const std::string& key) {
    TestCall call(MethodKind::bidi_stream);
    const std::string data = "(data (i32.const 300) \"" + size + "\\00\\00\\00\\00\\00\\00\\00" + key + "\")";
    return answers(call, note_log_call(8 + static_cast<int>(key.size())), data).at(0);
  };
  EXPECT_EQ(of_key("\\01", "k"), OK);
  EXPECT_EQ(of_key("\\40", std::string(64, 'k')), OK);
  EXPECT_EQ(of_key("\\41", std::string(65, 'k')), INVALID);
  for (const char* key : {"K", " ", "="}) EXPECT_EQ(of_key("\\01", key), INVALID) << key;
  EXPECT_EQ(of_key("\\00", ""), INVALID);

  // 8-byte keys "kkkkkkkk" without values, as many as are said.
  const auto of_many = [](int count) {
    TestCall call(MethodKind::bidi_stream);
    std::string pairs;
    for (int i = 0; i < count; ++i) pairs += "\\08\\00\\00\\00\\00\\00\\00\\00kkkkkkkk";
    return answers(call, note_log_call(count * 16), "(data (i32.const 300) \"" + pairs + "\")").at(0);
  };
  EXPECT_EQ(of_many(32), OK);
  EXPECT_EQ(of_many(33), INVALID);

  TestCall call(MethodKind::bidi_stream);
  const std::string of_8_kib = R"((data (i32.const 300) "\01\00\00\00\f7\1f\00\00k"))";  // 8 + 1 + 8183
  EXPECT_EQ(answers(call, note_log_call(8192) + note_log_call(8193), of_8_kib), (Numbers{OK, INVALID}));
}

/// What info() says, and its length.
std::string tell_info(int what) {
  return "(drop (call $send (local.get $call) (i32.const 1024) (call $info (local.get $call) (i32.const " +
         std::to_string(what) + ") (i32.const 1024) (i32.const 100))))";
}
std::string note_info(int what, int cap = 100) {
  return "(call $note (call $info (local.get $call) (i32.const " + std::to_string(what) +
         ") (i32.const 1024) (i32.const " + std::to_string(cap) + ")))";
}

TEST(Info, HasNoEndBeforeTheEnd) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(answers(call, note_info(info_end)), Numbers{ABSENT});
}

TEST(Info, TellsWhyACallEnded) {
  const auto end_after = [](const std::function<void(TestCall&)>& what) {
    Guest guest(module_text(declare_bidi, R"(
      (drop (call $wait (local.get $call) (i32.const 0) (i64.const -1)))
      (call $log (i32.const 2) (i32.const 1024) (call $info (local.get $call) (i32.const 6) (i32.const 1024) (i32.const 100)))
      (i32.const 0))"));
    TestCall call(MethodKind::bidi_stream);
    EXPECT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
    EXPECT_EQ(guest.instance->poll(), wasm::Progress::suspended);
    what(call);
    EXPECT_TRUE(guest.finish_run().returned);
    return guest.log.lines.empty() ? std::string() : guest.log.lines.back();
  };
  EXPECT_EQ(end_after([](TestCall& call) { call.client_cancels(); }), "guest 2 client");
  EXPECT_EQ(end_after([](TestCall& call) { call.deadline_passes(); }), "guest 2 deadline");
  EXPECT_EQ(end_after([](TestCall& call) { call.ends_by(rpc::CallEnd::connection); }), "guest 2 connection");
  EXPECT_EQ(end_after([](TestCall& call) { call.ends_by(rpc::CallEnd::stopping); }), "guest 2 stopping");
  EXPECT_EQ(end_after([](TestCall& call) { call.ends_by(rpc::CallEnd::answered); }), "guest 2 answered");
  EXPECT_EQ(end_after([](TestCall& call) { call.ends_by(rpc::CallEnd::host); }), "guest 2 host");
  EXPECT_EQ(end_after([](TestCall& call) {
              call.set_deadline(rpc::Clock::now() - std::chrono::seconds(1));
              call.client_cancels();
            }),
            "guest 2 deadline")
      << "clients cancel by themselves at their deadline";
}

TEST(Info, TellsTheLimits) {
  TestCall call(MethodKind::bidi_stream);
  Guest guest(module_text(
      declare_bidi, tell_info(info_max_request) + tell_info(info_max_response) + tell_info(info_max_metadata) +
                        tell_info(info_max_memory) + tell_info(info_max_cpu_time) + note_info(info_max_event_time) +
                        note_info(info_max_request, 7) + note_info(31) + note_info(38) + std::string(report)));
  guest.limits = {1000, 2000, 3000, std::chrono::nanoseconds(4000), std::chrono::nanoseconds(5000)};
  ASSERT_TRUE(guest.run(call).returned);
  const auto messages = call.messages();
  ASSERT_EQ(messages.size(), 6U);
  const std::uint64_t expected[] = {1000, 2000, 16384, 3000, 4000};
  for (std::size_t i = 0; i < 5; ++i) {
    ASSERT_EQ(messages[i].size(), 8U);
    std::uint64_t value = 0;
    std::memcpy(&value, messages[i].data(), sizeof(value));
    EXPECT_EQ(value, expected[i]);
  }
  EXPECT_EQ(numbers(messages[5]), (Numbers{ABSENT, 8, INVALID, INVALID})) << "no event time for a handler";
}

TEST(Info, HasNoLimitWhereThereIsNone) {
  TestCall call(MethodKind::bidi_stream);
  Guest guest(
      module_text(declare_bidi, note_info(info_max_cpu_time) + note_info(info_max_memory) + std::string(report)));
  guest.limits = {};
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(numbers(call.messages().at(0)), (Numbers{ABSENT, ABSENT}));
}

TEST(InstanceEvents, AreNotForHandlers) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(answers(call, R"(
    (call $note (call $alarm (i64.const 1)))
    (call $note (call $ending (i32.const 1)))
    (call $note (call $ending (i32.const 2))))"),
            (Numbers{INVALID, INVALID, INVALID}));
}

TEST(InstanceEvents, MayBeAskedForInTheStart) {
  const auto wants = [](std::string_view start) {
    Guest guest(module_text(std::string(start) + std::string(declare_bidi), "(i32.const 0)"));
    EXPECT_EQ(guest.error, "");
    return guest.binding->wants_ending();
  };
  EXPECT_FALSE(wants(""));
  EXPECT_TRUE(wants("(if (call $ending (i32.const 1)) (then unreachable))"));
  EXPECT_FALSE(wants("(drop (call $ending (i32.const 1))) (drop (call $ending (i32.const 0)))"));
  EXPECT_FALSE(wants("(if (i32.ne (call $ending (i32.const -1)) (i32.const -6)) (then unreachable))"));
  EXPECT_FALSE(wants("(if (i32.ne (call $alarm (i64.const 1)) (i32.const -6)) (then unreachable))"));
}

}  // namespace
}  // namespace wasm_grpc::abi
