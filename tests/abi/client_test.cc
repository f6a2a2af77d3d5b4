// wasm_grpc_client_1, function by function: the other side of the calls is played by the test.
#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "abi/abi_table.h"
#include "abi/client_imports.h"
#include "abi/guest_fixture.h"

namespace wasm_grpc::abi {
namespace {

/// A call that the guest made.
class MadeCall final : public rpc::OutgoingCall {
 public:
  explicit MadeCall(bool& gone) : gone_(gone) {}

  rpc::SendResult send(std::span<const std::byte> message, bool last) override {
    if (ended_) return rpc::SendResult::cancelled;
    if (full) return rpc::SendResult::again;
    sent.emplace_back(reinterpret_cast<const char*>(message.data()), message.size());
    half_closed = last;
    return rpc::SendResult::ok;
  }
  rpc::SendResult half_close() override {
    if (half_closed) return rpc::SendResult::closed;
    half_closed = true;
    return rpc::SendResult::ok;
  }
  [[nodiscard]] bool writable() const noexcept override { return !full || ended_; }
  std::optional<std::span<const std::byte>> message() noexcept override {
    if (messages_.empty()) return std::nullopt;
    return std::as_bytes(std::span(messages_.front()));
  }
  void pop_message() noexcept override { messages_.pop_front(); }
  [[nodiscard]] bool has_headers() const noexcept override { return has_headers_; }
  [[nodiscard]] const rpc::Metadata& headers() const noexcept override { return headers_; }
  [[nodiscard]] bool ended() const noexcept override { return ended_; }
  [[nodiscard]] const rpc::Status& status() const noexcept override { return status_; }
  [[nodiscard]] const rpc::Metadata& trailers() const noexcept override { return trailers_; }
  void cancel(rpc::Status why) noexcept override { end(std::move(why)); }

  void answer(std::string message) {
    has_headers_ = true;
    messages_.push_back(std::move(message));
    tell();
  }
  void end(rpc::Status status) {
    if (std::exchange(ended_, true)) return;
    status_ = std::move(status);
    tell();
  }
  void make_room() {
    full = false;
    tell();
  }
  void add_header(std::string_view key, std::string_view value) {
    has_headers_ = true;
    headers_.add(key, value);
  }
  void add_trailer(std::string_view key, std::string_view value) { trailers_.add(key, value); }

  std::vector<std::string> sent;
  bool half_closed = false;
  bool full = false;

 private:
  void let_go() noexcept override {
    gone_ = true;
    delete this;
  }

  bool& gone_;
  bool ended_ = false;
  bool has_headers_ = false;
  rpc::Status status_;
  rpc::Metadata headers_;
  rpc::Metadata trailers_;
  std::deque<std::string> messages_;
};

/// Makes such calls, and remembers what was asked for.
class Maker final : public client_1::CallMaker, public client_1::CallWatcher, public client_1::CallAccount {
 public:
  client_1::MadeCall begin(const client_1::Grants&, std::string_view target,
                           const rpc::OutgoingRequest& request) override {
    lines.push_back(std::string(target) + " " + std::string(request.path) + " " +
                    std::to_string(static_cast<int>(request.kind)) + (request.parent != nullptr ? " for a call" : "") +
                    (request.deadline == rpc::Request::no_deadline ? "" : " in time"));
    for (const auto [key, value] : request.metadata) lines.back() += " " + std::string(key) + "=" + std::string(value);
    gone.push_back(std::make_unique<bool>(false));
    auto* const call = new MadeCall(*gone.back());
    calls.push_back(call);
    if (on_begin) on_begin(*call);
    return {rpc::OutgoingCallPtr(call), this};
  }
  void on_outgoing_progress() noexcept override { ++progress; }
  void sent() noexcept override { ++messages_sent; }
  void received() noexcept override { ++messages_received; }
  void ended(const client_1::CallOutcome& outcome) noexcept override { outcomes.push_back(outcome); }
  void let_go() noexcept override { ++let_gone; }

