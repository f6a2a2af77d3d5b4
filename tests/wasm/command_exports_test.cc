// Modules whose linker took them for commands: each exported function runs the constructors.
#include <gtest/gtest.h>

#include "support.h"

namespace wasm_grpc::wasm::test {
namespace {

bool found_in(std::string_view body) {
  static const Engine engine = make_engine();
  return expect_value(compile(engine, "(module " + std::string(body) + ")"))->has_command_exports();
}

/// What wasm-ld makes of `start` and `call`.
constexpr std::string_view functions =
    "(func $ctors) (func $dtors) (func $start) (func $call (param i32 i32) (result i32) (i32.const 0))";
constexpr std::string_view wrapped_start = R"((func (export "start") (call $ctors) (call $start) (call $dtors)))";
constexpr std::string_view wrapped_call = R"((func (export "call") (param i32 i32) (result i32)
    (call $ctors) (call $call (local.get 0) (local.get 1)) (call $dtors)))";

std::string module_of(std::initializer_list<std::string_view> parts) {
  std::string out(functions);
  for (const std::string_view part : parts) out += part;
  return out;
}

TEST(CommandExports, AreKnownByTheNamesOfTheLinker) {
  EXPECT_TRUE(found_in(R"((func $f (@name "call.command_export") (export "call") (nop)))"));
  EXPECT_FALSE(found_in(R"((func $f (@name "call.command_export") (nop)) (func (export "call")))"))
      << "it is not exported";
  EXPECT_FALSE(found_in(R"((func $f (@name "command_export") (export "call") (nop)))"));
}

TEST(CommandExports, AreKnownByTheirFormInAModuleWithoutNames) {
  EXPECT_TRUE(found_in(module_of({wrapped_start, wrapped_call})));
  EXPECT_TRUE(
      found_in(R"((import "m" "f" (func)) (memory (export "memory") 1))" + module_of({wrapped_start, wrapped_call})))
      << "beside imports and other exports";
  EXPECT_TRUE(found_in(module_of({wrapped_start, R"((func (export "call") (call $ctors) (call $start)))"})))
      << "no destructors";
}

TEST(CommandExports, AreKnownAfterAnOptimizerHasPutTheFunctionsIntoThem) {
  EXPECT_TRUE(found_in(module_of({R"((func (export "start") (call $ctors) (nop)))",
                                  R"((func (export "call") (param i32 i32) (result i32) (local i32 v128 funcref)
                                     (call $ctors) (local.tee 2 (local.get 1))))"})));
}

TEST(CommandExports, AreNotSeenInOtherModules) {
  EXPECT_FALSE(found_in(""));
  EXPECT_FALSE(found_in(functions));
  EXPECT_FALSE(found_in(module_of({wrapped_start}))) << "one function tells nothing";
  EXPECT_FALSE(found_in(module_of({wrapped_start, R"((func (export "other") (nop)))"}))) << "all of them are wrapped";
  EXPECT_FALSE(found_in(module_of({wrapped_start, R"((func (export "other") (nop) (call $ctors)))"})));
  EXPECT_FALSE(found_in(module_of({wrapped_start, R"((func (export "other") (call $dtors) (call $start)))"})))
      << "they call the same function first";
  EXPECT_FALSE(found_in(R"((func $context (result i32) (i32.const 1)) (func (export "a") (drop (call $context)))
      (func (export "b") (drop (call $context))))"))
      << "constructors return nothing";
  EXPECT_FALSE(found_in(R"((import "m" "enter" (func $enter)) (func $f) (func (export "a") (call $enter) (call $f))
      (func (export "b") (call $enter) (call $f)))"))
      << "constructors are the module's own";
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
