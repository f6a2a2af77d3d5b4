// What a module must export and declare, and what the host says when it does not.

#include "abi/guest_fixture.h"
#include "abi/v1/numbers.h"

namespace wasm_grpc::abi {
namespace {

using rpc::MethodKind;

/// The error of starting a module whose wasm_grpc_start has this body.
std::string start_error(std::string_view body, std::string_view more = "") {
  return Guest(module_text(body, "(i32.const 0)", more)).error;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Start, DeclaresMethodsInOrder) {
  Guest guest(module_text(R"(
    (drop (call $method (i32.const 0) (i32.const 20) (i32.const 0) (i32.const 0) (i32.const 7)))
    (drop (call $method (i32.const 200) (i32.const 6) (i32.const 3) (i32.const 0) (i32.const -1))))",
                          "(i32.const 0)", R"((data (i32.const 200) "/a.b/C"))"));
  ASSERT_EQ(guest.error, "");
  const std::vector<DeclaredMethod> expected = {{"/test.Service/Method", MethodKind::unary, 7},
                                                {"/a.b/C", MethodKind::bidi_stream, -1}};
  EXPECT_EQ(guest.binding->declaration().methods, expected);
}

TEST(Start, KeepsDescriptors) {
  Guest guest(module_text(
      "(drop (call $declare (i32.const 0))) (drop (call $descriptors (i32.const 80) (i32.const 5)))", "(i32.const 0)"));
  ASSERT_EQ(guest.error, "");
  EXPECT_EQ(guest.binding->declaration().descriptors, std::vector<std::string>{"value"});
}

TEST(Health, OfAServiceIsSetInTheStart) {
  // "test.Service" is part of the path at 0.
  const std::string not_serving = "(drop (call $health_set (i32.const 1) (i32.const 12) (i32.const 0)))";
  Guest guest(module_text("(drop (call $declare (i32.const 0)))" + not_serving, "(i32.const 0)"));
  ASSERT_EQ(guest.error, "");
  const std::map<std::string, bool, std::less<>> expected = {{"test.Service", false}};
  EXPECT_EQ(guest.binding->declaration().serving, expected);
  EXPECT_TRUE(guest.health.lines.empty()) << "it has no health until it is loaded";

  Guest later(module_text("(drop (call $declare (i32.const 0)))" + not_serving, "(i32.const 0)"),
              &guest.binding->declaration());
  EXPECT_EQ(later.error, "");
  EXPECT_TRUE(later.health.lines.empty()) << "the start of a later instance changes nothing";
}

TEST(Health, OfAServiceIsSetInCalls) {
  Guest guest(module_text("(drop (call $declare (i32.const 3)))", R"(
    (drop (call $health_set (i32.const 1) (i32.const 12) (i32.const 0)))
    (call $health_set (i32.const 1) (i32.const 12) (i32.const 1)))"));
  TestCall call(MethodKind::bidi_stream);
  EXPECT_TRUE(guest.run(call).returned);
  EXPECT_EQ(guest.health.lines, (std::vector<std::string>{"test.Service is not serving", "test.Service is serving"}));
}

TEST(Health, IsOfServicesOfTheModuleOnly) {
  Guest guest(module_text("(drop (call $declare (i32.const 3)))", R"(
    (call $note (call $health_set (i32.const 1) (i32.const 11) (i32.const 0)))
    (call $note (call $health_set (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $note (call $health_set (i32.const 1) (i32.const 12) (i32.const 2)))
    (call $report (local.get $call)))"));
  TestCall call(MethodKind::bidi_stream);
  EXPECT_TRUE(guest.run(call).returned);
  EXPECT_EQ(numbers(call.messages().at(0)), (std::vector<std::int32_t>{-4, -4, -6}));
  EXPECT_TRUE(guest.health.lines.empty());
}

TEST(Health, IsNotSetBeforeTheStart) {
  Guest guest(module_text("(drop (call $declare (i32.const 0)))", "(i32.const 0)", R"((func (export "_initialize")
    (if (i32.ne (call $health_set (i32.const 1) (i32.const 12) (i32.const 0)) (i32.const -6)) (then (unreachable)))))"));
  EXPECT_EQ(guest.error, "");
}

TEST(Placement, IsThatOfEachWorkerIfNotSaidOtherwise) {
  Guest guest(module_text("(drop (call $declare (i32.const 0)))", "(i32.const 0)"));
  ASSERT_EQ(guest.error, "");
  EXPECT_EQ(guest.binding->declaration().placement, Placement::worker);
}

TEST(Placement, IsDeclaredInTheStartAndTheLastHolds) {
  const std::string text = module_text(R"(
    (drop (call $declare (i32.const 0)))
    (drop (call $placement (i32.const 1) (i32.const 0) (i32.const 0)))
    (drop (call $placement (i32.const 2) (i32.const 64) (i32.const 5))))",
                                       "(i32.const 0)");
  Guest guest(text);
  ASSERT_EQ(guest.error, "");
  EXPECT_EQ(guest.binding->declaration().placement, Placement::key);
  EXPECT_EQ(guest.binding->declaration().placement_key, "x-key");
}

TEST(Placement, IsTheSameInEveryInstance) {
  const std::string declare = "(drop (call $declare (i32.const 0)))";
  const auto placed = [&](int where) {
    return module_text(
        declare + "(drop (call $placement (i32.const " + std::to_string(where) + ") (i32.const 0) (i32.const 0)))",
        "(i32.const 0)");
  };
  Guest first(placed(1));
  ASSERT_EQ(first.error, "");
  EXPECT_EQ(Guest(placed(1), &first.binding->declaration()).error, "");
  EXPECT_TRUE(
      contains(Guest(placed(0), &first.binding->declaration()).error, "another placement than when it was loaded"));
  const std::string nothing = module_text(declare, "(i32.const 0)");
  EXPECT_TRUE(contains(Guest(nothing, &first.binding->declaration()).error, "another placement"));
}

TEST(Placement, MayBeSaidTwiceInEveryInstance) {
  const std::string text = module_text(R"(
    (drop (call $declare (i32.const 0)))
    (drop (call $placement (i32.const 2) (i32.const 64) (i32.const 5)))
    (drop (call $placement (i32.const 1) (i32.const 0) (i32.const 0))))",
                                       "(i32.const 0)");
  Guest first(text);
  ASSERT_EQ(first.error, "");
  EXPECT_EQ(Guest(text, &first.binding->declaration()).error, "") << "the last holds";
}

TEST(Placement, ThatMakesNoSenseFailsTheStart) {
  const auto error = [](std::string_view arguments) {
    return start_error("(drop (call $declare (i32.const 0))) (drop (call $placement " + std::string(arguments) + "))");
  };
  EXPECT_TRUE(contains(error("(i32.const 3) (i32.const 0) (i32.const 0)"), "it is 3; a placement is 0 to 2"));
  EXPECT_TRUE(contains(error("(i32.const 2) (i32.const 0) (i32.const 5)"), "\"/test\" is no name of a request header"));
  EXPECT_TRUE(contains(error("(i32.const 2) (i32.const 0) (i32.const 0)"), "is no name of a request header"));
  EXPECT_TRUE(contains(error("(i32.const 1) (i32.const 64) (i32.const 5)"), "only placement 2 has a header"));
}

TEST(Start, FailsOnAnyMethodThatIsRefused) {
  const auto method = [](std::string_view arguments) { return "(drop (call $method " + std::string(arguments) + "))"; };
  EXPECT_TRUE(contains(start_error(method("(i32.const 1) (i32.const 19) (i32.const 0) (i32.const 0) (i32.const 0)")),
                       "\"test.Service/Method\" was refused: a path is /package.Service/Method"));
  EXPECT_TRUE(contains(start_error(method("(i32.const 0) (i32.const 20) (i32.const 5) (i32.const 0) (i32.const 0)")),
                       "its kind is 5"));
  EXPECT_TRUE(contains(start_error(method("(i32.const 0) (i32.const 20) (i32.const 0) (i32.const 1) (i32.const 0)")),
                       "in event style and has no export \"wasm_grpc_event\""));
  EXPECT_TRUE(contains(start_error(method("(i32.const 0) (i32.const 20) (i32.const 0) (i32.const 2) (i32.const 0)")),
                       "its style is 2"));
  EXPECT_TRUE(contains(start_error(method("(i32.const 0) (i32.const 2000) (i32.const 0) (i32.const 0) (i32.const 0)")),
                       "longer than 1024"));
  EXPECT_TRUE(contains(start_error("(drop (call $declare (i32.const 0))) (drop (call $declare (i32.const 0)))"),
                       "declared before"));
}

TEST(Start, RefusesHostilePointers) {
  EXPECT_TRUE(contains(
      start_error("(drop (call $method (i32.const -1) (i32.const 20) (i32.const 0) (i32.const 0) (i32.const 0)))"),
      "outside its memory"));
  EXPECT_TRUE(contains(start_error("(drop (call $descriptors (i32.const 0) (i32.const -1)))"), "outside its memory"));
}

TEST(Start, FailsWhenItTraps) { EXPECT_TRUE(contains(start_error("(unreachable)"), "unreachable")); }

TEST(Start, FailsWhenAStartSectionTraps) {
  EXPECT_TRUE(contains(start_error("", "(func $boom (unreachable)) (start $boom)"), "unreachable"));
}

TEST(Start, MayUseImportsInAStartSection) {
  Guest guest(module_text("(drop (call $declare (i32.const 0)))", "(i32.const 0)",
                          "(func $early (call $log (i32.const 2) (i32.const 80) (i32.const 5))) (start $early)"));
  EXPECT_EQ(guest.error, "");
  EXPECT_EQ(guest.log.lines, std::vector<std::string>{"guest 2 value"});
}

TEST(Start, RunsInitializeFirst) {
  Guest guest(module_text("(call $log (i32.const 2) (i32.const 80) (i32.const 2))", "(i32.const 0)",
                          R"((func (export "_initialize") (call $log (i32.const 2) (i32.const 80) (i32.const 5))))"));
  EXPECT_EQ(guest.log.lines, (std::vector<std::string>{"guest 2 value", "guest 2 va"}));
}

TEST(Start, MethodsAreRefusedBeforeAndAfter) {
  // In _initialize the answer is INVALID, which this guest turns into a trap when it is anything else.
  const std::string expect_invalid = "(if (i32.ne (call $declare (i32.const 0)) (i32.const -6)) (then (unreachable)))";
  Guest guest(module_text("(drop (call $declare (i32.const 3)))", expect_invalid + "(i32.const 0)",
                          "(func (export \"_initialize\") " + expect_invalid + ")"));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::bidi_stream);
  EXPECT_TRUE(guest.run(call).returned);
}

TEST(Start, MustDeclareTheSameEveryTime) {
  Declaration other;
  other.methods.push_back({"/test.Service/Method", MethodKind::server_stream, 0});
  const std::string declare = "(drop (call $declare (i32.const 0)))";
  EXPECT_TRUE(contains(Guest(module_text(declare, "(i32.const 0)"), &other).error, "when it was loaded"));
  other.methods[0].kind = MethodKind::unary;
  EXPECT_EQ(Guest(module_text(declare, "(i32.const 0)"), &other).error, "");
  EXPECT_TRUE(contains(Guest(module_text("", "(i32.const 0)"), &other).error, "other methods than when it was loaded"));
}

TEST(Exports, MissingOnesAreNamed) {
  EXPECT_TRUE(contains(Guest("(module)").error, "\"wasm_grpc_start\" and \"wasm_grpc_call\" are missing"));
  EXPECT_TRUE(contains(Guest("(module)").error, "known ABIs: wasm_grpc_1"));
  const std::string error = Guest(R"((module (func (export "wasm_grpc_start"))))").error;
  EXPECT_TRUE(contains(error, "lacks the exports \"memory\", \"wasm_grpc_call\"")) << error;
}

TEST(Exports, OfTheWrongTypeAreNamed) {
  const std::string error = Guest(R"((module (memory (export "memory") 1) (func (export "wasm_grpc_start"))
    (func (export "wasm_grpc_call") (param i32) (result i32) (i32.const 0))))")
                                .error;
  EXPECT_TRUE(contains(error, "\"wasm_grpc_call\" is a function (i32) -> i32")) << error;
  EXPECT_TRUE(contains(error, "(i32, i32) -> i32")) << error;
  EXPECT_TRUE(contains(Guest(R"((module (global (export "wasm_grpc_start") i32 (i32.const 0))))").error, "global"));
}

TEST(Imports, UnknownOnesAreNamed) {
  const std::string error = Guest(R"((module (import "sky" "fly" (func)) (memory (export "memory") 1)
    (func (export "wasm_grpc_start"))
    (func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0))))")
                                .error;
  EXPECT_TRUE(contains(error, "imports the function \"sky.fly\"")) << error;
  EXPECT_TRUE(contains(error, "wasm_grpc_1")) << error;
}