  std::function<void(MadeCall&)> on_begin;
  std::vector<std::string> lines;
  std::vector<MadeCall*> calls;
  std::vector<std::unique_ptr<bool>> gone;
  std::vector<client_1::CallOutcome> outcomes;
  int messages_sent = 0;
  int messages_received = 0;
  int progress = 0;
  int let_gone = 0;
};

/// A guest with the imports of the client, and "next" and "/a.B/C" in its memory. $made and $n are free in the body.
std::string client_text(std::string_view body, std::string_view start = "", std::string_view more = "") {
  return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "wait_any" (func $wait_any_1 (param i32 i32 i64) (result i32)))
)" + std::string(client_imports) +
         R"(
    (memory (export "memory") 1 4)
    (data (i32.const 0) "/test.Service/Method")
    (data (i32.const 64) "next/a.B/C")
    (data (i32.const 128) "\05\00\00\00\05\00\00\00x-keyvalue")
    (global $at (mut i32) (i32.const 4096))
    (func $note (param i32) (i32.store (global.get $at) (local.get 0))
                            (global.set $at (i32.add (global.get $at) (i32.const 4))))
    (func $begin (param $kind i32) (param $parent i32) (result i32)
      (call $open (i32.const 64) (i32.const 4) (i32.const 68) (i32.const 6) (local.get $kind) (i64.const -1)
                  (local.get $parent) (i32.const 0) (i32.const 0)))
    (func (export "wasm_grpc_start") )" +
         std::string(start) + R"(
      (drop (call $method (i32.const 0) (i32.const 20) (i32.const 3) (i32.const 0) (i32.const 0))))
    (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) (local $made i32) (local $n i32) )" +
         std::string(body) + R"(
      (drop (call $send (local.get $call) (i32.const 4096) (i32.sub (global.get $at) (i32.const 4096))))
      (i32.const 0)) )" +
         std::string(more) + ")";
}

class ClientTest : public testing::Test {
 protected:
  /// What the guest noted in a call of this body.
  std::vector<std::int32_t> run(std::string_view body, std::string_view more = "") {
    guest_.emplace(client_text(body, "", more));
    EXPECT_EQ(guest_->error, "");
    guest_->client->attach(maker, maker, Style::handler);
    const Guest::Outcome outcome = guest_->run(call);
    failure = outcome.failure;
    guest_->client->detach();
    return call.messages().empty() ? std::vector<std::int32_t>() : numbers(call.messages().back());
  }

  Maker maker;
  TestCall call{rpc::MethodKind::bidi_stream};
  std::string failure;
  std::optional<Guest> guest_;
};

TEST_F(ClientTest, BeginsWhatTheGuestAsksFor) {
  call.set_deadline(rpc::Clock::now() + std::chrono::seconds(20));
  const auto got = run(R"(
    (call $note (i32.gt_s (call $begin (i32.const 2) (i32.const 0)) (i32.const 0)))
    (local.set $made (call $begin (i32.const 0) (local.get $call)))
    (call $note (i32.eq (local.get $made) (local.get $call)))
    (drop (call $open (i32.const 64) (i32.const 4) (i32.const 68) (i32.const 6) (i32.const 1) (i64.const 5000000000)
                      (i32.const 0) (i32.const 128) (i32.const 18))))");
  EXPECT_EQ(got, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(maker.lines, (std::vector<std::string>{"next /a.B/C 2", "next /a.B/C 0 for a call in time",
                                                   "next /a.B/C 1 in time x-key=value"}));
  for (const auto& gone : maker.gone) EXPECT_TRUE(*gone) << "what is not closed is gone with the call";
  EXPECT_EQ(maker.let_gone, 3);
}

TEST_F(ClientTest, AsksByPlainHttpToo) {
  const auto got = run(R"(
    (call $note (i32.gt_s (call $open (i32.const 64) (i32.const 4) (i32.const 200) (i32.const 4) (i32.const 4) (i64.const -1)
                                      (i32.const 0) (i32.const 220) (i32.const 18)) (i32.const 0)))
    (call $note (call $open (i32.const 64) (i32.const 4) (i32.const 201) (i32.const 3) (i32.const 4) (i64.const -1)
                            (i32.const 0) (i32.const 220) (i32.const 18)))  ;; no path
    (call $note (call $open (i32.const 64) (i32.const 4) (i32.const 68) (i32.const 6) (i32.const 0) (i64.const -1)
                            (i32.const 0) (i32.const 220) (i32.const 18))))",
                       R"((data (i32.const 200) "/a?b")
                          (data (i32.const 220) "\07\00\00\00\03\00\00\00:methodPUT"))");
  EXPECT_EQ(got, (std::vector<std::int32_t>{1, -6, -6}));
  EXPECT_EQ(maker.lines, std::vector<std::string>{"next /a?b 4 :method=PUT"});
}

