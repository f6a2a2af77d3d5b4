// wasm_grpc_trace_1 as guests see it.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "hostmodules/answers.h"
#include "hostmodules/modules.h"
#include "runtime/guest_fixture.h"

namespace wasm_grpc::hostmodules {
namespace {

/// Notes what is done to it, and has room for two spans with one attribute each.
class FakeSpan final : public rpc::CallSpan {
 public:
  [[nodiscard]] const rpc::TraceContext& context() const noexcept override { return context_; }
  void happened(rpc::SpanEvent, std::string_view) noexcept override {}
  std::int32_t begin_inner(std::int32_t parent, std::string_view name) noexcept override {
    if (open_.size() == 2) return 0;
    open_.push_back(true);
    done.push_back("begin " + std::string(name) + " in " + std::to_string(parent));
    return static_cast<std::int32_t>(open_.size());
  }
  [[nodiscard]] bool has_inner(std::int32_t span) const noexcept override {
    return span > 0 && static_cast<std::size_t>(span) <= open_.size() && open_[static_cast<std::size_t>(span) - 1];
  }
  bool note_inner(std::int32_t span, std::string_view key, std::string_view value) noexcept override {
    if (std::exchange(noted_, true)) return false;
    done.push_back("note " + std::to_string(span) + " " + std::string(key) + "=" + std::string(value));
    return true;
  }
  bool end_inner(std::int32_t span, bool failed) noexcept override {
    if (!has_inner(span)) return false;
    open_[static_cast<std::size_t>(span) - 1] = false;
    done.push_back("end " + std::to_string(span) + (failed ? " failed" : ""));
    return true;
  }
  void end_all_inner() noexcept override {}

  std::vector<std::string> done;

 private:
  rpc::TraceContext context_;
  std::vector<bool> open_;
  bool noted_ = false;
};

struct TraceModuleTest : runtime::GuestTest {
  TraceModuleTest() {
    EXPECT_TRUE(linker
                    .define(trace([this](Caller&, std::int32_t call) -> rpc::CallSpan* {
                      asked.push_back(call);
                      return sampled ? &span : nullptr;
                    }))
                    .ok());
  }

  /// What "f" of a guest answers.
  std::int32_t answer_to(const std::string& body) {
    module = load(R"((module
      (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
      (import "wasm_grpc_trace_1" "span_begin" (func $begin (param i32 i32 i32 i32) (result i32)))
      (import "wasm_grpc_trace_1" "span_attribute" (func $attribute (param i32 i32 i32 i32 i32 i32) (result i32)))
      (import "wasm_grpc_trace_1" "span_end" (func $end (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "/test.Service/Method") (data (i32.const 100) "name" "value")
      (func $named (param $parent i32) (result i32)
        (call $begin (i32.const 7) (local.get $parent) (i32.const 100) (i32.const 4)))
      (func $note (param $span i32) (result i32)
        (call $attribute (i32.const 7) (local.get $span) (i32.const 100) (i32.const 4) (i32.const 104) (i32.const 5)))
      (func (export "wasm_grpc_start")
        (drop (call $method (i32.const 0) (i32.const 20) (i32.const 0) (i32.const 0) (i32.const 0))))
      (func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0))
      (func (export "f") (result i32) )" +
                  body + "))");
    runtime::GuestInstance guest(*module, &module->declaration());
    EXPECT_EQ(guest.poll_start(), wasm::Progress::done);
    guest.instance.begin_call(*guest.instance.find_function("f"), {}, true);
    if (guest.instance.poll() == wasm::Progress::done) return guest.instance.result();
    trap = guest.instance.failure().message;
    return -1000;
  }

  FakeSpan span;
  bool sampled = true;
  std::vector<std::int32_t> asked;
  std::string trap;
  std::shared_ptr<const runtime::GuestModule> module;
};

TEST_F(TraceModuleTest, AGuestMakesSpansInsideOfItsCall) {
  EXPECT_EQ(answer_to(R"(
    (drop (call $named (i32.const 0)))
    (drop (call $named (i32.const 1)))
    (drop (call $note (i32.const 2)))
    (drop (call $end (i32.const 7) (i32.const 2) (i32.const 1)))
    (call $end (i32.const 7) (i32.const 1) (i32.const 0)))"),
            OK);
  EXPECT_EQ(span.done, (std::vector<std::string>{"begin name in 0", "begin name in 1", "note 2 name=value",
                                                 "end 2 failed", "end 1"}));
  EXPECT_EQ(asked, std::vector<std::int32_t>(5, 7));
}

TEST_F(TraceModuleTest, NothingIsRecordedOfACallThatIsNotSampledAndNothingFails) {
  sampled = false;
  EXPECT_EQ(answer_to("(call $named (i32.const 0))"), 0);
  EXPECT_EQ(answer_to("(call $note (i32.const 0))"), OK);
  EXPECT_EQ(answer_to("(call $end (i32.const 7) (i32.const 0) (i32.const 0))"), OK);
  EXPECT_EQ(answer_to("(call $note (i32.const 1))"), ABSENT);
  EXPECT_EQ(answer_to("(call $end (i32.const 7) (i32.const 1) (i32.const 0))"), ABSENT);
}

TEST_F(TraceModuleTest, WhatIsNotThereOrTooMuchIsAnswered) {
  EXPECT_EQ(answer_to("(call $end (i32.const 7) (i32.const 1) (i32.const 0))"), ABSENT);
  EXPECT_EQ(answer_to("(drop (call $named (i32.const 0))) (drop (call $named (i32.const 0))) "
                      "(call $named (i32.const 0))"),
            0);
  EXPECT_EQ(answer_to("(drop (call $note (i32.const 1))) (call $note (i32.const 1))"), FULL);
  EXPECT_EQ(answer_to("(call $note (i32.const -1))"), ABSENT);
}

TEST_F(TraceModuleTest, NamesAndValuesAreBoundedAndInsideOfTheMemory) {
  const auto begin = [this](int size) {
    return answer_to("(call $begin (i32.const 7) (i32.const 0) (i32.const 0) (i32.const " + std::to_string(size) +
                     "))");
  };
  EXPECT_EQ(begin(0), INVALID);
  EXPECT_EQ(begin(256), 1);
  EXPECT_EQ(begin(257), INVALID);
  EXPECT_EQ(begin(70'000), -1000);
  EXPECT_FALSE(trap.empty());
  const auto note = [this](int key, int value) {
    return answer_to("(call $attribute (i32.const 7) (i32.const 1) (i32.const 0) (i32.const " + std::to_string(key) +
                     ") (i32.const 0) (i32.const " + std::to_string(value) + "))");
  };
  EXPECT_EQ(note(0, 1), INVALID);
  EXPECT_EQ(note(257, 1), INVALID);
  EXPECT_EQ(note(1, 1025), INVALID);
  EXPECT_EQ(note(256, 1024), OK);
}

}  // namespace
}  // namespace wasm_grpc::hostmodules