TEST(Imports, OfTheWrongTypeAreNamed) {
  const std::string error =
      Guest(R"((module (import "wasm_grpc_1" "recv" (func (param i64))) (memory (export "memory") 1)
    (func (export "wasm_grpc_start"))
    (func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0))))")
          .error;
  EXPECT_TRUE(contains(error, "recv")) << error;
}

TEST(Modules, ThatAreNotSayWhy) {
  EXPECT_TRUE(contains(Guest("hello").error, "not a WebAssembly module"));
  EXPECT_TRUE(contains(Guest("").error, "not a WebAssembly module"));
  EXPECT_TRUE(contains(Guest("(module (func").error, "not a WebAssembly module"));
  EXPECT_NE(Guest(std::string_view("\0asm\1\0\0\0\xff\xff\xff", 11)).error, "");
  EXPECT_NE(Guest("(module (func (result i32)))").error, "");
}

// ---- How a module was linked ----

std::vector<std::string> warnings_of(const std::string& text) {
  auto module = wasm::Module::compile(engine(), "guest", std::as_bytes(std::span(text)));
  if (!module.ok()) return {module.error().message};
  const auto abi = detect(*module.value());
  return abi.ok() ? abi.value()->warnings(*module.value()) : std::vector{abi.error().message};
}

TEST(Warnings, AreOfCommandsButNotOfThoseOfWazeroGrpcServer) {
  const std::string ours = R"((module (memory (export "memory") 1) (func (export "wasm_grpc_start"))
    (func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0)) )";
  EXPECT_TRUE(warnings_of(ours + ")").empty());
  EXPECT_TRUE(warnings_of(ours + R"((func (export "_initialize")) (func (export "_start"))))").empty());
  const auto found = warnings_of(ours + R"((func (export "_start"))))");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(contains(found[0], "it is a command")) << found[0];
  EXPECT_TRUE(contains(found[0], "-mexec-model=reactor")) << found[0];
  EXPECT_EQ(
      warnings_of(R"((module (memory (export "memory") 1) (func (export "__grpcServerInit") (result i32) (i32.const 0))
      (func (export "__grpcServerCall")) (func (export "_start"))))"),
      std::vector<std::string>());
}

TEST(Detection, TellsWhatAModuleIsMadeForWhenItLacksExports) {
  const auto error_of = [](const std::string& text) { return Guest(text).error; };
  const std::string go = error_of(R"((module (import "gojs" "runtime.wasmExit" (func (param i32)))))");
  EXPECT_TRUE(contains(go, "speaks no ABI") && contains(go, "GOOS=wasip1")) << go;
  const std::string rust = error_of(R"((module (import "wasm_grpc_1" "log" (func (param i32 i32 i32)))
    (import "__wbindgen_placeholder__" "__wbindgen_throw" (func (param i32 i32)))))");
  EXPECT_TRUE(contains(rust, "lacks the exports") && contains(rust, "wasm-bindgen made it")) << rust;
}

}  // namespace
}  // namespace wasm_grpc::abi