TEST_F(ClientTest, RefusesWhatIsNoCall) {
  const auto got = run(R"(
    (call $note (call $begin (i32.const 5) (i32.const 0)))   ;; a kind that is none
    (call $note (call $begin (i32.const -1) (i32.const 0)))
    (call $note (call $begin (i32.const 0) (i32.const 77)))  ;; it serves no such call
    (call $note (call $open (i32.const 64) (i32.const 4) (i32.const 69) (i32.const 5) (i32.const 0) (i64.const -1)
                            (i32.const 0) (i32.const 0) (i32.const 0)))  ;; no path
    (call $note (call $open (i32.const 64) (i32.const 4) (i32.const 68) (i32.const 6) (i32.const 0) (i64.const -1)
                            (i32.const 0) (i32.const 128) (i32.const 17)))  ;; no metadata
    (call $note (call $open (i32.const 64) (i32.const 4) (i32.const 68) (i32.const 6) (i32.const 0) (i64.const -1)
                            (i32.const 0) (i32.const 200) (i32.const 20)))  ;; reserved
    (call $note (call $require (i32.const 64) (i32.const 4))))",
                       R"((data (i32.const 200) "\0b\00\00\00\01\00\00\00grpc-encodi1"))");
  EXPECT_EQ(got, (std::vector<std::int32_t>{-6, -6, -5, -6, -6, -6, -6}));
  EXPECT_TRUE(maker.lines.empty());
}

TEST_F(ClientTest, KnowsNoCallButThoseItMade) {
  std::string body;
  for (const std::string number :
       {"(i32.const 0)", "(i32.const -1)", "(i32.const 2147483647)", "(local.get $call)", "(local.get $made)"}) {
    body += "(call $note (call $client_send " + number + " (i32.const 0) (i32.const 0) (i32.const 0)))";
    body += "(call $note (call $half_close " + number + "))";
    body += "(call $note (call $client_recv " + number + " (i32.const 0) (i32.const 0)))";
    body += "(call $note (call $metadata_get " + number +
            " (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
    body += "(call $note (call $metadata_list " + number + " (i32.const 0) (i32.const 0) (i32.const 0)))";
    body += "(call $note (call $status " + number + "))";
    body += "(call $note (call $info " + number + " (i32.const 0) (i32.const 0) (i32.const 0)))";
    body += "(call $note (call $cancel " + number + "))";
    body += "(call $note (call $wait_fd " + number + " (i32.const 0)))";
    body += "(call $note (call $close " + number + "))";
  }
  const auto got =
      run("(local.set $made (call $begin (i32.const 0) (i32.const 0)))"
          "(call $note (call $close (local.get $made)))" +
          body);
  ASSERT_EQ(got.size(), 51U);
  EXPECT_EQ(got[0], 0);
  for (std::size_t i = 1; i < got.size(); ++i) EXPECT_EQ(got[i], -5) << i;
}

TEST_F(ClientTest, TrapsForWhatIsOutsideItsMemory) {
  const std::string outside = "(i32.const 65530) (i32.const 100)";
  for (const std::string& body :
       {"(drop (call $open " + outside +
            " (i32.const 68) (i32.const 6) (i32.const 0) (i64.const 0) (i32.const 0) "
            "(i32.const 0) (i32.const 0)))",
        "(drop (call $open (i32.const 64) (i32.const 4) " + outside +
            " (i32.const 0) (i64.const 0) (i32.const 0) "
            "(i32.const 0) (i32.const 0)))",
        "(drop (call $open (i32.const 64) (i32.const 4) (i32.const 68) (i32.const 6) (i32.const 0) (i64.const 0) "
        "(i32.const 0) " +
            outside + "))",
        "(drop (call $require " + outside + "))",
        "(drop (call $client_send (i32.const 9) " + outside + " (i32.const 0)))",
        "(drop (call $client_recv (i32.const 9) " + outside + "))",
        "(drop (call $metadata_get (i32.const 9) (i32.const 0) " + outside +
            " (i32.const 0) (i32.const 0) "
            "(i32.const 0)))",
        "(drop (call $metadata_get (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) " + outside +
            "))",
        "(drop (call $metadata_list (i32.const 9) (i32.const 0) " + outside + "))",
        "(drop (call $info (i32.const 9) (i32.const 0) " + outside + "))",
        std::string("(drop (call $wait_any (i32.const 65530) (i32.const 1) (i64.const 0)))"),
        std::string("(drop (call $wait_any (i32.const 0) (i32.const -1) (i64.const 0)))")}) {
    TestCall another(rpc::MethodKind::bidi_stream);
    Guest guest(client_text(body));
    guest.client->attach(maker, maker, Style::handler);
    EXPECT_FALSE(guest.run(another).returned) << body;
  }
  EXPECT_TRUE(maker.lines.empty());
}

