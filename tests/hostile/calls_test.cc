// Calls: ids that are not the guest's to use, and imports at moments that are not theirs.
#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "abi/v1/numbers.h"
#include "host.h"
#include "hostmodules/modules.h"

namespace wasm_grpc::hostile {
namespace {

using abi::TestCall;
using rpc::MethodKind;
using namespace abi::v1;

bool takes_a_call(const Import& import) {
  return !import.parameters.empty() && import.parameters[0].role == Role::call;
}

std::int64_t answer_of(Instance& guest, const Import& import) {
  return import.result == "i64" ? guest.load<std::int64_t>(layout::result) : guest.answer();
}

/// What an import says to a call that is not the guest's: a span of it is one that is not recorded.
std::int64_t answer_to_no_call(const Import& import) {
  return import.module == hostmodules::trace_module ? std::int64_t{OK} : std::int64_t{CLOSED};
}

template <typename Function>
void for_every_import_that_takes_a_call(Function function) {
  int tried = 0;
  for (std::size_t i = 0; i < imports().size(); ++i) {
    if (!takes_a_call(imports()[i])) continue;
    SCOPED_TRACE(imports()[i].name);
    function(i, imports()[i]);
    ++tried;
  }
  EXPECT_GE(tried, 11);
}

TEST(CallIds, ThatWereNeverGivenAreClosedToEveryImport) {
  Instance guest(host().guest());
  ASSERT_TRUE(guest.serves());
  ASSERT_TRUE(guest.serves());  // so 1 and 2 are ids of earlier calls
  for_every_import_that_takes_a_call([&](std::size_t index, const Import& import) {
    for (const std::uint64_t id : {0ULL, 1ULL, 2ULL, 0x7fff'ffffULL, 0x8000'0000ULL, 0xffff'ffffULL}) {
      auto arguments = usual_arguments(import);
      arguments[0] = id;
      ASSERT_TRUE(guest.call_import(index, arguments).returned()) << id;
      EXPECT_EQ(answer_of(guest, import), answer_to_no_call(import)) << id;
    }
  });
}

TEST(CallIds, ThatWereNeverGivenHaveNoSpans) {
  Instance guest(host().guest());
  for (const std::string_view name : {"span_attribute", "span_end"}) {
    const std::size_t index = import_index(name);
    auto arguments = usual_arguments(imports()[index]);
    arguments[0] = 0x7fff'ffff;
    arguments[1] = 1;
    ASSERT_TRUE(guest.call_import(index, arguments).returned()) << name;
    EXPECT_EQ(guest.answer(), ABSENT) << name;
  }
}

TEST(CallIds, OfAnotherInstanceAreClosedToEveryImport) {
  // A call of another instance waits, with its id of 1000; this instance is nowhere near that.
  Instance other(host().guest());
  for (int i = 0; i < 999; ++i) ASSERT_TRUE(other.serves());
  TestCall waiting(MethodKind::bidi_stream);
  Instance guest(host().guest());
  for_every_import_that_takes_a_call([&](std::size_t index, const Import& import) {
    auto arguments = usual_arguments(import);
    arguments[0] = 1000;
    ASSERT_TRUE(guest.call_import(index, arguments).returned());
    EXPECT_EQ(answer_of(guest, import), answer_to_no_call(import));
  });
  EXPECT_TRUE(other.run(waiting, tag_nothing).returned());
  EXPECT_EQ(waiting.status().code, rpc::StatusCode::ok);
}

TEST(CallIds, OfACallThatIsFinishedOrGoneStillAnswerAndSendNothing) {
  for_every_import_that_takes_a_call([&](std::size_t index, const Import& import) {
    for (const bool cancelled : {false, true}) {
      Instance guest(host().guest());
      guest.store_arguments(usual_arguments(import));
      TestCall call(MethodKind::bidi_stream);
      if (cancelled) {
        call.client_cancels();
      } else {
        call.finish({rpc::StatusCode::aborted, "it is over"});
      }
      ASSERT_TRUE(guest.run(call, static_cast<std::int32_t>(index)).returned());
      EXPECT_TRUE(call.messages().empty());
      EXPECT_EQ(call.headers().size(), 0U);
      EXPECT_EQ(call.trailers().size(), 0U);
      EXPECT_EQ(call.status().code, cancelled ? rpc::StatusCode::ok : rpc::StatusCode::aborted);
    }
  });
}

/// A guest whose start section calls an import with these i32 and i64 constants.
std::string with_start_section(std::size_t index) {
  std::string arguments;
  for (const Parameter& parameter : imports()[index].parameters) {
    const std::uint64_t value = parameter.role == Role::call ? 1 : parameter.usual;
    arguments += parameter.role == Role::wide ? "(i64.const " + std::to_string(value) + ")"
                                              : "(i32.const " + std::to_string(value) + ")";
  }
  const std::string drop = imports()[index].result.empty() ? "" : "(drop)";
  const std::string early =
      "(func $early (call $i" + std::to_string(index) + " " + arguments + ")" + drop + ")(start $early)";
  return guest_text({.definitions = early});
}

TEST(EveryImport, InAStartSectionIsAnsweredAndChangesNothing) {
  for (std::size_t i = 0; i < imports().size(); ++i) {
    SCOPED_TRACE(imports()[i].name);
    const auto loaded = host().load(with_start_section(i));
    if (imports()[i].name == "proc_exit") {
      ASSERT_FALSE(loaded.ok());
      EXPECT_EQ(loaded.error().message.find("its start failed: it exited with code 3"), 0U) << loaded.error().message;
      continue;
    }
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_EQ(loaded.value()->declaration().methods.size(), 1U) << "method counts in wasm_grpc_start only";
    EXPECT_TRUE(loaded.value()->declaration().descriptors.empty());
    EXPECT_TRUE(Instance(*loaded.value()).serves());
  }
}

TEST(EveryImport, InInitializeAndInStartIsAnswered) {
  for (const std::uint32_t moment : {layout::in_init, layout::in_start}) {
    for (std::size_t i = 0; i < imports().size(); ++i) {
      const Import& import = imports()[i];
      SCOPED_TRACE(import.name);
      Instance guest(host().guest(), [&](std::span<std::byte> memory) {
        auto arguments = usual_arguments(import);
        if (takes_a_call(import)) arguments[0] = 1;
        std::ranges::copy(std::as_bytes(std::span(arguments)), memory.begin());
        const auto number = static_cast<std::uint32_t>(i) + 1;
        std::memcpy(memory.data() + moment, &number, 4);
      });
      if (import.name == "proc_exit") {
        EXPECT_EQ(guest.started.kind, Outcome::Kind::exited);
      } else if (import.name == "method" && moment == layout::in_start) {
        EXPECT_NE(guest.started.message.find("was refused"), std::string::npos) << "it declares what it did not before";
      } else {
        ASSERT_TRUE(guest.started.returned()) << guest.started.message;
        if (takes_a_call(import)) {
          EXPECT_EQ(answer_of(guest, import), answer_to_no_call(import));
        }
        EXPECT_TRUE(guest.serves());
      }
    }
  }
}

TEST(Start, WithHostilePointersInDeclarationsFailsWithTheReason) {
  for (const std::string_view name : {"method", "descriptors"}) {
    const Import& import = imports()[import_index(name)];
    for (const std::uint64_t pointer : {std::uint64_t{memory_bytes} - 1, std::uint64_t{memory_bytes} + 1,
                                        std::uint64_t{0x8000'0000}, std::uint64_t{0xffff'ffff}}) {
      for (const std::uint64_t length : {2ULL, 0x7fff'ffffULL, 0x8000'0000ULL, 0xffff'ffffULL}) {
        Instance guest(host().guest(), [&](std::span<std::byte> memory) {
          auto arguments = usual_arguments(import);
          arguments[0] = pointer;
          arguments[1] = length;
          std::ranges::copy(std::as_bytes(std::span(arguments)), memory.begin());
          const auto number = static_cast<std::uint32_t>(import_index(name)) + 1;
          std::memcpy(memory.data() + layout::in_start, &number, 4);
        });
        EXPECT_NE(guest.started.message.find("outside its memory"), std::string::npos) << guest.started.message;
      }
    }
  }
}

TEST(Recursion, OfTheCallExportIsTheGuestsOwnAffair) {
  // The guest calls its own wasm_grpc_call with an id it makes up; only the real one is good.
  abi::Guest guest(abi::module_text("(drop (call $declare (i32.const 3)))", R"(
    (call $note (call $headers_send (local.get $call)))
    (if (i32.lt_u (local.get $tag) (i32.const 3))
      (then (drop (call $again (i32.add (local.get $call) (i32.const 1)) (i32.add (local.get $tag) (i32.const 1))))))
    (if (i32.eqz (local.get $tag)) (then (drop (call $report (local.get $call)))))
    (i32.const 0))",
                                    R"((table funcref (elem $self)) (type $handler (func (param i32 i32) (result i32)))
    (export "again" (func $again))
    (func $self (param i32 i32) (result i32) (call $again (local.get 0) (local.get 1)))
    (func $again (param $call i32) (param $tag i32) (result i32)
      (call $note (call $headers_send (local.get $call)))
      (if (result i32) (i32.lt_u (local.get $tag) (i32.const 3))
        (then (call_indirect (type $handler) (i32.add (local.get $call) (i32.const 1))
                                             (i32.add (local.get $tag) (i32.const 1)) (i32.const 0)))
        (else (i32.const 5)))))"));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::bidi_stream);
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(abi::numbers(call.messages().at(0)), (std::vector<std::int32_t>{OK, CLOSED, CLOSED, CLOSED}));
  EXPECT_EQ(call.status().code, rpc::StatusCode::ok);
}

TEST(Metadata, InHugeAmountsIsRefusedAndBounded) {
  abi::Guest guest(abi::module_text("(drop (call $declare (i32.const 3)))", R"(
    (local $left i32)
    (local.set $left (i32.const 100000))
    (loop $more
      (drop (call $metadata_add (local.get $call) (i32.and (local.get $left) (i32.const 1))
                                (i32.const 64) (i32.const 5) (i32.const 80) (i32.const 5)))
      (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.const 0))"));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::bidi_stream);
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_LE(call.headers().byte_size() + call.trailers().byte_size(), rpc::max_response_metadata);
  EXPECT_GT(call.headers().size(), 100U);
}

}  // namespace
}  // namespace wasm_grpc::hostile
