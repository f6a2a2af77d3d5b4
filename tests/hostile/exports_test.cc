// Modules that export or import the wrong things: each is refused when it is loaded, with one line that says why.
#include <gtest/gtest.h>

#include "host.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::hostile {
namespace {

constexpr std::size_t longest_line = 500;

/// Expects a refusal in one short printable line that has `part` in it, and that others are served after it.
void expect_refused(std::string_view text, std::string_view part) {
  SCOPED_TRACE(text.substr(0, 400));
  const std::string error = host().load_error(text);
  EXPECT_NE(error, "");
  EXPECT_NE(error.find(part), std::string::npos) << error.substr(0, 1000);
  EXPECT_LE(error.size(), longest_line);
  EXPECT_TRUE(wasm::is_printable(error)) << error.substr(0, 1000);
  EXPECT_TRUE(Instance(host().guest()).serves());
}

/// The good parts, to be mixed with a bad one.
constexpr std::string_view memory = R"((memory (export "memory") 1))";
constexpr std::string_view start = R"((func (export "wasm_grpc_start")))";
constexpr std::string_view call = R"((func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0)))";

std::string module_of(std::initializer_list<std::string_view> parts) {
  std::string out = "(module ";
  for (const std::string_view part : parts) out += part;
  return out + ")";
}

TEST(Exports, OfAnotherKindThanExpectedAreNamed) {
  expect_refused(module_of({start, call, R"((func (export "memory")))"}),
                 R"(its export "memory" is a function () -> ())");
  expect_refused(module_of({start, call, R"((table (export "memory") 1 funcref))"}),
                 R"(its export "memory" is a table)");
  expect_refused(module_of({start, call, R"((global (export "memory") i32 (i32.const 0)))"}),
                 R"(its export "memory" is a global)");
  for (const std::string_view name : {"wasm_grpc_start", "wasm_grpc_call", "_initialize", "_start"}) {
    const std::string exported = "(export \"" + std::string(name) + "\")";
    const std::string_view start_too = name == "wasm_grpc_start" ? "" : start;
    const std::string_view call_too = name == "wasm_grpc_call" ? "" : call;
    const std::string expected = "its export \"" + std::string(name) + "\" is a ";
    expect_refused(module_of({memory, start_too, call_too, "(global " + exported + " i32 (i32.const 0))"}),
                   expected + "global");
    expect_refused(module_of({memory, start_too, call_too, "(table " + exported + " 1 funcref)"}), expected + "table");
    expect_refused(module_of({memory, start_too, call_too, "(func " + exported + " (param i64))"}),
                   expected + "function (i64) -> ()");
    expect_refused(
        module_of({memory, start_too, call_too, "(func " + exported + " (param v128) (result f32) (f32.const 0))"}),
        expected + "function (v128) -> f32");
    expect_refused(module_of({memory, start_too, call_too, "(tag " + exported + ")"}), "");
  }
}

TEST(Types, OfEveryKindInImportsAndExportsAreDescribed) {
  // The engine's own description of some of these ends the process.
  for (const std::string_view type : {"v128", "funcref", "(ref func)", "(ref null $f)", "(ref $f)", "externref",
                                      "anyref", "(ref extern)", "exnref", "contref", "(ref null nofunc)"}) {
    const std::string parameter = "(param " + std::string(type) + ")";
    expect_refused("(module (type $f (func)) (import \"env\" \"f\" (func " + parameter + ")))", "");
    expect_refused("(module (type $f (func)) (import \"wasm_grpc_1\" \"recv\" (func " + parameter + ")))", "");
    for (const std::string_view name : {"later", "recv"}) {
      const std::string result = "(result " + std::string(type) + ")";
      expect_refused("(module (type $f (func)) (import \"wasm_grpc_1_optional\" \"" + std::string(name) + "\" (func " +
                         result + ")) " + std::string(memory) + std::string(start) + std::string(call) + ")",
                     "");
    }
    expect_refused("(module (type $f (func)) (import \"env\" \"g\" (global " + std::string(type) + ")))", "");
    expect_refused("(module (type $f (func)) (func (export \"wasm_grpc_start\") " + parameter + "))", "");
  }
}

TEST(Exports, ThatAreMissingAreNamed) {
  expect_refused(module_of({start, call}), R"(lacks the exports "memory")");
  expect_refused(module_of({memory, call}), R"(lacks the exports "wasm_grpc_start")");
  expect_refused(module_of({memory, start}), R"(lacks the exports "wasm_grpc_call")");
  expect_refused(module_of({memory}), "it speaks no ABI this host knows");
  expect_refused(module_of({memory, start, call}), "declares no method");
}

TEST(Exports, ThatAreThereTwiceAreRefused) {
  expect_refused(module_of({memory, start, start, call}), "duplicate export name");
  expect_refused(module_of({memory, memory, start, call}), "");
  expect_refused(module_of({start, call, R"((memory 1) (export "memory" (memory 0)) (export "memory" (memory 0)))"}),
                 "duplicate export name");
}

TEST(Memories, OfOtherKindsThanOneOfItsOwnAreRefused) {
  expect_refused(module_of({R"((import "env" "memory" (memory 1)) (export "memory" (memory 0)))", start, call}),
                 R"(it imports the memory "env.memory", which this host does not offer)");
  expect_refused(module_of({R"((import "wasm_grpc_1" "memory" (memory 1)) (export "memory" (memory 0)))", start, call}),
                 R"(it imports the memory "wasm_grpc_1.memory", which this host does not offer)");
  expect_refused(module_of({memory, "(memory 1)", start, call}), "not a module this host can run");
  expect_refused(module_of({R"((memory (export "memory") 1 2 shared))", start, call}),
                 "not a module this host can run");
  expect_refused(module_of({R"((memory (export "memory") i64 1))", start, call}), "not a module this host can run");
  expect_refused(module_of({R"((memory (export "memory") 1 (pagesize 1)))", start, call}), "not a");
  expect_refused(module_of({R"((memory (export "memory") 2 1))", start, call}), "not a module this host can run");
  expect_refused(module_of({R"((memory (export "memory") 65537))", start, call}), "not a module this host can run");
  expect_refused(module_of({R"((memory (export "memory") 65536))", start, call}), "not a module this host can run");
}

TEST(Tables, BeyondTheLimitAreRefused) {
  expect_refused(module_of({memory, "(table 20001 funcref)", start, call}), "not a module this host can run");
  expect_refused(module_of({memory, "(table 0xffffffff funcref)", start, call}), "not a module this host can run");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "(table 1 funcref)";
  expect_refused(module_of({memory, many, start, call}), "not a module this host can run");
}

TEST(Imports, OfThingsThatAreNotOfferedAreNamed) {
  expect_refused(module_of({R"((import "wasm_grpc_1" "fly" (func)))", memory, start, call}),
                 R"(it imports the function "wasm_grpc_1.fly")");
  expect_refused(module_of({R"((import "wasm_grpc_2" "recv" (func)))", memory, start, call}), "wasm_grpc_2.recv");
  expect_refused(module_of({R"((import "" "" (func)))", memory, start, call}), R"(it imports the function ".")");
  expect_refused(module_of({R"((import "wasm_grpc_1" "recv" (global i32)))", memory, start, call}), "recv");
  expect_refused(module_of({R"((import "wasm_grpc_1" "recv" (table 1 funcref)))", memory, start, call}), "recv");
  expect_refused(module_of({R"((import "wasm_grpc_1" "recv" (memory 1)) (export "memory" (memory 0)))", start, call}),
                 "recv");
  expect_refused(module_of({R"((import "wasm_grpc_1" "recv" (tag)))", memory, start, call}), "");
  expect_refused(
      module_of({R"((import "wasm_grpc_1" "recv" (func (param i64 i64 i64) (result f64))))", memory, start, call}),
      "recv");
}

TEST(Names, ThatAreHugeOrNotPrintableDoNotReachTheLog) {
  const std::string huge(90'000, 'n');
  const std::string_view control = R"(a\n2026-01-01 error host: all is lost\1b[31m\07)";
  expect_refused(module_of({"(import \"env\" \"" + huge + "\" (func))", memory, start, call}), "env.nnnn");
  expect_refused(module_of({"(import \"" + huge + "\" \"f\" (func))", memory, start, call}), "nnnn");
  expect_refused(module_of({"(import \"env\" \"" + std::string(control) + "\" (func))", memory, start, call}),
                 R"(a\x0a2026)");
  // Names the engine complains of.
  for (const std::string& name : {huge, std::string(control)}) {
    const std::string exported = "(func (export \"" + name + "\"))";
    expect_refused(module_of({memory, exported, exported, start, call}), "duplicate export name");
  }
}

TEST(Names, OfFunctionsInABacktraceAreMadePrintableAndCut) {
  const std::string named =
      R"((func $boom (@name "boom\n2026-01-01 error host: all is lost\1b[31m") (unreachable)) (start $boom))";
  expect_refused(module_of({memory, start, call, named}), R"(boom\x0a2026)");
  const std::string huge = "(func $boom (@name \"" + std::string(1 << 20, 'n') + "\") (unreachable)) (start $boom)";
  expect_refused(module_of({memory, start, call, huge}), "nnnn");
  const std::string_view liar =
      R"((func $boom (@name "x\nCaused by:\n    0: all is well") (unreachable)) (start $boom))";
  expect_refused(module_of({memory, start, call, liar}), "its start failed: wasm trap: wasm `unreachable` instruction");
}

}  // namespace
}  // namespace wasm_grpc::hostile