TEST_F(ClientTest, SendsAndTakesMessages) {
  maker.on_begin = [](MadeCall& made) {
    made.answer("first");
    made.answer("");
    made.add_header("x-key", "value");
    made.add_trailer("grpc-status-details-bin", "details");
    made.end({rpc::StatusCode::aborted, "no"});
  };
  const auto got = run(R"(
    (local.set $made (call $begin (i32.const 3) (i32.const 0)))
    (call $note (call $client_recv (local.get $made) (i32.const 8192) (i32.const 4)))  ;; too small
    (call $note (call $client_recv (local.get $made) (i32.const 8192) (i32.const 5)))
    (call $note (i32.load8_u (i32.const 8196)))
    (call $note (call $client_recv (local.get $made) (i32.const 8192) (i32.const 5)))
    (call $note (call $client_recv (local.get $made) (i32.const 8192) (i32.const 5)))
    (call $note (call $status (local.get $made)))
    (call $note (call $info (local.get $made) (i32.const 0) (i32.const 8192) (i32.const 100)))
    (call $note (call $info (local.get $made) (i32.const 1) (i32.const 8192) (i32.const 100)))
    (call $note (call $info (local.get $made) (i32.const 2) (i32.const 8192) (i32.const 100)))
    (call $note (call $metadata_list (local.get $made) (i32.const 0) (i32.const 8192) (i32.const 100)))
    (call $note (call $metadata_list (local.get $made) (i32.const 5) (i32.const 8192) (i32.const 100)))
    (call $note (call $metadata_get (local.get $made) (i32.const 0) (i32.const 136) (i32.const 5) (i32.const -1)
                                    (i32.const 0) (i32.const 0)))
    (call $note (call $metadata_get (local.get $made) (i32.const 0) (i32.const 136) (i32.const 5) (i32.const 1)
                                    (i32.const 0) (i32.const 0)))
    (call $note (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $note (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 2))))");
  EXPECT_EQ(got, (std::vector<std::int32_t>{5, 5, 't', 0, -1, 10, 2, 7, -6, 18, -6, -6, -4, -3, -6}));
  ASSERT_EQ(maker.outcomes.size(), 1U);
  EXPECT_EQ(maker.outcomes[0].code, rpc::StatusCode::aborted);
  EXPECT_EQ(maker.messages_received, 2);
  EXPECT_EQ(maker.messages_sent, 0) << "it had ended";
}

TEST_F(ClientTest, HasNothingBeforeTheOtherSideHasSaidIt) {
  const auto got = run(R"(
    (local.set $made (call $begin (i32.const 3) (i32.const 0)))
    (call $note (call $client_recv (local.get $made) (i32.const 8192) (i32.const 5)))
    (call $note (call $status (local.get $made)))
    (call $note (call $info (local.get $made) (i32.const 0) (i32.const 8192) (i32.const 100)))
    (call $note (call $metadata_list (local.get $made) (i32.const 0) (i32.const 8192) (i32.const 100)))
    (call $note (call $metadata_list (local.get $made) (i32.const 1) (i32.const 8192) (i32.const 100))))");
  EXPECT_EQ(got, (std::vector<std::int32_t>{-2, -2, -2, -2, -2}));
}

TEST_F(ClientTest, HasNoMoreCallsThanAnInstanceMay) {
  const auto got = run(R"(
    (loop $again
      (local.set $made (call $begin (i32.const 0) (i32.const 0)))
      (if (i32.gt_s (local.get $made) (i32.const 0)) (then
        (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $again))))
    (call $note (local.get $n))
    (call $note (local.get $made))
    (call $note (call $close (i32.add (local.get $call) (i32.const 1))))
    (call $note (i32.gt_s (call $begin (i32.const 0) (i32.const 0)) (i32.const 0))))");
  EXPECT_EQ(got, (std::vector<std::int32_t>{1024, -9, 0, 1}));
}

