// The import module wasm_grpc_1_optional: how guests ask for functions that a host may not have.

#include "abi/guest_fixture.h"
#include "abi/v1/numbers.h"

namespace wasm_grpc::abi {
namespace {

using namespace v1;
using rpc::MethodKind;
using Numbers = std::vector<std::int32_t>;

/// The module of guest_fixture.h with one more import; `body` notes answers, which are reported.
std::string with_import(std::string_view import, std::string_view body = "") {
  std::string text = module_text("(drop (call $declare (i32.const 3)))",
                                 std::string(body) + "(drop (call $report (local.get $call))) (i32.const 0)");
  return text.insert(text.find("(import"), std::string(import) + "\n    ");
}

Numbers answers(const std::string& text) {
  Guest guest(text);
  EXPECT_EQ(guest.error, "");
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("hello");
  if (!guest.error.empty()) return {};
  EXPECT_TRUE(guest.run(call).returned);
  return call.messages().empty() ? Numbers{} : numbers(call.messages().back());
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(OptionalImports, AreTheSameFunctionsWhereTheHostHasThem) {
  EXPECT_EQ(
      answers(with_import(R"((import "wasm_grpc_1_optional" "recv" (func $other (param i32 i32 i32) (result i32))))",
                          "(call $note (call $other (local.get $call) (i32.const 1024) (i32.const 100)))"
                          "(call $note (i32.load (i32.const 1024)))")),
      (Numbers{5, 0x6c6c6568}));
  EXPECT_EQ(
      answers(with_import(R"((import "wasm_grpc_1_optional" "wait" (func $other (param i32 i32 i64) (result i32))))",
                          "(call $note (call $other (local.get $call) (i32.const 1) (i64.const -1)))")),
      (Numbers{wait_readable}))
      << "one that suspends";
}

TEST(OptionalImports, AnswerUnsupportedWhereTheHostDoesNotKnowThem) {
  EXPECT_EQ(answers(with_import(
                R"((import "wasm_grpc_1_optional" "of_tomorrow" (func $other (param i32 f64 i64 f32) (result i32))))",
                "(call $note (call $other (i32.const -1) (f64.const 1) (i64.const 2) (f32.const 3)))"
                "(call $note (call $other (i32.const 0) (f64.const 0) (i64.const 0) (f32.const 0)))")),
            (Numbers{UNSUPPORTED, UNSUPPORTED}));
  EXPECT_EQ(answers(with_import(R"((import "wasm_grpc_1_optional" "of_tomorrow" (func $other (result i64))))",
                                "(call $note (i64.eq (call $other) (i64.const -7)))")),
            (Numbers{1}));
}

TEST(OptionalImports, AreThoseOfOneModule) {
  const std::string_view as_i32 = R"((import "wasm_grpc_1_optional" "of_tomorrow" (func $other (result i32))))";
  const std::string_view as_i64 = R"((import "wasm_grpc_1_optional" "of_tomorrow" (func $other (result i64))))";
  wasm::Linker linker(engine());
  ASSERT_TRUE(define_imports(linker).ok());
  for (const std::string_view import : {as_i32, as_i64, as_i32}) {
    const std::string text = with_import(import);
    auto compiled = wasm::Module::compile(engine(), "guest", std::as_bytes(std::span(text)));
    ASSERT_TRUE(compiled.ok());
    EXPECT_TRUE(linker.link(compiled.value()).ok()) << "what others import by that name does not matter";
  }
}

TEST(OptionalImports, MayBeImportedTwice) {
  const std::string import = R"((import "wasm_grpc_1_optional" "of_tomorrow" (func (result i32))))";
  EXPECT_EQ(Guest(with_import(import + import)).error, "");
}

TEST(OptionalImports, WithoutAnIntegerToAnswerFailTheLoad) {
  for (const std::string_view type : {"", "(result f32)", "(result i32 i32)"}) {
    const std::string error =
        Guest(with_import("(import \"wasm_grpc_1_optional\" \"of_tomorrow\" (func " + std::string(type) + "))")).error;
    EXPECT_TRUE(contains(error, "\"wasm_grpc_1_optional.of_tomorrow\"")) << error;
    EXPECT_TRUE(contains(error, "one result, an i32 or i64")) << error;
  }
}

TEST(OptionalImports, AreFunctionsOnly) {
  const std::string error = Guest(with_import(R"((import "wasm_grpc_1_optional" "of_tomorrow" (global i32)))")).error;
  EXPECT_TRUE(contains(error, "the global \"wasm_grpc_1_optional.of_tomorrow\", which this host does not offer"))
      << error;
}

TEST(OptionalImports, OfAnotherTypeThanTheHostHasFailTheLoad) {
  const std::string error =
      Guest(with_import(R"((import "wasm_grpc_1_optional" "recv" (func (param v128) (result i32))))")).error;
  EXPECT_EQ(error,
            "it imports the function \"wasm_grpc_1_optional.recv\" (v128) -> i32; this host offers it as a function "
            "(i32, i32, i32) -> i32");
}

TEST(OptionalImports, AreBounded) {
  std::string imports;
  for (int i = 0; i < 1001; ++i) {
    imports += "(import \"wasm_grpc_1_optional\" \"f" + std::to_string(i) + "\" (func (result i32)))\n";
  }
  EXPECT_TRUE(contains(Guest(with_import(imports)).error, "more than 1000 functions"));
}

TEST(Imports, ThatTheHostDoesNotKnowFailTheLoad) {
  const std::string error = Guest(with_import(R"((import "wasm_grpc_1" "of_tomorrow" (func (result i32))))")).error;
  EXPECT_TRUE(
      contains(error, "the function \"wasm_grpc_1.of_tomorrow\", which this host does not offer; a newer one may"))
      << error;
}

}  // namespace
}  // namespace wasm_grpc::abi