TEST_F(ClientTest, LooksAtCallsOfBothKinds) {
  maker.on_begin = [](MadeCall& made) { made.answer("first"); };
  call.client_sends("x");
  const std::string entries = R"(
    (local.set $made (call $begin (i32.const 3) (i32.const 0)))
    (i32.store (i32.const 1024) (local.get $call)) (i32.store (i32.const 1028) (i32.const 3))
    (i32.store (i32.const 1036) (local.get $made)) (i32.store (i32.const 1040) (i32.const 15))
    (i32.store (i32.const 1048) (i32.const 99))
    (i32.store (i32.const 1060) (local.get $made)) (i32.store (i32.const 1064) (i32.const 16))
    (i32.store (i32.const 1072) (local.get $call)) (i32.store (i32.const 1076) (i32.const 8))
    (i32.store (i32.const 1084) (local.get $made)) (i32.store (i32.const 1088) (i32.const 8)))";
  const std::string answers = R"(
    (call $note (i32.load (i32.const 1032))) (call $note (i32.load (i32.const 1044)))
    (call $note (i32.load (i32.const 1056))) (call $note (i32.load (i32.const 1068)))
    (call $note (i32.load (i32.const 1080))) (call $note (i32.load (i32.const 1092))))";
  const auto got =
      run(entries + "(call $note (call $wait_any (i32.const 1024) (i32.const 6) (i64.const -1)))" + answers +
          "(call $note (call $wait_any (i32.const 1024) (i32.const 0) (i64.const 0)))"
          "(call $note (call $wait_any (i32.const 1024) (i32.const 1025) (i64.const 0)))"
          "(call $note (call $wait_any (i32.const 1084) (i32.const 1) (i64.const 0)))"
          "(call $note (call $wait_any (i32.const 1084) (i32.const 1) (i64.const 1000000)))");
  EXPECT_EQ(got, (std::vector<std::int32_t>{5, 3, 7, -5, -6, -6, 0, -6, -6, 0, 0}));
}

TEST_F(ClientTest, WaitsForCallsItMadeUntilTheClientIsGone) {
  guest_.emplace(client_text(R"(
    (local.set $made (call $begin (i32.const 3) (local.get $call)))
    (i32.store (i32.const 1024) (local.get $made)) (i32.store (i32.const 1028) (i32.const 1))
    (call $note (call $wait_any (i32.const 1024) (i32.const 1) (i64.const -1)))
    (call $note (call $client_recv (local.get $made) (i32.const 8192) (i32.const 5)))
    (drop (call $send (local.get $call) (i32.const 4096) (i32.const 8)))
    (call $note (call $wait_any (i32.const 1024) (i32.const 1) (i64.const -1)))
    (call $note (call $wait_any (i32.const 1024) (i32.const 1) (i64.const -1))))"));
  Guest& guest = *guest_;
  guest.client->attach(maker, maker, Style::handler);
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  EXPECT_EQ(guest.instance->suspension().interests, interest::outgoing | interest::cancelled);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  const int progress = maker.progress;
  maker.calls[0]->answer("hello");
  EXPECT_GT(maker.progress, progress);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  EXPECT_EQ(numbers(call.messages().back()), (std::vector<std::int32_t>{1, 5}));
  call.client_cancels();
  guest.client->end_all_calls_for_others();
  EXPECT_EQ(maker.calls[0]->status().code, rpc::StatusCode::cancelled) << "it was made for the one that ended";
  EXPECT_EQ(guest.instance->poll(), wasm::Progress::done) << "it is told, and does not wait again";
}

TEST_F(ClientTest, MakesNoCallsInItsStart) {
  const Guest guest(client_text("", R"(
    (if (i32.ne (call $begin (i32.const 0) (i32.const 0)) (i32.const -6)) (then (unreachable)))
    (if (i32.ne (call $require (i32.const 64) (i32.const 4)) (i32.const 0)) (then (unreachable)))
    (if (i32.ne (call $require (i32.const 64) (i32.const 0)) (i32.const -6)) (then (unreachable))))"));
  EXPECT_EQ(guest.error, "");
}

TEST_F(ClientTest, IsNotStartedWithoutATargetThatItRequires) {
  const Guest guest(client_text("", "(drop (call $require (i32.const 65) (i32.const 3)))"));
  EXPECT_NE(guest.error.find("it needs the target \"ext\", which it is not granted"), std::string::npos) << guest.error;
}

TEST_F(ClientTest, TellsEventsOnceUntilAFunctionAnswersAgain) {
  guest_.emplace(client_text("", "", R"((func (export "wasm_grpc_event") (param i32 i32 i32)
    (if (i32.eqz (local.get 1)) (then
      (drop (call $begin (i32.const 3) (local.get 0)))))
    (if (i32.eq (local.get 1) (i32.const 8)) (then
      (drop (call $client_recv (local.get 0) (i32.const 8192) (i32.const 1000)))))
    (if (i32.eq (local.get 1) (i32.const 9)) (then
      (drop (call $client_recv (local.get 2) (i32.const 8192) (i32.const 1000))))))
  )"));
  Guest& guest = *guest_;
  ASSERT_EQ(guest.error, "");
  struct Host final : EventCallHost {
    void set_timer(std::chrono::nanoseconds) noexcept override {}
    void guest_finished() noexcept override {}
    void refused() noexcept override {}
  } host;
  client_1::InstanceBinding& client = *guest.client;
  client.attach(maker, maker, Style::events);
  const std::int32_t served = guest.binding->open_call(call, host);
  const auto tell = [&](std::int32_t id, int event, std::int32_t value) {
    guest.binding->begin_event(id, static_cast<Event>(event), value);
    EXPECT_EQ(guest.instance->poll(), wasm::Progress::done);
  };
  tell(served, 0, 0);
  ASSERT_EQ(maker.calls.size(), 1U);
  EXPECT_FALSE(client.has_events());
  maker.calls[0]->answer("one");
  maker.calls[0]->answer("two");
  auto event = client.take_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->holds, 1U | 2U | 4U);
  EXPECT_FALSE(client.take_event()) << "once for both";
  tell(event->id, 8, 7);  // takes one
  maker.calls[0]->answer("three");
  EXPECT_FALSE(client.take_event()) << "it was told that there are messages, and has not taken them all";
  for (int i = 0; i < 3; ++i) tell(served, 9, event->id);  // takes the others, and is told AGAIN
  maker.calls[0]->answer("four");
  event = client.take_event();
  ASSERT_TRUE(event);
  maker.calls[0]->end({});
  event = client.take_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->holds, 15U);
  maker.calls[0]->make_room();
  EXPECT_FALSE(client.take_event());

  tell(served, 0, 0);
  guest.binding->close_call(served);
  client.end_calls_for(served);
  event = client.take_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->holds & 8U, 8U) << "with the call it was made for";
  EXPECT_EQ(maker.calls[1]->status().code, rpc::StatusCode::cancelled);
  client.detach();
  EXPECT_EQ(maker.let_gone, 2);
}

// What is released of it never changes: modules built against it are out in the world. Lines may be added.
TEST(ClientFunctions, AreThoseOfTheDocumentAndNeverChange) {
  const Types never_change = {
      {"require", "(i32, i32) -> i32"},
      {"open", "(i32, i32, i32, i32, i32, i64, i32, i32, i32) -> i32"},
      {"send", "(i32, i32, i32, i32) -> i32"},
      {"half_close", "(i32) -> i32"},
      {"recv", "(i32, i32, i32) -> i32"},
      {"metadata_get", "(i32, i32, i32, i32, i32, i32, i32) -> i32"},
      {"metadata_list", "(i32, i32, i32, i32) -> i32"},
      {"status", "(i32) -> i32"},
      {"info", "(i32, i32, i32, i32) -> i32"},
      {"cancel", "(i32) -> i32"},
      {"close", "(i32) -> i32"},
      {"wait_any", "(i32, i32, i64) -> i32"},
      {"wait_fd", "(i32, i32) -> i32"},
  };
  wasm::Linker linker(engine());
  ASSERT_TRUE(define_imports(linker).ok());
  const auto& offered = linker.functions().at("wasm_grpc_client_1");
  EXPECT_EQ(Types(offered.begin(), offered.end()), never_change);

  Types documented;
  const std::regex heading(R"re(\*\*`(\w+)\(([^)]*)\) -> (i32|i64)`\*\*)re");
  std::ifstream file = open(WASM_GRPC_CLIENT_DOCUMENT);
  for (std::string line; std::getline(file, line);) {
    std::smatch found;
    if (!std::regex_search(line, found, heading)) continue;
    const std::string parameters = std::regex_replace(found[2].str(), std::regex(R"(\w+: (i32|i64))"), "$1");
    documented.emplace(found[1], "(" + parameters + ") -> " + found[3].str());
  }
  EXPECT_EQ(documented, never_change);
}

}  // namespace
}  // namespace wasm_grpc::abi
